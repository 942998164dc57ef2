/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_BASE_HEX_H
#define PINFOLD_BASE_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Two digits a byte, lower case, and the NUL: out has room for 2 len + 1. */
void hex_text(const void *bytes, size_t len, char *out);

/* len bytes from exactly 2 len digits, lower case. */
bool hex_parse(uint8_t *out, size_t len, const char *text);

#endif
