/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_LABEL_QR_H
#define PINFOLD_LABEL_QR_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

/* A QR code (ISO/IEC 18004) of ASCII text, level M: a seventh of it may be damaged. */
struct qr {
	int width;       /* modules a side, without the white around them */
	uint8_t *module; /* 1: dark */
};
bool qr_make(struct qr *, const char *text, struct fault *why);
void qr_free(struct qr *);

/* One path of unit squares, at 0,0 of whatever it stands in. */
void qr_svg_path(const struct qr *, FILE *);
/* A picture of its own, with the white around it that readers need. */
void qr_svg(const struct qr *, FILE *);

#endif
