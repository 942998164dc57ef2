/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_POLICY_POLICY_H
#define PINFOLD_POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"
#include "device/device.h"
#include "message/policy_entry.h"
#include "policy/mud.h"

/*
 * What one device may do, said in terms that a person can read: one ordered
 * list of rules about who may open a connection to whom.  The first rule that
 * matches decides; where none matches, the answer is no.  Answers and ICMP
 * errors of a permitted connection belong to it and need no rule.
 *
 * Rules come from several sources and stand in the order of their strength,
 * the strongest first: containment, owner, learned (approved by the owner),
 * MUD, class default.  docs/POLICY.md explains the order for people.
 */
/* Strongest last, as DESIGN has it. */
enum policy_origin {
	ORIGIN_UNKNOWN,
	ORIGIN_CLASS_DEFAULT,
	ORIGIN_MUD,
	ORIGIN_LEARNED,
	ORIGIN_OWNER,
	ORIGIN_CONTAINMENT, /* virtual patches, device state reports */
	ORIGIN_COUNT,
};
const char *origin_word(enum policy_origin);

enum policy_direction {
	DIRECTION_UNKNOWN,
	DIRECTION_FROM_DEVICE, /* the device opens the connection */
	DIRECTION_TO_DEVICE,   /* the other side opens it */
	DIRECTION_COUNT,
};

enum policy_action { POLICY_DENY, POLICY_ACCEPT, POLICY_ACTION_COUNT }; /* zero is no */

enum policy_remote {
	REMOTE_UNKNOWN,
	REMOTE_ANY,      /* everybody: internet, devices, gateway */
	REMOTE_INTERNET, /* every address that is not inside */
	REMOTE_NAME,     /* text: host name */
	REMOTE_SUFFIX,   /* text: host name and every name below it (owner only) */
	REMOTE_PREFIX,
	REMOTE_DEVICE,            /* device: number */
	REMOTE_LOCAL_NETWORKS,    /* every device of the home */
	REMOTE_SAME_MANUFACTURER, /* devices whose confirmed MUD authority is our own */
	REMOTE_MANUFACTURER,      /* text: authority */
	REMOTE_MODEL,             /* text: MUD URL */
	REMOTE_CONTROLLER,        /* text: class; members are in the world */
	REMOTE_MY_CONTROLLER,     /* text: our own MUD URL */
	REMOTE_GATEWAY,           /* what the gateway itself serves to devices: DNS, NTP, DHCP */
	REMOTE_COUNT,
};

enum { POLICY_RULES_MAX = 1024, POLICY_TEXT_MAX = 96 * 1024, POLICY_FAULTS_MAX = 48 };

/*
 * proto 6, 17: port is the responder's, source the opener's.  proto 1, 58: port
 * is the ICMP type and source the code.  proto 0 is TCP, UDP and echo requests
 * with any port; other protocols are never permitted.
 */
struct policy_rule {
	uint32_t id;       /* the same for the same rule in every merge; never 0 */
	uint8_t origin;    /* enum policy_origin */
	uint8_t action;    /* enum policy_action */
	uint8_t direction; /* enum policy_direction: who opens */
	uint8_t remote;    /* enum policy_remote */
	uint8_t version;   /* 4, 6; 0 either */
	uint8_t proto;
	uint8_t zero[2];
	uint16_t port_lo, port_hi;
	uint16_t source_lo, source_hi;
	uint32_t device; /* REMOTE_DEVICE: its number */
	uint32_t text;   /* offset into the policy's text; 0 is "" */
	uint32_t note;   /* offset: where it comes from, for people (ACE name, incident, ...) */
	int64_t since_s; /* wall time; 0 not known */
	int64_t until_s; /* wall time at which it ends; 0 never */
	struct ip_prefix prefix;
};

