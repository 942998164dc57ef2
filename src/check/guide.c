/* SPDX-License-Identifier: Apache-2.0 */
#include "check/guide.h"

#include <string.h>

#include "base/auto.h"

enum { STEPS_MAX = 5 };

static const struct guide {
	const char *check;
	const char *step[STEPS_MAX + 1];
} guides[] = {
	{"telnet-login", {"Where the device has a page or an app, look there for a switch called "
			  "telnet, remote "
			  "access or developer, and switch it off. That is the best mend.",
				 "Where it has none: log in (telnet {a} {p}) and type: passwd",
				 "Choose a password that is used nowhere else, of 12 characters or "
				 "more, and "
				 "write it down."}},
	{"ssh-login", {"Log in (ssh -p {p} USER@{a}) and type: passwd",
			      "Choose a password that is used nowhere else, of 12 characters or "
			      "more, and "
			      "write it down.",
			      "Where nobody needs it, switch SSH off in the device's settings."}},
	{"http-login",
		{"Open the device's page in a browser: http://{a}:{p}/",
			"Log in, and look for System, Administration or User; there is the "
			"password.",
			"Choose one that is used nowhere else, of 12 characters or more, and write "
			"it down.",
			"Log out and in again: the old password must be refused."}},
	{"ftp-login", {"In the device's settings look for FTP or file sharing: switch it off where "
		       "nobody "
		       "needs it.",
			      "Else change the password of its user there."}},
	{"rtsp-login", {"In the camera's settings look for RTSP, ONVIF or stream; it may have a "
			"user of its "
			"own.",
			       "Change that user's password, or switch the stream off."}},
	{"snmp-public",
		{"In the device's settings look for SNMP: switch it off.",
			"Where it is needed: version 3, or a community that nobody guesses."}},
	{"mqtt-open", {"In the settings of the broker at {a}:{p} switch anonymous access off, and "
		       "give each "
		       "device a user.",
			      "Where it is there by accident, switch it off."}},
	{"debug-ports", {"In the device's settings look for developer options, debugging or ADB, "
			 "and switch "
			 "them off.",
				"Where there is no such setting only the maker can mend it; the "
				"gateway keeps "
				"port {p} closed."}},
};

const char *const *
guide_steps(const char *check)
{
	for (size_t i = 0; i < COUNT_OF(guides); i++)
		if (!strcmp(guides[i].check, check))
			return guides[i].step;
	return NULL;
}
