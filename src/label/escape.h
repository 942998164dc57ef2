/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_LABEL_ESCAPE_H
#define PINFOLD_LABEL_ESCAPE_H

#include <stdio.h>

/* Text into HTML and XML: markup becomes entities, what is not printable ASCII a point. */
void escape_markup(FILE *, const char *text);

#endif