struct policy_fault {
	uint32_t rule;  /* id, 0 none */
	char text[172]; /* printable */
};
/* What could not be taken over, and is therefore not allowed. */
struct policy_faults {
	uint32_t n;
	uint32_t n_lost; /* beyond POLICY_FAULTS_MAX */
	struct policy_fault fault[POLICY_FAULTS_MAX];
};
void policy_faults_add(struct policy_faults *, uint32_t rule, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* On the heap, as large as its rules; the engine holds one a device. */
struct policy {
	uint32_t device;
	enum device_state state;
	enum device_class class;
	bool is_confirmed; /* the MUD URL is believed: it may add, and counts for manufacturer */
	uint16_t n_rules, rules_room;
	uint32_t text_len, text_room;
	struct policy_rule *rule;
	char *text;
	uint32_t authority; /* offset: of our MUD URL; "" without */
	uint32_t url;       /* offset: our MUD URL; "" without */
};

struct policy *policy_new(uint32_t device, enum device_state, enum device_class);
void policy_free(struct policy *); /* NULL is fine */
/* Borrowed, until the next rule is added. */
const char *policy_text(const struct policy *, uint32_t offset);
const struct policy_rule *policy_rule_find(const struct policy *, uint32_t id);

/*
 * Adds a copy at the end, that is, weaker than all before.  text and note may
 * be NULL.  Sets the id.  False when the policy is full (and nothing is added).
 */
bool policy_add(struct policy *, struct policy_rule, const char *text, const char *note);

/* --- sources ---------------------------------------------------------------------------- */

enum mud_trust {
	MUD_TRUST_UNKNOWN,     /* no file, or rejected */
	MUD_TRUST_UNCONFIRMED, /* URL by DHCP or LLDP, or file without approval: narrows only */
	MUD_TRUST_CONFIRMED,   /* approved by the owner, or the same digest as approved */
};

/* Everything that a device's policy is made of; all borrowed for the call. */
struct policy_sources {
	uint32_t device;
	enum device_state state;
	enum device_class class;
	const struct mud *mud; /* may be NULL */
	enum mud_trust mud_trust;
	bool addresses_approved; /* the owner also approved the ACEs that name addresses */
	int64_t mud_since_s;
	const struct mud *learned; /* approved by the owner; may be NULL */
	int64_t learned_since_s;
	/* Owner's rules and containment: as parsed, each list strongest first. */
	const struct policy *owner;
	const struct policy *containment;
	int64_t now_s; /* rules that have ended are left out */
};

/*
 * The merged policy.  Gives; never NULL.  What was left out is in *faults (may
 * be NULL).
 *
 * An unconfirmed MUD file is cut down to what the class would let the device
 * do anyway while it is observed (outbound to the internet, no administration
 * port), so it can only narrow; and beside an approved learned profile it
 * counts for nothing, since it would widen that.
 */
struct policy *policy_from_sources(const struct policy_sources *, struct policy_faults *);

/* The pieces of it, for previews; each appends to the policy. */
void policy_from_mud(struct policy *, const struct mud *, enum mud_trust, bool addresses_approved,
	int64_t since_s, struct policy_faults *);
void policy_from_learned(
	struct policy *, const struct mud *, int64_t since_s, struct policy_faults *);
void policy_from_class(struct policy *);

/* policy/admin_port.h, with a 0 at the end. */
extern const uint16_t policy_admin_ports[];

/* --- the world around it ---------------------------------------------------------------- */

/* All devices of the home, the one in question included; sorted by number. */
struct policy_peer {
	uint32_t number;
	enum device_state state;
	const char *name;            /* the owner's; may be NULL */
	const char *authority;       /* of its MUD URL, only when confirmed; else NULL */
	const char *mud_url;         /* likewise */
	const struct policy *policy; /* NULL: nothing may be opened to it */
};
/* Member of a controller class, registered by the owner. */
struct policy_member {
	const char *class; /* URI, or the MUD URL of the device whose my-controller it is */
	uint32_t device;
};
struct policy_world {
	size_t n_peers;
	const struct policy_peer *peer;
	size_t n_members;
	const struct policy_member *member;
	size_t n_lan;
	const struct ip_prefix *lan; /* inside: addresses of devices and of the gateway */
};
const struct policy_peer *policy_peer_find(const struct policy_world *, uint32_t number);

/*
 * In which state a device may begin a flow to a neighbour, and in which one it may
 * be called.  An observed device begins none; it is called where its owner said so
 * himself, because nothing else of its policy towards neighbours counts then.
 */
bool policy_may_begin(enum device_state);
bool policy_may_answer(enum device_state);

/* --- questions --------------------------------------------------------------------------- */

/* One attempt to open a connection. */
struct policy_flow {
	enum policy_direction direction;
	uint8_t proto;        /* 1, 6, 17, 58 */
	uint16_t port;        /* responder's; ICMP type */
	uint16_t source_port; /* opener's, 0 when not known; ICMP code */
	/* Who: a device by number, the gateway, or an address, with the name that it came from. */
	uint32_t peer;
	bool is_gateway;
	const char *name; /* lower case; NULL when not known */
	struct ip address;
};

/* The rule that decides by this list alone; NULL when none matches (which is no). */
const struct policy_rule *policy_decide(
	const struct policy *, const struct policy_world *, const struct policy_flow *);

/*
 * True when the device may do it: its state, its rules, and for another device
 * that device's state and rules as well.
 */
bool policy_allows(const struct policy *, const struct policy_world *, const struct policy_flow *);

/*
 * True when some rule is about other devices: what one may open to the other is
 * decided by both, so a change on either side is a change of both.
 */
bool policy_concerns_neighbours(const struct policy *);

/* --- owner's rules, containment, introductions ---------------------------------------------- */

/*
 * One rule as people write it:
 *
 *	allow|deny PROTO [to|from] WHO [PORTS] [for TIME]
 *
 * PROTO tcp, udp, icmp, any; WHO a host name, *.name, an address or prefix,
 * internet, any, local, or a device by its name or as device:NUMBER; PORTS 443,
 * 8000-8010, or a service ("https"); TIME 90s, 15m, 2h, 7d.  "from" is who may
 * open a connection to the device: a door when it is on the internet, and then
 * "for" must be there.  Appends to the policy; false with the word in *why.
 */
bool policy_rule_parse(struct policy *, enum policy_origin, const struct policy_world *,
	const char *text, int64_t now_s, struct fault *why);

/* The same form back, for people; returns out.  What the parser cannot say (the version of
 * IP, a maker) is said as well. */
const char *policy_rule_render(
	const struct policy *, const struct policy_rule *, char *out, size_t size);

/* A virtual patch: nobody opens this port of the device (TO) / the device opens it nowhere (FROM). */
bool policy_add_patch(struct policy *, enum policy_direction, uint8_t proto, uint16_t port,
	int64_t since_s, const char *note);

struct service_port {
	uint8_t proto;
	uint16_t lo, hi;
};
/* What "introduce A -> B SERVICE" stands for. */
struct service {
	const char *word;
	const char *sentence;
	uint32_t relay;              /* enum relay_service bits, for discovery */
	struct service_port port[8]; /* proto 0 ends */
};
const struct service *service_find(const char *word); /* NULL when none */
const struct service *service_at(size_t i);           /* NULL at the end */

/* "asker -> answerer service": false with the word in *why. */
struct introduction {
	uint32_t asker, answerer;
	const struct service *service;
};
bool introduction_parse(
	struct introduction *, const struct policy_world *, const char *text, struct fault *why);
/* Appends the owner's rules of one introduction to the policy of either of the two. */
bool policy_add_introduction(
	struct policy *, const struct introduction *, int64_t since_s, const char *note);

/* --- reports that narrow ---------------------------------------------------------------------- */

enum reported_state {
	REPORTED_UNKNOWN,
	REPORTED_FINE,
	REPORTED_VULNERABLE,
	REPORTED_UNSUPPORTED,
	REPORTED_RECALLED,
};
enum { REPORT_CLOSED_MAX = 32, REPORT_MAX = 16384 };

/* docs/REPORTS.md, schema "pinfold-report-1"; its signature was checked by the caller. */
struct report {
	enum reported_state state;
	uint32_t n_closed;
	struct service_port closed[REPORT_CLOSED_MAX];
	char device[64];  /* printable */
	char issuer[128]; /* printable */
	char reason[160]; /* printable */
	int64_t issued_s;
};
bool report_parse(struct report *, const char *bytes, size_t len, struct fault *why);

/*
 * Appends the denials that the report asks for; a report adds nothing that
 * permits, whatever it says.
 */
void policy_narrow_by_report(struct policy *, const struct report *, int64_t since_s);

#endif
