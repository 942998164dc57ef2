/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_BASE_PRINTABLE_H
#define PINFOLD_BASE_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The gate for text from outside.  Copies len bytes into out as printable
 * ASCII: every other byte, the backslash and the double quote become \xHH, so
 * the original can be told from the result and no terminal, log, shell quoting
 * or page can be led astray.  Always NUL-terminated; cut at a whole escape.
 * Returns false when the text was cut.
 */
bool printable(char *out, size_t size, const void *bytes, size_t len);

/* True if the string is already what printable() would make of it. */
bool is_printable(const char *text);

#endif
