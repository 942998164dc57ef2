/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_MESSAGE_MESSAGE_H
#define PINFOLD_MESSAGE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"
#include "base/settings.h"
#include "message/finding.h"
#include "message/observed.h"
#include "message/policy_entry.h"
#include "message/reason.h"

/*
 * Everything that one process may say to another.
 *
 * A message is a header and one fixed struct, sent as one SOCK_SEQPACKET
 * record; structs that end in an array are sent up to their last used row and
 * carry the count in front.  message_check() knows for each type who may send
 * it to whom, its exact length and its enumerators.  What does not fit is
 * fatal to the sender: the receiver closes the channel, the monitor notices.
 *
 * All structs are without pointers and implicit padding, in host order: both
 * ends are the same machine and the same release.
 */
enum process {
	PROCESS_UNKNOWN,
	PROCESS_MONITOR,
	PROCESS_CAPTURE,
	PROCESS_ENGINE,
	PROCESS_ENFORCER,
	PROCESS_RESOLVER,
	PROCESS_RELAY,
	PROCESS_FETCHER,
	PROCESS_WEB,
	PROCESS_DHCP,    /* dnsmasq; speaks none of this */
	PROCESS_UPLINK,  /* DHCP client of the uplink, where the settings want one */
	PROCESS_CHECKER, /* talks to devices that are tested */
	PROCESS_TELLER,  /* talks to the receivers that the owner named */
	PROCESS_CTL,     /* the command line, by the control socket */
	PROCESS_COUNT,
};
const char *process_name(enum process);

/* --- monitor to each process ------------------------------------------------------------- */

/* Descriptors that a process cannot open for itself; each travels with one MESSAGE_DESCRIPTOR. */
enum descriptor {
	DESCRIPTOR_UNKNOWN,
	DESCRIPTOR_PEER,        /* channel to process `peer`; replaces an earlier one */
	DESCRIPTOR_PACKETS,     /* capture: AF_PACKET on all interfaces, filter set and locked */
	DESCRIPTOR_DNS_UDP,     /* resolver: bound to port 53 of the LAN side (several may come) */
	DESCRIPTOR_DNS_TCP,     /* resolver: listening */
	DESCRIPTOR_CTL,         /* engine: listening control socket (SOCK_SEQPACKET) */
	DESCRIPTOR_WEB,         /* web: listening stream socket */
	DESCRIPTOR_RELAY_MDNS4, /* relay: UDP 5353 on the bridge */
	DESCRIPTOR_RELAY_MDNS6,
	DESCRIPTOR_RELAY_SSDP4, /* relay: UDP 1900 on the bridge */
	DESCRIPTOR_RELAY_SSDP6,
	DESCRIPTOR_RELAY_RAW, /* relay: AF_PACKET, to send a frame to one bridge port */
	DESCRIPTOR_REPLAY,    /* capture: an opened capture file, the command line's */
	DESCRIPTOR_STATUS, /* web: listening on the LAN's port 80, status page for penned devices */
	DESCRIPTOR_RELAY_BROADCAST, /* relay: UDP on the bridge, a port of RELAY_BROADCAST_LIST */
	DESCRIPTOR_UPLINK_PACKETS,  /* uplink: AF_PACKET on the uplink, hears DHCPv4 answers only */
	DESCRIPTOR_UPLINK_DHCP4, /* uplink: UDP 68, deaf; or the kernel would refuse the answers */
	DESCRIPTOR_UPLINK_DHCP6, /* uplink: UDP 546 on the uplink */
	/* checker: raw TCP on the bridge, hears answers to a scan and nothing else, for good */
	DESCRIPTOR_SCAN4,
	DESCRIPTOR_SCAN6,
	DESCRIPTOR_WEB_TLS,         /* web: listening stream socket for TLS */
	DESCRIPTOR_WEB_CERTIFICATE, /* web: the owner's file, opened to be read */
	DESCRIPTOR_WEB_KEY,
	DESCRIPTOR_COUNT,
};

struct message_descriptor {
	uint8_t what; /* enum descriptor */
	uint8_t peer; /* enum process, with DESCRIPTOR_PEER */
	uint8_t zero[6];
};

/* A bridge port or the uplink appeared, changed or went (monitor, from rtnetlink). */
struct message_link {
	uint32_t ifindex;
	uint8_t up, gone;
	uint8_t zero[2];
	char name[16];
	/*
	 * Uplink: its addresses towards the internet.  Bridge: address6 is ours in the
	 * prefix that was delegated to us.  Version 0: none.
	 */
	struct ip_prefix address4, address6;
};

/* --- capture to engine --------------------------------------------------------------------- */

/* struct observation in observation/observation.h is the payload; see there. */

/* --- engine to capture, and back --------------------------------------------------------------- */

/*
 * The first bytes of packets of these MACs may be remembered for a while, and of no other:
 * phones and laptops are never among them.  All of them each time, in several messages.
 */
enum { KEEP_ROWS_MAX = 2048, KEEP_MACS_MAX = 16384 };
struct message_keep {
	uint32_t n_rows;
	uint8_t is_first, is_last;
	uint8_t zero[2];
	struct keep_row {
		uint8_t mac[6];
		uint8_t zero[2];
	} row[KEEP_ROWS_MAX]; /* sent up to n_rows */
};

