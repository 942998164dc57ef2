/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_OBSERVATION_PCAP_FILE_H
#define PINFOLD_OBSERVATION_PCAP_FILE_H

#include <pcap/pcap.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The frames of a capture file that somebody hands us.
 *
 * The classic format, which nearly every file has, is read here: libpcap takes
 * two calls and two copies a frame, longer than it takes to decode it (measured).
 * Everything else (pcapng) goes through libpcap, and must be a file that can be
 * read from its start again.  Nothing in it is believed: lengths are checked
 * against what is there, and a file that ends in the middle of a frame says so.
 */
struct pcap_file;

/* Borrows fd, which must stay open.  NULL when it is no capture; why: 256 bytes, printable. */
struct pcap_file *pcap_file_new(int fd, char why[static 256]);
void pcap_file_free(struct pcap_file *);

int pcap_file_link_type(const struct pcap_file *); /* DLT_... */

/*
 * The next frame, borrowed until the next call; tv_usec holds nanoseconds.
 * False at the end, and when the file is broken from here on.
 */
bool pcap_file_next(struct pcap_file *, struct pcap_pkthdr *, const uint8_t **frame);
bool pcap_file_is_broken(const struct pcap_file *);

#endif
