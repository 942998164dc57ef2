/* SPDX-License-Identifier: Apache-2.0 */
#include "check/scan_filter.h"

#include <errno.h>
#include <linux/filter.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/auto.h"
#include "packet/tcp.h"

enum { DESTINATION = 2, FLAGS = 13, HEAD_MAX = 60 + 60 };

int
scan_filter_lock(int fd, int version)
{
	/* The kernel shows the IP header of version 4 and none of version 6 (raw(7), RFC 3542). */
	struct sock_filter code[] = {
		version == 4 ? (struct sock_filter)BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0)
			     : (struct sock_filter)BPF_STMT(BPF_LDX | BPF_W | BPF_IMM, 0),
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, DESTINATION),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, SCAN_PORT_FIRST, 0, 5),
		BPF_STMT(BPF_LD | BPF_B | BPF_IND, FLAGS),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, TCP_SYN | TCP_RST | TCP_ACK | TCP_FIN),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TCP_SYN | TCP_ACK, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TCP_RST | TCP_ACK, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, HEAD_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog filter = {COUNT_OF(code), code};
	int on = 1;
	char nothing;

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) ||
		setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof on))
		return errno;
	while (recv(fd, &nothing, 0, MSG_DONTWAIT) >= 0)
		;
	return errno == EAGAIN ? 0 : errno;
}