/* What is remembered of a device now belongs to an incident. */
enum { FREEZE_MACS_MAX = 8 };
struct message_freeze {
	int64_t incident;
	uint32_t n_macs, zero;
	struct keep_row mac[FREEZE_MACS_MAX];
};

/*
 * The answer.  Frames as they were on the wire up to len: nobody of ours reads the bytes again,
 * they go into a capture file.  Of what a rule refused the destination MAC is not known.
 */
enum { KEPT_BYTES_MAX = 128, KEPT_ROWS_MAX = 300 };
struct message_frozen {
	int64_t incident;
	uint32_t n_rows, zero;
	struct kept_packet {
		uint64_t wall_us;
		uint32_t wire_len;
		uint8_t len;         /* at most KEPT_BYTES_MAX */
		uint8_t reason;      /* enum reason; not 0: a rule refused it */
		uint8_t is_outgoing; /* to the device */
		uint8_t zero;
		uint8_t mac[6]; /* of the device */
		uint8_t zero2[2];
		char port[16];
		struct ip peer; /* the other end, where there is one */
		uint8_t zero3[4];
		uint8_t bytes[KEPT_BYTES_MAX];
	} row[KEPT_ROWS_MAX]; /* sent up to n_rows, oldest first */
};

/* --- uplink to enforcer and resolver --------------------------------------------------------- */

enum { UPLINK_NAME_SERVERS_MAX = 4, UPLINK_SECONDS_MAX = 7 * 24 * 3600 };

/*
 * What the provider gave us; all of it each time.  Seconds from now; 0: it has ended
 * and goes at once.  Version 0: not known (yet), what is there runs to its own end.
 */
struct message_uplink {
	struct ip_prefix address4;
	struct ip router4;
	struct ip address6;
	struct ip_prefix delegated; /* to hand on to the LAN; its length is 20 to 64 */
	uint32_t seconds4, seconds6, delegated_s, delegated_preferred_s;
	uint32_t n_name_servers;
	struct ip name_server[UPLINK_NAME_SERVERS_MAX];
};

/* --- engine to enforcer -------------------------------------------------------------------- */

struct message_policy {
	uint32_t device;     /* number, 1..DEVICE_NUMBER_MAX */
	uint32_t generation; /* grows with every change of this device; older is refused */
	uint32_t packet_cap; /* packets a second */
	uint32_t flow_cap;   /* new flows a second */
	uint8_t state;       /* enum device_state */
	uint8_t n_bindings;
	uint16_t n_entries;
	uint32_t zero;
	struct policy_binding binding[POLICY_BINDINGS_MAX];
	struct policy_entry entry[POLICY_ENTRIES_MAX]; /* sent up to n_entries */
};

/* The device is gone for good: all its elements, bindings and conntrack entries go. */
struct message_forget {
	uint32_t device;
	uint32_t generation;
};

/* Strangers, whom nobody let in, get no address on this port of the bridge, or may again. */
struct message_port {
	char name[16]; /* NUL-terminated and zero-filled */
	uint8_t is_closed;
	uint8_t zero[7];
};

/* Break-glass; seconds 0 ends it now. */
struct message_pause {
	uint32_t device;
	uint32_t seconds;
};

/* Answer of the enforcer to POLICY, FORGET, PORT, PAUSE, OPEN: the header's seq is that of the question. */
struct message_done {
	uint32_t device;
	uint32_t generation;
	uint32_t err;      /* enum err */
	uint32_t took_us;  /* batch sent to acknowledgement */
	uint32_t elements; /* set elements added and deleted */
};

/* --- resolver (and the engine, at restore) to enforcer ----------------------------------------- */

/* Open address in a slot that the installed policy of the device holds. */
struct message_open {
	uint32_t device;
	uint32_t generation; /* of the view it was decided by; a newer policy refuses it */
	uint16_t slot;
	uint16_t zero;
	uint32_t seconds; /* from now */
	struct ip address;
	uint32_t zero2;
};

/* --- enforcer to engine ------------------------------------------------------------------------ */

/* When did the bridge last hear these devices?  Answered with as many rows, in their order. */
enum { HEARD_ROWS_MAX = 64, HEARD_NEVER = UINT32_MAX };
struct message_heard_ask {
	uint32_t n_rows;
	uint32_t device[HEARD_ROWS_MAX];
};
struct heard_row {
	uint32_t device;
	uint32_t
		silent_ms; /* since its last frame that was let in; HEARD_NEVER: it knows of none */
};
struct message_heard {
	uint32_t n_rows;
	uint32_t zero;
	struct heard_row row[HEARD_ROWS_MAX];
};

struct counter_row {
	uint32_t device;
	uint32_t zero;
	uint64_t denied_packets; /* never sampled */
	uint64_t denied_bytes;
};
enum { COUNTER_ROWS_MAX = 1024 };
struct message_counters {
	uint32_t n_rows;
	uint32_t is_last; /* of the answer to one COUNTERS_ASK */
	struct counter_row row[COUNTER_ROWS_MAX];
};

/* What the kernel offers, what was found at start; for status, doctor and docs/KERNELS.md. */
struct message_enforcer_status {
	uint8_t adopted;  /* tables were there and were taken over */
	uint8_t links_up; /* bridge ports raised */
	uint8_t refusing; /* the kernel refuses changes; what is loaded stays */
	uint8_t zero[5];
	uint64_t kernel_has; /* bit set, enum kernel_feature in policy/kernel.h */
	uint64_t kernel_lacks;
	uint32_t elements; /* in the mirror */
	uint32_t devices;
	uint32_t mended; /* so often since it was told last, somebody else had changed our rules */
	uint32_t zero_too;
	char release[64]; /* uname -r */
};

