/* SPDX-License-Identifier: Apache-2.0 */
#include "observation/pcap_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/printable.h"
#include "packet/reader.h"

enum {
	FILE_HEAD = 24,
	FRAME_HEAD = 16,
	FRAME_MAX = 256 * 1024, /* as libpcap */
	BUFFER = 512 * 1024,    /* more than a frame, and fits the second-level cache */
	STREAM_BUFFER = 256 * 1024,
};

#define MAGIC_MICROSECONDS UINT32_C(0xa1b2c3d4)
#define MAGIC_NANOSECONDS  UINT32_C(0xa1b23c4d)

struct pcap_file {
	/* the classic format */
	int fd;
	uint8_t *buffer;
	size_t at, end; /* what is read and not yet taken */
	bool is_big_endian, is_microseconds;
	int link_type;
	/* everything else */
	pcap_t *pcap;

	bool is_broken;
};

/* Reads on until len bytes are there; false when the file ends before. */
static bool
fill(struct pcap_file *file, size_t len)
{
	memmove(file->buffer, file->buffer + file->at, file->end - file->at);
	file->end -= file->at;
	file->at = 0;
	while (file->end < len) {
		ssize_t n = read(file->fd, file->buffer + file->end, BUFFER - file->end);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		file->end += (size_t)n;
	}
	return true;
}

/* The next len bytes, borrowed until the next call; NULL at the end of the file. */
static const uint8_t *
take(struct pcap_file *file, size_t len)
{
	const uint8_t *bytes;

	if (len > file->end - file->at && !fill(file, len))
		return NULL;
	bytes = file->buffer + file->at;
	file->at += len;
	return bytes;
}

static uint32_t
number(const struct pcap_file *file, struct reader *r)
{
	return file->is_big_endian ? reader_u32(r) : reader_le32(r);
}

/* pcap-savefile(5): magic, version, two words of nothing, frame limit, link type. */
static bool
open_classic(struct pcap_file *file)
{
	struct reader r;
	const uint8_t *head = take(file, FILE_HEAD);
	uint32_t magic, link_type;

	if (!head)
		return false;
	r = reader_over(head, FILE_HEAD);
	magic = reader_le32(&r);
	if (magic != MAGIC_MICROSECONDS && magic != MAGIC_NANOSECONDS) {
		magic = __builtin_bswap32(magic);
		file->is_big_endian = true;
	}
	if (magic != MAGIC_MICROSECONDS && magic != MAGIC_NANOSECONDS)
		return false;
	file->is_microseconds = magic == MAGIC_MICROSECONDS;
	reader_skip(&r, 16);
	/* The upper bits speak of checksums; and some numbers differ from libpcap's own. */
	link_type = number(file, &r) & 0x03ffffff;
	file->link_type = link_type == 101   ? DLT_RAW
			  : link_type == 228 ? DLT_IPV4
			  : link_type == 229 ? DLT_IPV6
					     : (int)link_type;
	return true;
}

static bool
open_other(struct pcap_file *file, char why[static 256])
{
	char error[PCAP_ERRBUF_SIZE] = "";
	/* What was looked at must be read again, which a pipe cannot. */
	int copy = lseek(file->fd, 0, SEEK_SET) ? -1 : dup(file->fd);
	FILE *stream = copy >= 0 ? fdopen(copy, "rb") : NULL;

	if (!stream) {
		snprintf(why, 256,
			"not a classic pcap file, and other formats cannot be read "
			"from a pipe");
		if (copy >= 0)
			close(copy);
		return false;
	}
	setvbuf(stream, NULL, _IOFBF, STREAM_BUFFER);
	file->pcap =
		pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, error);
	if (!file->pcap) {
		/* The text may quote the file. */
		printable(why, 256, error, strlen(error));
		fclose(stream);
		return false;
	}
	file->link_type = pcap_datalink(file->pcap);
	return true;
}

struct pcap_file *
pcap_file_new(int fd, char why[static 256])
{
	struct pcap_file *file = must_alloc(1, sizeof *file);

	file->fd = fd;
	file->buffer = must_alloc(1, BUFFER);
	if (open_classic(file) || open_other(file, why))
		return file;
	pcap_file_free(file);
	return NULL;
}

void
pcap_file_free(struct pcap_file *file)
{
	if (!file)
		return;
	free(file->buffer);
	if (file->pcap)
		pcap_close(file->pcap);
	free(file);
}

int
pcap_file_link_type(const struct pcap_file *file)
{
	return file->link_type;
}

bool
pcap_file_is_broken(const struct pcap_file *file)
{
	return file->is_broken;
}

static bool
next_other(struct pcap_file *file, struct pcap_pkthdr *head, const uint8_t **frame)
{
	struct pcap_pkthdr *found;
	int got = pcap_next_ex(file->pcap, &found, frame);

	if (got != 1) {
		file->is_broken = got != PCAP_ERROR_BREAK;
		return false;
	}
	*head = *found;
	return true;
}

bool
pcap_file_next(struct pcap_file *file, struct pcap_pkthdr *head, const uint8_t **frame)
{
	const uint8_t *bytes;
	struct reader r;

	if (file->pcap)
		return next_other(file, head, frame);
	if (file->is_broken)
		return false;
	/* The end is where a frame could begin and nothing is there. */
	if (file->at == file->end && !fill(file, 1))
		return false;
	bytes = take(file, FRAME_HEAD);
	if (bytes) {
		r = reader_over(bytes, FRAME_HEAD);
		head->ts.tv_sec = number(file, &r);
		head->ts.tv_usec = number(file, &r);
		if (file->is_microseconds)
			head->ts.tv_usec *= 1000;
		head->caplen = number(file, &r);
		head->len = number(file, &r);
		bytes = head->caplen <= FRAME_MAX ? take(file, head->caplen) : NULL;
	}
	*frame = bytes;
	file->is_broken = !bytes;
	/* Some writers leave the length on the wire at nothing. */
	if (bytes && head->len < head->caplen)
		head->len = head->caplen;
	return bytes;
}
