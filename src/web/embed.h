/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_WEB_EMBED_H
#define PINFOLD_WEB_EMBED_H

#include <stddef.h>

/* Files that the build put into the program (web/embed.c); each ends in a NUL that is not counted. */
#define EMBEDDED_LIST(X)                                                                           \
	X(doh_resolvers)                                                                           \
	X(icon_svg)                                                                                \
	X(page_css)                                                                                \
	X(page_js)                                                                                 \
	X(passkey_js)                                                                              \
	X(schemas)                                                                                 \
	X(penned_html)

#define X(name)                                                                                    \
	extern const unsigned char embedded_##name[];                                              \
	extern const size_t embedded_##name##_len;
EMBEDDED_LIST(X)
#undef X

#endif