/* --- engine to resolver ------------------------------------------------------------------------- */

enum view_mode {
	VIEW_UNKNOWN,
	VIEW_STATUS_PAGE, /* waiting, quarantine: every name is the gateway */
	VIEW_DECLARED,    /* names of the list only; the rest is answered NXDOMAIN here */
	VIEW_OPEN,        /* observe, trusted: all names, rebind filter on, DoH names refused */
	VIEW_MODE_COUNT,
};
enum { VIEW_NAMES_MAX = 192, VIEW_NAME_MAX = 256, VIEW_ADDRESSES_MAX = 24 };

struct view_name {
	uint16_t slot;
	uint8_t is_suffix; /* also every name below it (owner's rules only) */
	uint8_t zero;
	char name[VIEW_NAME_MAX]; /* lower case, no trailing dot */
};

struct message_view {
	uint32_t device;
	uint32_t generation; /* same as the policy that it was compiled with */
	uint8_t mode;        /* enum view_mode */
	uint8_t is_watched;  /* report its names to the engine (never for class personal) */
	uint8_t n_addresses;
	uint8_t is_gone; /* forget this device */
	uint32_t n_names;
	struct ip address[VIEW_ADDRESSES_MAX];
	struct view_name name[VIEW_NAMES_MAX]; /* sent up to n_names */
};

/* --- resolver to engine -------------------------------------------------------------------------- */

enum answer_kind {
	ANSWER_UNKNOWN,
	ANSWER_GIVEN,      /* addresses were opened (or need not be) and the answer left */
	ANSWER_UNDECLARED, /* a held device asked for a name it did not declare; not sent upstream */
	ANSWER_REBIND,     /* the answer pointed inside and was withheld */
	ANSWER_REFUSED,    /* the enforcer refused; SERVFAIL */
	ANSWER_FAILED,     /* upstream did not answer */
	ANSWER_LIMITED,    /* over the device's rate of questions */
	ANSWER_KIND_COUNT,
};
enum { ANSWER_ADDRESSES_MAX = 64 };

struct message_answered {
	uint32_t device;
	uint32_t generation;
	uint8_t kind; /* enum answer_kind */
	uint8_t n_addresses;
	uint16_t slot;
	uint32_t
		seconds; /* how long the addresses stay open; or the TTL where nothing was opened */
	uint16_t type;   /* DNS type asked */
	/* Undeclared questions of this device that were left out since the last one that was told,
	 * because they came faster than they are reported, and the longest label among them. */
	uint16_t suppressed, longest_label;
	uint16_t zero;
	char name[VIEW_NAME_MAX]; /* printable; as asked, lower case */
	struct ip address[ANSWER_ADDRESSES_MAX];
};

/* A process asks for the addresses of a name (fetcher): answered by LOOKED_UP with the same seq. */
struct message_lookup {
	char name[VIEW_NAME_MAX];
};
struct message_looked_up {
	uint32_t err;
	uint32_t n_addresses;
	struct ip address[ANSWER_ADDRESSES_MAX];
};

/* State of the resolver for status and doctor. */
struct message_resolver_status {
	uint8_t upstream_dead;
	uint8_t clock_unsure; /* names of time servers are not validated until it is set */
	uint8_t zero[6];
	uint64_t queries, answered, undeclared, rebinds, opened, limited, failed;
};

/* --- engine to relay -------------------------------------------------------------------------------- */

enum relay_service {
	RELAY_UNKNOWN,
	RELAY_MDNS = 1,
	RELAY_SSDP = 2,
	RELAY_BROADCAST = 4, /* the discovery ports below */
};
/* UDP ports by which apps and devices of one maker look for each other, by broadcast. */
#define RELAY_BROADCAST_LIST(X)                                                                    \
	X(6666)  /* Tuya, in clear */                                                              \
	X(6667)  /* Tuya */                                                                        \
	X(9999)  /* TP-Link Kasa */                                                                \
	X(20002) /* TP-Link Tapo */                                                                \
	X(38899) /* WiZ */                                                                         \
	X(48899) /* Magic Home */                                                                  \
	X(56700) /* LIFX */
struct relay_end {
	uint32_t device;
	char port[16];
	uint8_t mac[6];
	uint8_t zero[2];
	struct ip address4, address6; /* that the other side may open flows to */
	struct ip link6; /* link-local: where its IPv6 questions and answers come from */
};
/* `asker` may discover `answerer`: questions go one way, answers come back.  Replaces by pair. */
struct message_introduction {
	struct relay_end asker, answerer;
	uint32_t services; /* enum relay_service bits; 0 takes the introduction back */
	uint32_t zero;
};

/*
 * Ask this device by ARP whether it is there, on its port and nobody else; its answer
 * is a frame like any other.  Never sent for classes that are not probed.
 */
struct message_nudge {
	char port[16];
	uint8_t mac[6];
	uint8_t zero[2];
	struct ip address; /* of version 4 */
};

/* --- engine and fetcher ------------------------------------------------------------------------------- */

