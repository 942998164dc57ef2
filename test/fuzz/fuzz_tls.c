/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "packet/tls.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tls_hello hello;
	struct tls_server server;

	if (tls_server_parse(&server, reader_over(data, size))) {
		assert(tls_is_server_hello(reader_over(data, size)));
		expect_within(server.certificate, data, size);
	}
	if (!tls_hello_parse(&hello, reader_over(data, size)))
		return 0;
	assert(tls_is_hello(reader_over(data, size)));
	assert(hello.cipher_count <= TLS_CIPHERS_MAX);
	assert(hello.extension_count <= TLS_EXTENSIONS_MAX);
	assert(hello.group_count <= TLS_GROUPS_MAX);
	assert(hello.format_count <= TLS_FORMATS_MAX);
	assert(hello.signature_count <= TLS_SIGNATURES_MAX);
	assert(hello.version_count <= TLS_VERSIONS_MAX);
	assert(hello.alpn_count <= TLS_ALPN_MAX);
	expect_within(hello.claimed_server_name, data, size);
	for (unsigned i = 0; i < hello.alpn_count; i++)
		expect_within(hello.alpn[i], data, size);
	return 0;
}
