/* SPDX-License-Identifier: Apache-2.0 */
#include "label/qr.h"

#include <errno.h>
#include <qrencode.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"

enum { QUIET = 4 }; /* modules of white */

bool
qr_make(struct qr *qr, const char *text, struct fault *why)
{
	/* Letters of Base45 are packed tighter than the URL before them: the library splits. */
	QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1);

	if (!code) {
		fault_set(
			why, errno == ERANGE ? ERR_FULL : ERR_SYSTEM, "no QR code holds this text");
		return false;
	}
	qr->width = code->width;
	size_t n = (size_t)code->width * (size_t)code->width;
	qr->module = must_alloc(n, 1);
	for (size_t i = 0; i < n; i++)
		qr->module[i] = code->data[i] & 1;
	QRcode_free(code);
	return true;
}

void
qr_free(struct qr *qr)
{
	free(qr->module);
	*qr = (struct qr){0};
}

static bool
is_dark(const struct qr *qr, int x, int y)
{
	return x >= 0 && y >= 0 && x < qr->width && y < qr->width && qr->module[y * qr->width + x];
}

void
qr_svg_path(const struct qr *qr, FILE *out)
{
	fputs("<path fill=\"#000\" d=\"", out);
	for (int y = 0; y < qr->width; y++)
		for (int x = 0; x < qr->width; x++) {
			int from = x;
			while (is_dark(qr, x, y))
				x++;
			if (x > from)
				fprintf(out, "M%d %dh%dv1h-%dz", from, y, x - from, x - from);
		}
	fputs("\"/>", out);
}

void
qr_svg(const struct qr *qr, FILE *out)
{
	int side = qr->width + 2 * QUIET;

	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-%d -%d %d %d\" "
		"width=\"%d\" height=\"%d\" role=\"img\" aria-label=\"QR code of the label\" "
		"shape-rendering=\"crispEdges\"><rect x=\"-%d\" y=\"-%d\" width=\"%d\" "
		"height=\"%d\" fill=\"#fff\"/>",
		QUIET, QUIET, side, side, side * 4, side * 4, QUIET, QUIET, side, side);
	qr_svg_path(qr, out);
	fputs("</svg>\n", out);
}
