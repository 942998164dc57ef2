/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_LAB_NEED_H
#define PINFOLD_LAB_NEED_H

/*
 * Try each flow of a "needs" file, all at once, and print one line for each
 * and family: "ok 4 LINE" or "broken 6 LINE: reason".
 *
 * A line is: protocol target port proof families
 *	tcp   NAME | device:NAME   PORT   tls | http | mqtt | mqtts | send | say:TEXT=ANSWER
 *	udp   NAME                 123    ntp
 *	dns   NAME                 53     answer
 *	mdns  SERVICE              5353   answer
 *	ssdp  SEARCH TARGET        1900   answer
 *
 * Returns the number of broken flows, or -1 when the file cannot be read or
 * understood.
 */
int need_check_all(const char *facts, const char *path);

#endif