struct message_fetch {
	uint32_t id;
	uint32_t zero;
	char url[256]; /* https, checked by mud_url_from_bytes() */
};
enum signature_state {
	SIGNATURE_UNKNOWN,
	SIGNATURE_NONE,    /* no signature could be fetched */
	SIGNATURE_BAD,     /* a signature that does not fit */
	SIGNATURE_EXPIRED, /* good at signing time, chain expired since */
	SIGNATURE_GOOD,
	SIGNATURE_UNTRUSTED, /* fits, but no trust anchor vouches for the signer */
	SIGNATURE_STATE_COUNT,
};
/* Travels with a sealed memfd that holds struct mud (policy/mud.h) when err is ERR_OK. */
struct message_fetched {
	uint32_t id;
	uint32_t err;
	uint8_t signature; /* enum signature_state */
	uint8_t zero[7];
	uint8_t digest[32]; /* SHA-256 of the file as received */
	char signer[256];   /* printable subject */
	char why[256];      /* printable */
};

/* --- engine and checker ------------------------------------------------------------------------------- */

enum { AUDIT_CHECKS_MAX = 128, AUDITS_AT_ONCE = 8, AUDIT_SCOPE_MAX = 768 };

/* One run of checks on one device.  Travels with the file for its transcript, opened to append. */
struct message_audit {
	uint32_t run; /* chosen by the engine, never used twice */
	uint32_t device;
	uint8_t pace;       /* enum pace in check/check.h */
	uint8_t consent;    /* enum consent there: checks above it are not run */
	uint8_t is_stop;    /* end this run now; all else is zero, and no file */
	uint8_t is_resumed; /* the file holds what an earlier worker wrote */
	uint32_t seconds;   /* all checks together */
	/* Nothing is sent to anybody: what the file holds is judged, by the rules of today. */
	uint8_t is_judged;
	uint8_t maker_basis; /* enum maker_basis */
	uint8_t has_file;    /* MESSAGE_APP_FILE of this run came before; it needs no device */
	uint8_t zero[5];
	uint64_t checks[AUDIT_CHECKS_MAX / 64]; /* bit set of places in the table of checks */
	struct ip address4, address6;           /* version 0: none */
	char model_hint[64];                    /* printable; what the device calls itself */
	char maker_url[256]; /* of its maker's site, https; empty: nobody knows one */
	/* Of an app's test on somebody's phone: the servers that it is about; else empty. */
	char scope[AUDIT_SCOPE_MAX];
};

/* Travels with a file that the owner gave, open to read: the package of an app. */
struct message_app_file {
	uint32_t run;
	uint32_t zero;
};

/* Who says whose device it is. */
enum maker_basis {
	MAKER_UNKNOWN,
	MAKER_CLAIMED,  /* the device itself, by its MUD URL */
	MAKER_SIGNED,   /* and the file there is signed by one whom our anchors know */
	MAKER_APPROVED, /* the owner approved that file */
	MAKER_NAMED,    /* the owner named the maker */
	MAKER_BASIS_COUNT,
};

/*
 * One page of the maker's site, for the check that reads it.  A worker of the checker
 * asks, the engine sees to it that it is of the site of this run and not one too
 * many, the fetcher fetches; no redirect is followed, no name outside asked for.
 */
struct message_page_ask {
	uint32_t run;
	uint32_t ticket;    /* repeated in the answer */
	uint8_t is_earlier; /* no page: what an earlier run saw, see `exchange` below */
	uint8_t is_status;  /* by the engine, for itself: an issuer's status list; run is 0 */
	uint8_t zero[6];
	char url[256]; /* empty with is_earlier */
};
/*
 * Travels with a memfd that holds the header lines of the answer and its body; with
 * is_earlier, with the transcript of that run, open to read.
 */
struct message_page {
	uint32_t run;
	uint32_t ticket;
	uint32_t err; /* enum err; not ERR_OK: there is no descriptor, and why says it */
	uint32_t status;
	uint32_t n_head, n_body; /* bytes */
	uint32_t exchange;       /* with is_earlier: where it begins in that transcript */
	uint8_t is_cut;          /* the body was longer than is fetched */
	uint8_t is_status;       /* as it was asked */
	uint8_t zero[2];
	struct ip address; /* that answered; version 0: none did */
	char why[160];     /* printable */
	uint32_t zero2;
};

/* What the pages of a maker say, for who keeps it: shown with when it was seen first. */
#define MAKER_FACT_LIST(X)                                                                         \
	X(MAKER_FACT_SITE, "site")                                                                 \
	X(MAKER_FACT_SECURITY_TXT, "security.txt")                                                 \
	X(MAKER_FACT_CONTACT, "contact")                                                           \
	X(MAKER_FACT_POLICY, "disclosure policy")                                                  \
	X(MAKER_FACT_ACKNOWLEDGEMENT, "acknowledgement")                                           \
	X(MAKER_FACT_STATUS_UPDATES, "status updates")                                             \
	X(MAKER_FACT_SUPPORT, "support period")                                                    \
	X(MAKER_FACT_SUPPORT_END, "support ends")                                                  \
	X(MAKER_FACT_SUPPORT_PAGE, "support page")
enum maker_fact {
	MAKER_FACT_UNKNOWN,
#define X(name, word) name,
	MAKER_FACT_LIST(X)
#undef X
		MAKER_FACT_COUNT,
};
const char *maker_fact_word(enum maker_fact);

struct message_maker_fact {
	uint32_t run;
	uint32_t exchange; /* in its transcript */
	uint8_t fact;      /* enum maker_fact */
	uint8_t zero[7];
	char value[192]; /* printable */
};

