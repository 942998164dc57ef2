/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_BASE_ERR_H
#define PINFOLD_BASE_ERR_H

/*
 * Failures of the environment (disk, kernel, peer).  Hostile input is not an
 * error but a result (false, a counter, a reason); our own bugs are asserts.
 */
#define ERR_LIST(X)                                                                                \
	X(ERR_OK, "fine")                                                                          \
	X(ERR_SYSTEM, "the system refused")                                                        \
	X(ERR_FULL, "a table is full")                                                             \
	X(ERR_NOT_FOUND, "not found")                                                              \
	X(ERR_NOT_OURS, "not one of ours")                                                         \
	X(ERR_INVALID, "not valid")                                                                \
	X(ERR_DENIED, "not permitted")                                                             \
	X(ERR_STALE, "older than what is in force")                                                \
	X(ERR_CLOSED, "the other side is gone")                                                    \
	X(ERR_BUSY, "busy, try again")                                                             \
	X(ERR_KERNEL, "the kernel refused the rules")                                              \
	X(ERR_STORE, "the database refused")                                                       \
	X(ERR_UNSUPPORTED, "not supported here")                                                   \
	X(ERR_TIMEOUT, "took too long")

enum err {
#define X(code, text) code,
	ERR_LIST(X)
#undef X
		ERR_COUNT,
};

/* The text of an error; never NULL, also for a number that is none of ours. */
const char *err_text(enum err);

#define MUST_USE __attribute__((warn_unused_result))

/*
 * Why a thing was refused, for a person to read.  Lives on the caller's stack;
 * nothing is allocated on the failure path.
 */
struct fault {
	enum err code;
	char text[256];
};

/* Set code and text; long text is cut.  The text must already be printable. */
void fault_set(struct fault *, enum err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Put an intent in front: "device 7: " + what was there. */
void fault_prefix(struct fault *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
