/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_CHECK_TABLE_H
#define PINFOLD_CHECK_TABLE_H

#include "check/check.h"
#include "check/session.h"

/*
 * The halves of each check; what is said of it is a row of table.c, which who only shows it
 * needs alone.  check/check.h says what they do.
 */
#define CHECK_HALVES(name)                                                                         \
	void name##_probe(struct session *);                                                       \
	void name##_judge(const struct transcript *, struct findings *);

CHECK_HALVES(maker_web)
CHECK_HALVES(tcp_ports)
CHECK_HALVES(udp_services)
CHECK_HALVES(telnet_login)
CHECK_HALVES(http_login)
CHECK_HALVES(ftp_login)
CHECK_HALVES(rtsp_login)
CHECK_HALVES(ssh_login)
CHECK_HALVES(mqtt_open)
CHECK_HALVES(debug_ports)
CHECK_HALVES(snmp_public)
CHECK_HALVES(coap_open)
CHECK_HALVES(tls_server)
CHECK_HALVES(unauth_http)
CHECK_HALVES(upnp_igd)
CHECK_HALVES(banners)
CHECK_HALVES(login_throttle)
CHECK_HALVES(robustness)
CHECK_HALVES(rig_certificate)
CHECK_HALVES(rig_outage)
CHECK_HALVES(rig_names)
CHECK_HALVES(rig_maker)
CHECK_HALVES(rig_link)
CHECK_HALVES(rig_backoff)
CHECK_HALVES(rig_clock)
CHECK_HALVES(reset_before)
CHECK_HALVES(reset_after)
CHECK_HALVES(papers)
CHECK_HALVES(app_manifest)

#undef CHECK_HALVES

/* Passive: judged from what the device sends by itself. */
void traffic_judge(const struct transcript *, struct findings *);
void clear_text_judge(const struct transcript *, struct findings *);
void tls_client_judge(const struct transcript *, struct findings *);
void update_channel_judge(const struct transcript *, struct findings *);
void trackers_judge(const struct transcript *, struct findings *);
void identifiers_judge(const struct transcript *, struct findings *);
void upnp_ports_judge(const struct transcript *, struct findings *);
void maker_servers_judge(const struct transcript *, struct findings *);

/* What was handed in: no packet is sent for it. */
void declaration_judge(const struct transcript *, struct findings *);

/* In the order of checks[]. */
extern const struct check_halves {
	const char *id;
	void (*probe)(struct session *); /* NULL: it is not probed */
	void (*judge)(const struct transcript *, struct findings *);
} check_halves[];
extern const size_t n_check_halves;

#endif
