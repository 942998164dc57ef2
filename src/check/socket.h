/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_CHECK_SOCKET_H
#define PINFOLD_CHECK_SOCKET_H

#include <stdint.h>

#include "base/ip.h"

/*
 * Sockets towards a device: never blocking, closed at exec.  Each gives 0 or
 * errno; socket_tcp() gives EINPROGRESS while it connects.  *fd is the caller's
 * to close, whatever is given; -1 where none was made.
 */
int socket_tcp(const struct ip *, uint16_t port, int *fd);
/*
 * Asks a socket of TCP on: EALREADY while nothing came, 0 where it is connected; any
 * other error is what came, and the socket is then as new and may be asked again.
 */
int socket_ask(int fd, const struct ip *, uint16_t port);
int socket_udp(const struct ip *, uint16_t port, int *fd); /* connected: refusals are heard */
/* A raw socket from now on speaks with this address alone; *from is ours towards it. */
int socket_aim(int fd, const struct ip *, struct ip *from);
/* Keeps a port of ours, at which nobody answers; -1 where it is taken. */
int socket_reserve(const struct ip *ours, uint16_t port);
int socket_echo(const struct ip *, int *fd); /* ICMP echo, where we may */
/* 0 when it stands; ETIMEDOUT after ms. */
int socket_wait_connected(int fd, uint32_t ms);
int socket_error(int fd); /* what the connection came to */
/*
 * Small lines go to and fro as they are said: ours before the last one was acknowledged,
 * and theirs are acknowledged at once, for whose system waits for that (40 ms a line).
 * Anew before each wait; the kernel forgets the second.
 */
void socket_hurry(int fd);

#endif
