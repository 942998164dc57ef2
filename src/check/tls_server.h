/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_CHECK_TLS_SERVER_H
#define PINFOLD_CHECK_TLS_SERVER_H

#include "packet/reader.h"

/* What a server says to a ClientHello (RFC 5246, RFC 8446): decoded, never believed further. */
struct tls_answer {
	uint16_t version; /* agreed; 0: none */
	uint16_t cipher;
	uint8_t alert;            /* its description, 0: none */
	struct bytes certificate; /* DER of the first; len 0 where it cannot be seen */
};

/* False when the bytes begin with no record of TLS. */
bool tls_answer_parse(struct tls_answer *, struct bytes, uint8_t *scratch, size_t scratch_size);

/* What is wrong with a cipher suite, by its number; NULL: nothing that is shown to be weak. */
const char *tls_cipher_weakness(uint16_t);

#endif
