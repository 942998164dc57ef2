/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 2326: OPTIONS for everybody, DESCRIBE with a login. */
#include "target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const servers[] = {"Server: Rtsp Server/2.0\r\n",
	"Server: Hipcam RealServer/V1.0\r\n", "", "Server: GStreamer RTSP server\r\n"};
static const char *const paths[] = {"/11", "/live/ch00_0", "/Streaming/Channels/101", "/h264", "/"};

static void
describe(struct conn *conn, const char *url, unsigned sequence)
{
	const struct variant *variant = conn_variant(conn);
	static const char sdp[] = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=camera\r\nt=0 0\r\n"
				  "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n";
	const char *host = strncmp(url, "rtsp://", 7) ? url : url + 7;
	const char *path = strchr(host, '/');

	/* Most take any path; some have only one. */
	if (variant_pick(variant, "any path", 3) == 0 &&
		strcmp(path ? path : "/", VARIANT_ONE_OF(variant, "path", paths)) != 0)
		conn_say(conn, "RTSP/1.0 404 Stream Not Found\r\nCSeq: %u\r\n\r\n", sequence);
	else
		conn_say(conn,
			"RTSP/1.0 200 OK\r\nCSeq: %u\r\nContent-Type: "
			"application/sdp\r\nContent-Length: %zu\r\n\r\n%s",
			sequence, sizeof sdp - 1, sdp);
}

void
serve_rtsp(struct conn *conn)
{
	const struct variant *variant = conn_variant(conn);
	bool is_digest = variant_pick(variant, "digest", 2);
	char line[1024], method[16], url[256], authorization[768], challenge[256];

	authorization_challenge(variant, is_digest, challenge, sizeof challenge);
	for (;;) {
		unsigned sequence = 0;

		conn_line(conn, line, sizeof line);
		if (sscanf(line, "%15s %255s RTSP/1.", method, url) != 2)
			conn_end(conn);
		authorization[0] = '\0';
		for (int i = 0; i < 64; i++) {
			conn_line(conn, line, sizeof line);
			if (!*line)
				break;
			if (!strncasecmp(line, "CSeq:", 5))
				sequence = (unsigned)strtoul(line + 5, NULL, 10);
			if (!strncasecmp(line, "Authorization: ", 15))
				snprintf(authorization, sizeof authorization, "%.700s", line + 15);
		}
		if (!strcmp(method, "OPTIONS"))
			conn_say(conn,
				"RTSP/1.0 200 OK\r\nCSeq: %u\r\n%sPublic: OPTIONS, DESCRIBE, "
				"SETUP, PLAY\r\n\r\n",
				sequence, VARIANT_ONE_OF(variant, "server", servers));
		else if (strcmp(method, "DESCRIBE") != 0)
			conn_say(conn, "RTSP/1.0 405 Method Not Allowed\r\nCSeq: %u\r\n\r\n",
				sequence);
		else if (variant_has(variant, "open") ||
			 (*authorization && authorization_is_right(conn, method, authorization)))
			describe(conn, url, sequence);
		else
			conn_say(conn,
				"RTSP/1.0 401 Unauthorized\r\nCSeq: %u\r\nWWW-Authenticate: "
				"%s\r\n\r\n",
				sequence, challenge);
	}
}
