/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_CHECKER_WORKER_H
#define PINFOLD_PROCESS_CHECKER_WORKER_H

#include "message/message.h"

/*
 * One audit, in a process of its own that was forked for it and does nothing
 * else: runs the checks one after the other, each followed by its judgement,
 * and says so on `out` in messages of the checker to the engine, the last of
 * them MESSAGE_AUDIT_END.  transcript_fd is open to append, and to read where
 * the run is a resumed one; file is to read, or -1.  raw: sockets to ask many ports
 * with, by IPv4 and IPv6, or -1.  answers: how many packets a second the gateway lets the
 * device answer.  Blocks as it likes; whoever forked it may kill it.
 */
struct checker_tools {
	uint32_t answers;
	int transcript, file, raw4, raw6, out;
};
_Noreturn void checker_worker(const struct message_audit *, const struct checker_tools *);

#endif
