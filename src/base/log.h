/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_BASE_LOG_H
#define PINFOLD_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

/*
 * One line to standard error: "<level>process[subject]: text".  The subject is
 * a module or a device ("device 7").  Without x, the text of errno is added.
 * errno is preserved.  Text from the network must have gone through
 * printable() first; as a second line of defence control bytes are replaced
 * here as well.
 */
void log_warn(const char *subject, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_warnx(const char *subject, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_info(const char *subject, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_debug(const char *subject, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
_Noreturn void fatal(const char *subject, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
_Noreturn void fatalx(const char *subject, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Name put in front of every line; borrowed, must live for ever. */
void log_init(const char *process, bool debug);

/* Replace the sink (fuzzers and tests are silent); NULL restores stderr. */
void log_set_sink(void (*sink)(const char *line));

/*
 * "Said once": true the first time, and again only after the trouble was
 * reported over by log_once_over().  Gives "disk full" one line, not a million.
 */
struct log_once {
	bool said;
	uint64_t times;
};
bool log_once(struct log_once *);
bool log_once_over(struct log_once *);

#endif
