/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of apps, for people: what is kept of a phone, and for how long. */
#include <string.h>

#include "ctl/ctl.h"

void
show_app_test(const json_t *app)
{
	if (!json_is_object(app))
		return;
	printf("%-14s %s, until %s (%lld s left), run %lld\n", "APP TEST", text(app, "what"),
		when(app, "until"), number(app, "seconds_left"), number(app, "run"));
	if (json_is_true(json_object_get(app, "all")))
		printf("%-14s EVERYTHING that it sends until then, to whomever\n", "kept");
	else
		printf("%-14s what it sends to %s; nothing else of it\n", "kept",
			text(app, "scope"));
}

void
show_phone_begun(const json_t *run, const struct options *options)
{
	show_audit_begun(run, options);
	if (!options->quiet)
		show_app_test(json_object_get(run, "app_test"));
}
