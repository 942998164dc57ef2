/* SPDX-License-Identifier: Apache-2.0 */
#include "process/web_files.h"

#include "web/embed.h"

const struct web_file web_files[] = {
	{"/page.css", "text/css; charset=utf-8", embedded_page_css, &embedded_page_css_len},
	{"/icon.svg", "image/svg+xml", embedded_icon_svg, &embedded_icon_svg_len},
	{"/page.js", "text/javascript; charset=utf-8", embedded_page_js, &embedded_page_js_len},
	{"/passkey.js", "text/javascript; charset=utf-8", embedded_passkey_js,
		&embedded_passkey_js_len},
	{NULL},
};
