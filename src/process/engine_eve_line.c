/* SPDX-License-Identifier: Apache-2.0 */
#include <netinet/in.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "process/engine_eve.h"

enum { DIGEST_LEN = 20 };

/* Types of ICMP that answer each other; the others go one way. */
static const struct pair {
	uint8_t proto, type, answer;
} pairs[] = {{1, 8, 0}, {1, 0, 8}, {1, 13, 14}, {1, 14, 13}, {1, 15, 16}, {1, 16, 15}, {1, 10, 9},
	{1, 9, 10}, {1, 17, 18}, {1, 18, 17}, {58, 128, 129}, {58, 129, 128}, {58, 133, 134},
	{58, 134, 133}, {58, 135, 136}, {58, 136, 135}, {58, 130, 131}, {58, 131, 130},
	{58, 139, 140}, {58, 140, 139}, {58, 144, 145}, {58, 145, 144}};

static bool
is_one_way(const struct eve_flow *flow, uint16_t *answer)
{
	if (flow->proto != IPPROTO_ICMP && flow->proto != IPPROTO_ICMPV6)
		return false;
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
		if (pairs[i].proto == flow->proto && pairs[i].type == flow->source_port) {
			*answer = pairs[i].answer;
			return false;
		}
	return true;
}

static void
put16(uint8_t *out, uint16_t value)
{
	out[0] = (uint8_t)(value >> 8);
	out[1] = (uint8_t)value;
}

static bool
digest_of(uint8_t digest[static DIGEST_LEN], const struct eve_flow *flow, uint16_t seed)
{
	size_t len = flow->source.version == 4 ? 4 : 16, at = 2;
	bool has_ports = flow->proto == IPPROTO_TCP || flow->proto == IPPROTO_UDP ||
			 flow->proto == IPPROTO_SCTP || flow->proto == IPPROTO_ICMP ||
			 flow->proto == IPPROTO_ICMPV6;
	uint16_t port[2] = {flow->source_port, flow->target_port};
	const struct ip *end[2] = {&flow->source, &flow->target};
	unsigned digest_len = DIGEST_LEN;
	uint8_t bytes[2 + 32 + 2 + 4];

	if (flow->source.version != flow->target.version || !flow->source.version)
		return false;
	bool one_way = is_one_way(flow, &port[1]);
	int order = memcmp(flow->source.byte, flow->target.byte, len);
	/* The smaller end first, so that both directions are one flow. */
	bool swap = !one_way && (order > 0 || (order == 0 && port[0] > port[1]));
	put16(bytes, seed);
	for (int i = 0; i < 2; i++, at += len)
		memcpy(bytes + at, end[i ^ swap]->byte, len);
	bytes[at++] = flow->proto;
	bytes[at++] = 0;
	for (int i = 0; has_ports && i < 2; i++, at += 2)
		put16(bytes + at, port[i ^ swap]);
	return EVP_Digest(bytes, at, digest, &digest_len, EVP_sha1(), NULL) == 1;
}

bool
community_id(char out[static COMMUNITY_ID_MAX], const struct eve_flow *flow, uint16_t seed)
{
	uint8_t digest[DIGEST_LEN];

	if (!digest_of(digest, flow, seed))
		return false;
	memcpy(out, "1:", 2);
	EVP_EncodeBlock((unsigned char *)out + 2, digest, sizeof digest);
	return true;
}

int64_t
community_number(const struct eve_flow *flow, uint16_t seed)
{
	uint8_t digest[DIGEST_LEN];
	uint64_t number = 0;

	if (!digest_of(digest, flow, seed))
		return 0;
	for (int i = 0; i < 7; i++)
		number = number << 8 | digest[i];
	return (int64_t)(number >> 3); /* 53 bits */
}

void
eve_time(char out[static 40], int64_t wall_s)
{
	time_t when = (time_t)wall_s;
	struct tm tm;

	gmtime_r(&when, &tm);
	strftime(out, 40, "%Y-%m-%dT%H:%M:%S.000000+0000", &tm);
}

bool
syslog_render(char *out, size_t size, int64_t wall_s, const char *level, const char *type,
	const char *json)
{
	enum { LOCAL0 = 16 << 3, ALERT = 1, NOTICE = 5, INFO = 6 };
	int severity = !strcmp(level, "alarm") ? ALERT : !strcmp(level, "notice") ? NOTICE : INFO;
	time_t when = (time_t)wall_s;
	char time[40], host[65] = "-";
	struct tm tm;

	gmtime_r(&when, &tm);
	strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (gethostname(host, sizeof host - 1) || !*host)
		strcpy(host, "-");
	for (char *at = host; *at; at++)
		if (*at <= ' ' || *at > '~')
			*at = '_';
	int len = snprintf(out, size, "<%d>1 %s %s pinfold %d %.32s - %s", LOCAL0 | severity, time,
		host, (int)getpid(), type, json);
	return len > 0 && (size_t)len < size;
}