/*
 * The rig: the gateway stands in the way of the device under test, and turns some
 * of it to the checker, or takes some of it away.  It lets nothing out that the
 * policy would not, and the kernel ends it by itself.  Asked by a worker of the
 * checker; the engine sees to consent and fills in the device; the enforcer acts,
 * and answers with RIG_SEEN.
 */
enum rig_bit {
	/*
	 * New TCP flows to these ports of the internet come to RIG_PORT; port RIG_TIME_PORT
	 * is UDP, and whoever is asked for the time.
	 */
	RIG_TURN = 1,
	RIG_CUT = 2,   /* its running flows to these ports end; with no port: all to the internet */
	RIG_LOOK = 4,  /* tell its running flows to these ports */
	RIG_OFF = 8,   /* no internet */
	RIG_CAP = 16,  /* it may answer more packets a second, to us and to everybody */
	RIG_LINK = 32, /* nothing reaches it, as if its cable were out */
	/* By the resolver, and alone in their message: */
	RIG_NAMES = 64,  /* no question for a name is answered */
	RIG_MAKER = 128, /* no name is there, but those of time servers and of connection tests */
	RIG_OF_NAMES = RIG_NAMES | RIG_MAKER,
	RIG_BITS = 255,
};
enum {
	RIG_PORT = 64443, /* of the gateway; takes only flows that were turned */
	RIG_TIME_PORT = 123,
	RIG_PORTS_MAX = 8,
	RIG_ROWS_MAX = 16,
	RIG_ADDRESSES_MAX = 32,
	RIG_SECONDS_MAX = 120, /* then the kernel ends it; ask again to go on */
};
struct message_rig {
	uint32_t run;
	uint32_t device; /* the checker leaves it 0 */
	uint32_t ticket; /* repeated in the answer */
	/* How long, but for CUT and LOOK; 0 takes back; without ports, all that was turned or taken. */
	uint32_t seconds;
	uint8_t bits; /* enum rig_bit */
	uint8_t n_ports;
	uint16_t n_addresses;
	uint16_t port[RIG_PORTS_MAX];
	/* TURN, CUT and LOOK are about flows to these alone; none: to the internet. */
	struct ip address[RIG_ADDRESSES_MAX];
};
/* A running flow of the device, as the kernel counts it: packets and bytes with all headers. */
struct rig_row {
	struct ip address; /* the other end */
	uint32_t packets_out, packets_in;
	uint32_t bytes_out, bytes_in;
	uint16_t port;
	uint8_t is_assured; /* it was answered, and went on */
	uint8_t zero[5];
};
struct message_rig_seen {
	uint32_t run;
	uint32_t ticket;
	uint32_t err;
	uint32_t n_cut; /* flows that ended; of the resolver: questions left so since it began */
	uint32_t n_rows;
	uint32_t zero;
	/* Of the engine alone: how the device called itself last by DHCP, and when; "": never. */
	int64_t hostname_s;
	char claimed_hostname[64]; /* printable */
	struct rig_row row[RIG_ROWS_MAX];
};

enum audit_step {
	AUDIT_STEP_UNKNOWN,
	AUDIT_STEP_BEGUN,
	AUDIT_STEP_DONE,    /* its findings were sent before */
	AUDIT_STEP_SKIPPED, /* no consent, or no time left */
	AUDIT_STEP_LOST,    /* the device stopped answering in it */
	AUDIT_STEP_COUNT,
};
/* What whoever stands beside the device should do now. */
#define AUDIT_PROMPT_LIST(X)                                                                       \
	X(AUDIT_PROMPT_RESET, "reset the device now, as its manual says, and leave it alone then") \
	X(AUDIT_PROMPT_WAIT, "it went away; do not set it up, it must come back by itself")
enum audit_prompt {
	AUDIT_PROMPT_NONE,
#define X(prompt, text) prompt,
	AUDIT_PROMPT_LIST(X)
#undef X
		AUDIT_PROMPT_COUNT,
};
struct message_audit_step {
	uint32_t run;
	uint16_t check; /* place in the table */
	uint8_t step;   /* enum audit_step */
	uint8_t prompt; /* enum audit_prompt */
	uint32_t n_done, n_all;
	uint32_t seconds_left; /* estimate */
	uint32_t exchanges;    /* in the transcript so far */
};

struct message_finding {
	uint32_t run;
	uint32_t zero;
	struct finding finding;
};

struct message_audit_end {
	uint32_t run;
	uint32_t err; /* enum err; why says what a person should read when it is not ERR_OK */
	uint32_t exchanges;
	uint32_t packets; /* sent by us */
	char why[256];    /* printable */
};

/* --- engine and teller; engine to enforcer ------------------------------------------------------------ */

enum receiver_kind {
	RECEIVER_UNKNOWN, /* it is gone */
	RECEIVER_WEBHOOK,
	RECEIVER_NTFY,
	RECEIVER_MAIL,
	RECEIVER_MQTT, /* Home Assistant, by its discovery */
	RECEIVER_KIND_COUNT,
};
enum {
	RECEIVERS_MAX = 8,
	RECEIVER_ADDRESSES_MAX = 4,
	TELL_TITLE_MAX = 128,
	TELL_TEXT_MAX = 2048,
	THING_MACS_MAX = 8,
};

