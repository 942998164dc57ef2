/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_SCENARIO_STAGE_H
#define PINFOLD_SCENARIO_STAGE_H

#include <sys/types.h>

#include "message/channel.h"

/*
 * One real process of ours, confined, among others that a test plays: it is the
 * monitor that starts it, and the peers that talk to it.
 */
struct stage {
	enum process actor;
	pid_t pid;
	struct channel *monitor;
	bool is_ready;
	channel_on_message *on_message; /* of the peers */
};

/* Executes path as the actor and hands it the settings. */
void stage_start(struct stage *, enum process actor, const char *path, const struct settings *,
	channel_on_message *);
/* Gives the actor a descriptor, closing ours. */
void stage_give(struct stage *, enum descriptor, int fd);
/* A channel that the actor has with this peer; ours to free. */
struct channel *stage_peer(struct stage *, enum process peer);
/* The same with a peer that somebody else plays: the actor's end, closed here. */
void stage_give_peer(struct stage *, enum process peer, int fd);
/* A channel between two that we started. */
void stage_join(struct stage *, struct stage *other);
/* The socket at this path on which the engine hears its console. */
void stage_give_console(struct stage *engine, const char *path);
/* What the engine answers there, whoever asks is the owner.  Gives; NULL: nothing within 4 s. */
char *stage_console(const char *path, const char *question);
/* GO, and waits until it says that it is ready. */
void stage_go(struct stage *);
/* True while it runs. */
bool stage_runs(const struct stage *);
void stage_stop(struct stage *);

/* Runs the loop for so long. */
void stage_pump(int ms);

/* A router with the LAN 192.168.77.1/24, fd77::1/64; its folders are `folder`. */
struct settings stage_home(const char *folder);

/* A socket bound to this address; v4 or v6 text. */
int stage_socket(const char *address, uint16_t port, int type);

#endif
