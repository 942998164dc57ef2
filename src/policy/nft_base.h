/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_POLICY_NFT_BASE_H
#define PINFOLD_POLICY_NFT_BASE_H

#include <stddef.h>
#include <stdint.h>

#include "base/settings.h"
#include "policy/nft_element.h"

/*
 * The rules that never change while Pinfold runs: `table bridge pinfold` says
 * which frames are whose, `table inet pinfold` what may pass.  A constant text
 * with a few parameters, all of them numbers, addresses or interface names
 * that were checked here.
 *
 * Pure.  The text carries its own digest as the comment of both tables; tables
 * with the same comment are adopted, others replaced.
 */
enum { NFT_BASE_COMMENT_MAX = 64 };

struct nft_base {
	char *text; /* owned; nft_base_fini() */
	size_t len;
	char comment[NFT_BASE_COMMENT_MAX];
};

/* gateway_mac: the address of the bridge.  ERR_INVALID when a setting is none that may stand in a
 * rule. */
enum err nft_base_render(struct nft_base *, const struct settings *,
	const uint8_t gateway_mac[static 6], struct fault *why) MUST_USE;
void nft_base_fini(struct nft_base *);

/* FNV-1a, from NFT_BASE_DIGEST on: tells versions apart, protects nothing. */
#define NFT_BASE_DIGEST UINT64_C(0xcbf29ce484222325)
uint64_t nft_base_digest(uint64_t digest, const void *bytes, size_t len);

/* Letters, digits, ".", "_", "-": what may stand between quotes in a rule. */
bool nft_interface_is_safe(const char *name);

/*
 * The same lists that the text holds, for judging a running flow in C: ports
 * that administer machines (not for observed devices), resolvers that are
 * reached by https.
 */
bool nft_port_administers(uint8_t proto, uint16_t port);
bool nft_is_encrypted_dns(const struct ip *, uint8_t proto, uint16_t port);

#endif