/* A receiver as the teller reaches it, with its secret.  The addresses are all that it may go to. */
struct message_receiver {
	uint8_t number;   /* 1..RECEIVERS_MAX */
	uint8_t kind;     /* enum receiver_kind */
	uint8_t has_tls;  /* from the first byte; mail without it begins TLS, or is inside */
	uint8_t is_near;  /* in our own networks: need not be encrypted */
	uint8_t commands; /* enum command_role: what it may ask for; MQTT alone */
	uint8_t zero;
	uint16_t port;
	uint32_t n_addresses;
	uint32_t zero2;
	struct ip address[RECEIVER_ADDRESSES_MAX];
	char host[256]; /* a name, or an address without brackets */
	char path[256];
	char user[128];
	char secret[256];
	char sender[128], recipient[128];
	char gateway[16]; /* id of this one, for whom more than one tells; a word */
};

/* Where the teller may go, all of it each time: TCP to these and nowhere else. */
struct receiver_place {
	struct ip address;
	uint16_t port;
	uint16_t zero;
};
enum { RECEIVER_PLACES_MAX = RECEIVERS_MAX * RECEIVER_ADDRESSES_MAX };
struct message_receivers {
	uint32_t n_places;
	struct receiver_place place[RECEIVER_PLACES_MAX];
};

enum tell_what {
	TELL_UNKNOWN,
	TELL_NOW,    /* something happened that interrupts */
	TELL_MORE,   /* and how much more of that kind */
	TELL_DIGEST, /* what happened since the last one */
	TELL_TEST,
	TELL_ALIVE, /* nothing happened; who does not hear it should wonder */
	TELL_WHAT_COUNT,
};
/* One message to one receiver. */
struct message_tell {
	uint32_t ticket; /* repeated in the answer */
	uint8_t receiver;
	uint8_t what;  /* enum tell_what */
	uint8_t level; /* 0 info, 1 notice, 2 alarm */
	uint8_t zero;
	int64_t time_s;
	uint64_t event; /* its id; 0: of none, or several */
	uint32_t lost;  /* messages to this receiver before it that there was no room for */
	uint32_t zero2;
	char kind[32];              /* word */
	char title[TELL_TITLE_MAX]; /* ASCII, one line */
	char text[TELL_TEXT_MAX];   /* ASCII, lines */
	char device_id[16];         /* empty: of none, or several */
	char device_name[64];       /* printable */
};
struct message_told {
	uint32_t ticket;
	uint32_t err;     /* enum err; not ERR_OK: why says it */
	uint8_t receiver; /* ticket 0: of its connection */
	uint8_t is_final; /* the same again would be refused again */
	uint8_t zero[6];
	char why[160]; /* printable */
};

/* A device, or the gateway itself, as a home automation shows it. */
struct message_thing {
	uint32_t device;  /* 0: the gateway */
	uint8_t receiver; /* of kind MQTT; 0: all of them */
	uint8_t is_gone, is_present, is_paused, has_problem;
	uint8_t n_macs;
	uint8_t zero[2];
	uint32_t devices, waiting; /* of the gateway: how many */
	uint8_t mac[THING_MACS_MAX][6];
	char id[16];
	char name[64], maker[64], model[64]; /* printable */
	char state[16];                      /* word */
};
/* A receiver began anew, or asks: tell it all things. */
struct message_things_ask {
	uint32_t receiver;
	uint32_t zero;
};
enum wish { WISH_UNKNOWN, WISH_PAUSE, WISH_RESUME, WISH_QUARANTINE, WISH_COUNT };
enum { WISHES_A_MINUTE = 20 }; /* of a receiver; more are not heard */
/* Somebody at a receiver wants this; the engine knows whether that is permitted. */
struct message_wish {
	uint8_t receiver;
	uint8_t wish; /* enum wish */
	uint8_t zero[6];
	char id[16]; /* of the device */
};

/* --- command line, web and engine --------------------------------------------------------------------- */

/*
 * A request and its answer are JSON text (docs/API.md), because people and
 * other programs read it; it is parsed strictly, with limits, by the engine, which
 * alone decides who asks and what that one may.
 * A long answer comes in pieces of one seq.
 */
enum command_role { ROLE_UNKNOWN, ROLE_VIEWER, ROLE_HELPER, ROLE_OWNER, ROLE_COUNT };
enum { COMMAND_MAX = 16384, ANSWER_PIECE_MAX = 49152, CREDENTIAL_MAX = 72, PROOF_MAX = 40 };
struct message_command {
	uint32_t len;
	uint8_t role; /* what the sender wants to be at most; the credential may give less */
	uint8_t zero[3];
	/*
	 * From the web process, which hands on what it was shown: NUL-terminated, zero-filled and
	 * empty where there is none.  The control socket's peer needs none.
	 */
	char credential[CREDENTIAL_MAX];
	char proof[PROOF_MAX];  /* that a page of ours asks (process/engine_account.h) */
	struct ip from;         /* whose connection it is */
	char text[COMMAND_MAX]; /* sent up to len */
};
struct message_answer {
	uint32_t len;
	uint8_t is_last;
	uint8_t zero[3];
	char text[ANSWER_PIECE_MAX]; /* sent up to len */
};

/* --- web to engine --------------------------------------------------------------------------------------- */

