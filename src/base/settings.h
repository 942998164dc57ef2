/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_BASE_SETTINGS_H
#define PINFOLD_BASE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"

/*
 * What the owner wrote in pinfold.conf, as one fixed struct that the monitor
 * reads once and hands to each process as its first message.
 *
 * The file is lines of "key = value"; "#" starts a comment; drop-ins
 * ("conf.d/" beside the file, *.conf, in order of name) are read after it.  A
 * key that may be said several times is marked with *.  settings_read() says
 * file, line, word and reason of the first thing it does not understand, and
 * then nothing of the file applies.
 *
 *	mode = router | sensor
 *	lan-bridge = br-lan            the bridge that Pinfold makes and owns
 *	lan-port = eth1              * a port of the bridge (sensor: what it listens to)
 *	lan-address = 192.168.77.1/24
 *	lan-prefix = fd77::1/64        our own address in it; advertised off-link
 *	uplink = eth0
 *	uplink-mode = dhcp | static | none      none: somebody else configures it
 *	uplink-address = 198.18.0.2/30
 *	uplink-gateway = 198.18.0.1
 *	uplink-address6 = 2001:db8:ffff::2/64
 *	uplink-gateway6 = 2001:db8:ffff::1
 *	dns-forward = 198.18.0.53    * whom our resolver asks; none: those that the uplink
 *	                               learned by DHCP, or the root servers
 *	containment = act | report     report: say what would be done, do nothing
 *	join-window = 0                minutes after start in which new devices are admitted
 *	packet-cap = 4000              packets a second that one device may send
 *	flow-cap = 50                  new flows a second that one device may open
 *	state-directory = /var/lib/pinfold
 *	run-directory = /run/pinfold
 *	uid-base = 64500               process n runs as uid and gid base + n
 *	web-listen = 127.0.0.1:8480
 *	metrics = off | token | lan    /metrics: not at all, with a token, for the LAN
 *	web-name = NAME                the pages are also asked for by this name (a proxy's, or
 *	                               that of web-certificate)
 *	web-certificate = FILE         TLS for the pages: the certificate and its chain (PEM)
 *	web-key = FILE                 its key (PEM), root's, and readable by root alone
 *	web-tls-listen = 192.168.77.1:8443   default port 8443 of lan-address (sensor: of the
 *	                               address of web-listen)
 *	events-to = off | file | socket   events for other programs (process/engine_eve.h)
 *	events-socket = FILE           a datagram socket, with "socket"
 *	events-as = json | syslog
 *	community-id-seed = 0          as other programs of the site have it
 *	mud-ca = FILE                  trust anchors for MUD signatures (PEM)
 *	web-ca = FILE                  trust anchors for https; default the system's
 *	debug = yes | no
 */
enum settings_mode { SETTINGS_MODE_UNKNOWN, SETTINGS_ROUTER, SETTINGS_SENSOR };
enum settings_uplink {
	SETTINGS_UPLINK_UNKNOWN,
	SETTINGS_UPLINK_DHCP,
	SETTINGS_UPLINK_STATIC,
	SETTINGS_UPLINK_NONE,
};

enum settings_events { SETTINGS_EVENTS_OFF, SETTINGS_EVENTS_FILE, SETTINGS_EVENTS_SOCKET };
enum settings_metrics { SETTINGS_METRICS_OFF, SETTINGS_METRICS_TOKEN, SETTINGS_METRICS_LAN };

enum {
	SETTINGS_NAME_MAX = 16, /* as IFNAMSIZ */
	SETTINGS_PORTS_MAX = 128,
	SETTINGS_FORWARDS_MAX = 4,
	SETTINGS_PATH_MAX = 200,
};

struct settings {
	enum settings_mode mode;
	char bridge[SETTINGS_NAME_MAX];
	uint32_t n_ports;
	char port[SETTINGS_PORTS_MAX][SETTINGS_NAME_MAX];
	struct ip_prefix lan4, lan6; /* our address and the network's length */
	char uplink[SETTINGS_NAME_MAX];
	enum settings_uplink uplink_mode;
	struct ip_prefix uplink4, uplink6;
	struct ip gateway4, gateway6;
	uint32_t n_forwards;
	struct ip forward[SETTINGS_FORWARDS_MAX];
	bool containment_acts;
	bool debug;
	uint32_t join_window_minutes;
	uint32_t packet_cap, flow_cap;
	uint32_t uid_base;
	char state_directory[SETTINGS_PATH_MAX], run_directory[SETTINGS_PATH_MAX];
	struct ip web_address;
	uint16_t web_port;
	char web_name[64];
	char web_certificate[SETTINGS_PATH_MAX], web_key[SETTINGS_PATH_MAX]; /* "": no TLS */
	struct ip web_tls_address; /* version 0 without TLS */
	uint16_t web_tls_port;
	enum settings_metrics metrics;
	enum settings_events events_to;
	bool events_as_syslog;
	uint32_t events_seed;
	char events_socket[SETTINGS_PATH_MAX];
	char mud_ca[SETTINGS_PATH_MAX], web_ca[SETTINGS_PATH_MAX];
};

/* All defaults, as if the file were empty. */
void settings_init(struct settings *);

/* Read file and drop-ins; on failure *settings is untouched and *why says where and what. */
enum err settings_read(struct settings *, const char *path, struct fault *why) MUST_USE;

/* What settings_read() checks about the whole; the processes repeat it on what they are handed. */
bool settings_is_valid(const struct settings *, struct fault *why);

#endif
