/* SPDX-License-Identifier: Apache-2.0 */
#include "observation/pcap_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/printable.h"
#include "packet/reader.h"

enum {
	FILE_HEAD = 24,
	FRAME_HEAD = 16,
	FRAME_MAX = 256 * 1024, /* as libpcap */
	WINDOW = 8 * 1024 * 1024,
	STREAM_BUFFER = 256 * 1024,
};

#define MAGIC_MICROSECONDS UINT32_C(0xa1b2c3d4)
#define MAGIC_NANOSECONDS  UINT32_C(0xa1b23c4d)

struct pcap_file {
	/* the classic format, mapped */
	int fd;
	off_t size, offset; /* of the window in the file */
	uint8_t *window;
	size_t window_len, at;
	bool is_big_endian, is_microseconds;
	int link_type;
	/* everything else */
	pcap_t *pcap;

	bool is_broken;
};

static void
unmap(struct pcap_file *file)
{
	if (file->window)
		munmap(file->window, file->window_len);
	file->window = NULL;
}

/* Maps the piece of the file that begins at or shortly before `offset`. */
static bool
map(struct pcap_file *file, off_t offset)
{
	off_t start = offset - offset % sysconf(_SC_PAGESIZE);
	off_t left = file->size - start;
	void *at;

	unmap(file);
	file->window_len = left < WINDOW ? (size_t)left : WINDOW;
	at = mmap(NULL, file->window_len, PROT_READ, MAP_PRIVATE, file->fd, start);
	if (at == MAP_FAILED)
		return false;
	madvise(at, file->window_len, MADV_SEQUENTIAL);
	file->window = at;
	file->offset = start;
	file->at = (size_t)(offset - start);
	return true;
}

/* The next len bytes, moving the window when it ends before them; NULL at the end of the file. */
static const uint8_t *
take(struct pcap_file *file, size_t len)
{
	const uint8_t *bytes;

	if (len > file->window_len - file->at) {
		off_t here = file->offset + (off_t)file->at;
		if ((off_t)len > file->size - here || !map(file, here))
			return NULL;
	}
	bytes = file->window + file->at;
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
	struct stat stat;
	struct reader r;
	const uint8_t *head;
	uint32_t magic, link_type;

	if (fstat(file->fd, &stat) || !S_ISREG(stat.st_mode) || stat.st_size < FILE_HEAD)
		return false;
	file->size = stat.st_size;
	if (!map(file, 0) || !(head = take(file, FILE_HEAD)))
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
	int copy = dup(file->fd);
	FILE *stream = copy >= 0 ? fdopen(copy, "rb") : NULL;

	if (!stream) {
		snprintf(why, 256, "the file cannot be read");
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
	if (open_classic(file))
		return file;
	unmap(file);
	file->window_len = file->at = 0;
	if (open_other(file, why))
		return file;
	free(file);
	return NULL;
}

void
pcap_file_free(struct pcap_file *file)
{
	if (!file)
		return;
	unmap(file);
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
	if (file->offset + (off_t)file->at == file->size)
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