/* How it stands with TLS for the pages, for doctor; once after each start of one of the two. */
enum web_tls {
	WEB_TLS_UNKNOWN, /* the settings want none, or nobody said */
	WEB_TLS_SERVED,
	WEB_TLS_NO_FILES,  /* the monitor did not hand over both files; its log says why */
	WEB_TLS_NOT_OURS,  /* they are no certificate and key, or not of each other */
	WEB_TLS_NO_SOCKET, /* its address and port cannot be had */
	WEB_TLS_COUNT,
};
struct message_web_tls {
	uint64_t from_s, until_s; /* of the certificate, since 1970; 0 where there is none */
	uint8_t state;            /* enum web_tls */
	uint8_t is_named;         /* the certificate is for the web-name of the settings */
	uint8_t zero[6];
};

/* --- the table ----------------------------------------------------------------------------------------- */

/* name, payload struct (void: none), from (bit set of processes), to (bit set) */
#define MESSAGE_P(process) (1u << PROCESS_##process)
#define ANY_PROCESS        (~0u)
#define MESSAGE_LIST(X)                                                                            \
	X(MESSAGE_SETTINGS, struct settings, MESSAGE_P(MONITOR), ANY_PROCESS)                      \
	X(MESSAGE_DESCRIPTOR, struct message_descriptor, MESSAGE_P(MONITOR), ANY_PROCESS)          \
	X(MESSAGE_GO, struct message_none, MESSAGE_P(MONITOR), ANY_PROCESS)                        \
	X(MESSAGE_READY, struct message_none, ANY_PROCESS, MESSAGE_P(MONITOR))                     \
	X(MESSAGE_LINK, struct message_link, MESSAGE_P(MONITOR),                                   \
		MESSAGE_P(ENFORCER) | MESSAGE_P(CAPTURE) | MESSAGE_P(ENGINE) |                     \
			MESSAGE_P(RESOLVER) | MESSAGE_P(UPLINK))                                   \
	X(MESSAGE_UPLINK, struct message_uplink, MESSAGE_P(UPLINK),                                \
		MESSAGE_P(ENFORCER) | MESSAGE_P(RESOLVER))                                         \
	X(MESSAGE_OBSERVATION, struct message_observation, MESSAGE_P(CAPTURE),                     \
		MESSAGE_P(ENGINE) | MESSAGE_P(CTL))                                                \
	X(MESSAGE_KEEP, struct message_keep, MESSAGE_P(ENGINE), MESSAGE_P(CAPTURE))                \
	X(MESSAGE_FREEZE, struct message_freeze, MESSAGE_P(ENGINE), MESSAGE_P(CAPTURE))            \
	X(MESSAGE_FROZEN, struct message_frozen, MESSAGE_P(CAPTURE), MESSAGE_P(ENGINE))            \
	X(MESSAGE_POLICY, struct message_policy, MESSAGE_P(ENGINE), MESSAGE_P(ENFORCER))           \
	X(MESSAGE_FORGET, struct message_forget, MESSAGE_P(ENGINE), MESSAGE_P(ENFORCER))           \
	X(MESSAGE_PORT, struct message_port, MESSAGE_P(ENGINE), MESSAGE_P(ENFORCER))               \
	X(MESSAGE_PAUSE, struct message_pause, MESSAGE_P(ENGINE), MESSAGE_P(ENFORCER))             \
	X(MESSAGE_RESTORED, struct message_none, MESSAGE_P(ENGINE), MESSAGE_P(ENFORCER))           \
	X(MESSAGE_OPEN, struct message_open, MESSAGE_P(ENGINE) | MESSAGE_P(RESOLVER),              \
		MESSAGE_P(ENFORCER))                                                               \
	X(MESSAGE_DONE, struct message_done, MESSAGE_P(ENFORCER),                                  \
		MESSAGE_P(ENGINE) | MESSAGE_P(RESOLVER))                                           \
	X(MESSAGE_COUNTERS_ASK, struct message_none, MESSAGE_P(ENGINE), MESSAGE_P(ENFORCER))       \
	X(MESSAGE_COUNTERS, struct message_counters, MESSAGE_P(ENFORCER), MESSAGE_P(ENGINE))       \
	X(MESSAGE_ENFORCER_STATUS, struct message_enforcer_status, MESSAGE_P(ENFORCER),            \
		MESSAGE_P(ENGINE))                                                                 \
	X(MESSAGE_VIEW, struct message_view, MESSAGE_P(ENGINE), MESSAGE_P(RESOLVER))               \
	X(MESSAGE_ANSWERED, struct message_answered, MESSAGE_P(RESOLVER), MESSAGE_P(ENGINE))       \
	X(MESSAGE_RESOLVER_STATUS, struct message_resolver_status, MESSAGE_P(RESOLVER),            \
		MESSAGE_P(ENGINE))                                                                 \
	X(MESSAGE_LOOKUP, struct message_lookup, MESSAGE_P(FETCHER) | MESSAGE_P(ENGINE),           \
		MESSAGE_P(RESOLVER))                                                               \
	X(MESSAGE_LOOKED_UP, struct message_looked_up, MESSAGE_P(RESOLVER),                        \
		MESSAGE_P(FETCHER) | MESSAGE_P(ENGINE))                                            \
	X(MESSAGE_INTRODUCTION, struct message_introduction, MESSAGE_P(ENGINE), MESSAGE_P(RELAY))  \
	X(MESSAGE_NUDGE, struct message_nudge, MESSAGE_P(ENGINE), MESSAGE_P(RELAY))                \
	X(MESSAGE_FETCH, struct message_fetch, MESSAGE_P(ENGINE), MESSAGE_P(FETCHER))              \
	X(MESSAGE_FETCHED, struct message_fetched, MESSAGE_P(FETCHER), MESSAGE_P(ENGINE))          \
	X(MESSAGE_AUDIT, struct message_audit, MESSAGE_P(ENGINE), MESSAGE_P(CHECKER))              \
	X(MESSAGE_APP_FILE, struct message_app_file, MESSAGE_P(ENGINE), MESSAGE_P(CHECKER))        \
	X(MESSAGE_AUDIT_STEP, struct message_audit_step, MESSAGE_P(CHECKER), MESSAGE_P(ENGINE))    \
	X(MESSAGE_FINDING, struct message_finding, MESSAGE_P(CHECKER), MESSAGE_P(ENGINE))          \
	X(MESSAGE_AUDIT_END, struct message_audit_end, MESSAGE_P(CHECKER), MESSAGE_P(ENGINE))      \
	X(MESSAGE_RIG, struct message_rig, MESSAGE_P(CHECKER) | MESSAGE_P(ENGINE),                 \
		MESSAGE_P(ENGINE) | MESSAGE_P(ENFORCER) | MESSAGE_P(RESOLVER))                     \
	X(MESSAGE_RIG_SEEN, struct message_rig_seen,                                               \
		MESSAGE_P(ENFORCER) | MESSAGE_P(RESOLVER) | MESSAGE_P(ENGINE),                     \
		MESSAGE_P(ENGINE) | MESSAGE_P(CHECKER))                                            \
	X(MESSAGE_PAGE_ASK, struct message_page_ask, MESSAGE_P(CHECKER) | MESSAGE_P(ENGINE),       \
		MESSAGE_P(ENGINE) | MESSAGE_P(FETCHER))                                            \
	X(MESSAGE_PAGE, struct message_page, MESSAGE_P(FETCHER) | MESSAGE_P(ENGINE),               \
		MESSAGE_P(ENGINE) | MESSAGE_P(CHECKER))                                            \
	X(MESSAGE_MAKER_FACT, struct message_maker_fact, MESSAGE_P(CHECKER), MESSAGE_P(ENGINE))    \
	X(MESSAGE_HEARD_ASK, struct message_heard_ask, MESSAGE_P(ENGINE), MESSAGE_P(ENFORCER))     \
	X(MESSAGE_HEARD, struct message_heard, MESSAGE_P(ENFORCER), MESSAGE_P(ENGINE))             \
	X(MESSAGE_RECEIVERS, struct message_receivers, MESSAGE_P(ENGINE), MESSAGE_P(ENFORCER))     \
	X(MESSAGE_RECEIVER, struct message_receiver, MESSAGE_P(ENGINE), MESSAGE_P(TELLER))         \
	X(MESSAGE_TELL, struct message_tell, MESSAGE_P(ENGINE), MESSAGE_P(TELLER))                 \
	X(MESSAGE_TOLD, struct message_told, MESSAGE_P(TELLER), MESSAGE_P(ENGINE))                 \
	X(MESSAGE_THING, struct message_thing, MESSAGE_P(ENGINE), MESSAGE_P(TELLER))               \
	X(MESSAGE_THINGS_ASK, struct message_things_ask, MESSAGE_P(TELLER), MESSAGE_P(ENGINE))     \
	X(MESSAGE_WISH, struct message_wish, MESSAGE_P(TELLER), MESSAGE_P(ENGINE))                 \
	X(MESSAGE_WEB_TLS, struct message_web_tls, MESSAGE_P(WEB), MESSAGE_P(ENGINE))              \
	X(MESSAGE_COMMAND, struct message_command, MESSAGE_P(WEB) | MESSAGE_P(CTL),                \
		MESSAGE_P(ENGINE))                                                                 \
	X(MESSAGE_ANSWER, struct message_answer, MESSAGE_P(ENGINE),                                \
		MESSAGE_P(WEB) | MESSAGE_P(CTL))                                                   \
	X(MESSAGE_EVENT, struct message_answer, MESSAGE_P(ENGINE), MESSAGE_P(WEB) | MESSAGE_P(CTL))

struct message_none {
	char nothing[0];
};

enum message_type {
	MESSAGE_UNKNOWN,
#define X(name, payload, from, to) name,
	MESSAGE_LIST(X)
#undef X
		MESSAGE_TYPE_COUNT,
};

enum { MESSAGE_VERSION = 1, MESSAGE_PAYLOAD_MAX = 64 * 1024 };

struct message_header {
	uint16_t version;
	uint16_t type;
	uint32_t len; /* of the payload */
	uint32_t seq; /* chosen by who asks, repeated by who answers; 0 for what is not asked */
	uint32_t zero;
};

const char *message_name(enum message_type);

/*
 * True if this payload is a well-formed message of the type from `from` to
 * `to`: direction, exact length, counts, enumerators, terminated strings, zero
 * padding.  Meaning (does the device exist?) is the receiver's own check.
 */
bool message_check(
	enum message_type, enum process from, enum process to, const void *payload, size_t len);

/* Length to send of the structs that end in an array. */
size_t message_observation_len(const struct message_observation *);
size_t message_keep_len(const struct message_keep *);
size_t message_frozen_len(const struct message_frozen *);
size_t message_policy_len(const struct message_policy *);
size_t message_view_len(const struct message_view *);
size_t message_counters_len(const struct message_counters *);
size_t message_command_len(const struct message_command *);
size_t message_answer_len(const struct message_answer *);

#endif
