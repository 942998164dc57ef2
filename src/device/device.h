/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_DEVICE_DEVICE_H
#define PINFOLD_DEVICE_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"
#include "device/harm.h"
#include "message/observed.h"
#include "message/policy_entry.h"

/*
 * Who we think a device is, and why.
 *
 * A device is an opaque id and a number that the kernel knows it by; never a
 * MAC.  Everything that the network asserts about it hangs on it as an
 * identifier, with times and a confidence, and can be taken off again.
 *
 * This station is pure: no input or output, no allocation besides the table's
 * own, and no clock: every function that needs the time is told it.  Monotonic
 * times (_ns) order and expire; wall times (_s) are only shown and stored.
 */

/* What may happen to a device without a person. */
#define DEVICE_CLASS_LIST(X)                                                                       \
	X(DEVICE_CLASS_ORDINARY, "ordinary")       /* everything that containment may do */        \
	X(DEVICE_CLASS_PERSONAL, "personal")       /* present or not; nothing else is recorded */  \
	X(DEVICE_CLASS_CRITICAL, "critical")       /* propose and notify only; never probed */     \
	X(DEVICE_CLASS_NEVER_PROBE, "never-probe") /* ordinary, but no packet of ours to it */     \
	X(DEVICE_CLASS_CHILD, "child") /* ordinary; its silence is told within a minute */

enum device_class {
	DEVICE_CLASS_UNKNOWN, /* handled as ordinary */
#define X(name, word) name,
	DEVICE_CLASS_LIST(X)
#undef X
		DEVICE_CLASS_COUNT,
};
const char *device_class_word(enum device_class); /* never NULL */
enum device_class device_class_from_word(const char *);

/* "waiting", "observe", ...; never NULL. */
const char *device_state_word(enum device_state);
enum device_state device_state_from_word(const char *);

/* The kinds of identifiers; in the order of how hard they are to copy by accident, not by intent. */
#define IDENTIFIER_LIST(X)                                                                         \
	X(IDENTIFIER_MAC, "mac")                                                                   \
	X(IDENTIFIER_PORT, "port")                                                                 \
	X(IDENTIFIER_DHCP_CLIENT_ID, "dhcp-client-id")                                             \
	X(IDENTIFIER_DUID, "duid")                                                                 \
	X(IDENTIFIER_HOSTNAME, "hostname") /* by DHCP */                                           \
	X(IDENTIFIER_VENDOR_CLASS, "vendor-class")                                                 \
	X(IDENTIFIER_DHCP_PARAMETERS, "dhcp-parameters")                                           \
	X(IDENTIFIER_MUD_URL, "mud-url")                                                           \
	X(IDENTIFIER_MDNS_NAME, "mdns-name")                                                       \
	X(IDENTIFIER_MDNS_SERVICE, "mdns-service")                                                 \
	X(IDENTIFIER_MDNS_MODEL, "mdns-model")                                                     \
	X(IDENTIFIER_SSDP_SERVER, "ssdp-server")                                                   \
	X(IDENTIFIER_SSDP_TYPE, "ssdp-type")                                                       \
	X(IDENTIFIER_LLDP_NAME, "lldp-name")                                                       \
	X(IDENTIFIER_LLDP_DESCRIPTION, "lldp-description")                                         \
	X(IDENTIFIER_USER_AGENT, "user-agent")                                                     \
	X(IDENTIFIER_MQTT_CLIENT, "mqtt-client")                                                   \
	X(IDENTIFIER_CERTIFICATE, "certificate")

enum identifier_kind {
	IDENTIFIER_UNKNOWN,
#define X(name, word) name,
	IDENTIFIER_LIST(X)
#undef X
		IDENTIFIER_KIND_COUNT,
};
const char *identifier_word(enum identifier_kind); /* never NULL */
enum identifier_kind identifier_kind_from_word(const char *);

enum {
	DEVICE_ID_MAX = 16,          /* "d-" and ten letters, NUL */
	DEVICE_NAME_MAX = 64,        /* the owner's name */
	DEVICE_IDENTIFIERS_MAX = 24, /* the least recently seen of the most frequent kind goes */
	DEVICE_MACS_MAX = 8,         /* the least recently seen without a binding goes */
	DEVICE_BINDINGS_MAX = POLICY_BINDINGS_MAX,
	DEVICE_V6_PER_MAC = 12, /* the longest idle one goes */
	DEVICE_KIND_MAX = 32,
	DEVICE_WHY_MAX = 160,
	DEVICE_PORTS_MAX = 160, /* ports whose link state is kept */
	DEVICE_TABLE_MAX = 16384,
};

/* Something that the network asserts about a device. */
struct identifier {
	uint8_t kind;            /* enum identifier_kind */
	uint8_t confidence;      /* 0..100: how well it tells this device from others */
	uint8_t is_cut;          /* the value was longer; what is here counts as the whole */
	char claimed_value[125]; /* printable, NUL-terminated */
	int64_t first_s, last_s;
	uint32_t times;
};

/* A MAC that the device uses or used, and where it was last heard. */
struct device_mac {
	uint8_t mac[6];
	uint8_t is_local; /* locally administered, so perhaps random */
	uint8_t zero;
	char port[16];          /* where it was last heard and believed */
	char request_port[16];  /* where its last DHCP request came from; empty: none pending */
	uint64_t request_ns;    /* when */
	uint64_t heard_ns;      /* last heard on `port`; 0: not since the start */
	uint64_t spoof_told_ns; /* when a spoof by or of it was last reported */
	uint64_t claims_ns;     /* start of the minute in which claims are counted */
	uint32_t claims;        /* addresses newly claimed in it */
	uint32_t zero2;
	int64_t first_s, last_s; /* wall time */
};

enum binding_how {
	BINDING_UNKNOWN,
	BINDING_LEASE, /* our DHCP server acknowledged it to this MAC, asked from this port */
	BINDING_DAD,   /* first come by duplicate address detection (RFC 6620) */
	BINDING_USED,  /* used without it; learned from the packet that the kernel dropped */
	BINDING_OWNER, /* the owner said so; never expires, is never taken */
	BINDING_HOW_COUNT,
};
const char *binding_how_word(enum binding_how);

struct binding {
	char port[16];
	uint8_t mac[6];
	uint8_t how; /* enum binding_how */
	uint8_t zero;
	struct ip address;
	uint64_t expires_ns; /* monotonic; UINT64_MAX: never */
	uint64_t used_ns;    /* monotonic; last sign of life */
	int64_t since_s;
};

/* What we take the device for; "" is unknown, which is a good answer. */
struct device_kind {
	char word[DEVICE_KIND_MAX]; /* "camera", "printer", ... */
	uint8_t confidence;         /* 0..100; 100 only by the owner */
	bool is_owners;             /* the owner said so: nothing overrides it */
	char why[DEVICE_WHY_MAX];   /* on which observations, printable */
};

struct device {
	uint32_t number;            /* 1..DEVICE_NUMBER_MAX, what the kernel knows */
	uint8_t state;              /* enum device_state */
	uint8_t class;              /* enum device_class */
	bool is_admitted;           /* the owner (or a joining window) let it in once */
	bool is_class_owners;       /* the owner chose the class */
	char id[DEVICE_ID_MAX];     /* opaque, for people and the database */
	char name[DEVICE_NAME_MAX]; /* the owner's, printable; empty: none */
	int64_t first_s, last_s;    /* wall time */
	uint64_t heard_ns;          /* 0: not heard since the start */
	uint32_t generation;        /* of its policy; the engine's to set */
	uint8_t n_identifiers, n_macs, n_bindings;
	struct identifier identifier[DEVICE_IDENTIFIERS_MAX];
	struct device_mac mac[DEVICE_MACS_MAX];
	struct binding binding[DEVICE_BINDINGS_MAX];
	char claimed_mud_url[256]; /* the last one claimed, empty: none */
	struct device_kind kind;
	struct harm_watch harm;
	void *engine; /* the engine's own data; the table never looks at it */
};

/* Cut off from everything but the status page, or from that too: quarantine, block. */
bool device_state_is_cut_off(enum device_state);
/* True for the states in which a new MAC on the same port must not do more than this device. */
bool device_state_is_penned(enum device_state); /* enforce, quarantine, block */

/* A name to show: the owner's, else the best claimed one, else the kind, else the id. */
const char *device_label(const struct device *);

/* The first identifier of the kind with the highest confidence and latest sight, or NULL; borrowed. */
const struct identifier *device_identifier(const struct device *, enum identifier_kind);

/* Present: heard within the last `within_ns`. */
bool device_is_present(const struct device *, uint64_t now_ns, uint64_t within_ns);

/* Bindings as the enforcer wants them; returns the count. */
size_t device_policy_bindings(
	const struct device *, struct policy_binding out[static POLICY_BINDINGS_MAX]);

/*
 * The table.
 *
 * Found by number, by MAC and by (port, MAC, address), all by hashes keyed with
 * a secret, so that chosen MACs do not pile up.  A device in the table does not
 * move; pointers hold until it is forgotten or evicted.
 *
 * When full, a new device takes the place of the one that was heard longest ago
 * among those that were never admitted, first those without a binding.  An
 * admitted device is never evicted: a table full of them refuses, and
 * device_table_refused() counts.
 */
struct device_table;

/* capacity up to DEVICE_TABLE_MAX; the secret comes from the system's random source. */
struct device_table *device_table_new(size_t capacity, const uint8_t secret[static 16]);
void device_table_free(struct device_table *);
size_t device_table_count(const struct device_table *);
uint64_t device_table_refused(const struct device_table *);
uint64_t device_table_evicted(const struct device_table *);

/* Room for one more without evicting a device that is worth keeping? */
bool device_table_has_room(const struct device_table *);

/*
 * A new device in state waiting, class ordinary.  number 0: the next free one
 * (a number is not used again before all others were).  *evicted is the number
 * of a device that had to go, 0 if none: the caller tells kernel and database.
 * NULL when full of admitted devices, or the number is taken.
 */
struct device *device_add(struct device_table *, uint32_t number, const char *id, uint64_t now_ns,
	int64_t wall_s, uint32_t *evicted);

/* The id "d-xxxxxxxxxx" made of random bytes. */
void device_id_from_random(char out[static DEVICE_ID_MAX], const uint8_t random[static 8]);

void device_forget(struct device_table *, struct device *);

struct device *device_find(const struct device_table *, uint32_t number);
struct device *device_find_by_id(const struct device_table *, const char *id);
struct device *device_find_by_mac(const struct device_table *, const uint8_t mac[static 6]);
/* The device that (port, MAC, address) is bound to; NULL: nobody's. */
struct device *device_find_bound(const struct device_table *, const char *port,
	const uint8_t mac[static 6], const struct ip *);
/* Whoever the address is bound to, on whatever port. */
struct device *device_find_by_address(const struct device_table *, const struct ip *);
/* The device that the owner calls so, whatever the case of its letters; NULL: none. */
struct device *device_find_by_name(const struct device_table *, const char *name);
/* Every device, in no order: start with 0; NULL at the end.  Forgetting the current one is fine. */
struct device *device_next(const struct device_table *, size_t *cursor);

/* --- changes of one device; they keep the table's hashes right ------------------------------ */

/* Attaches, or finds, a MAC; NULL when it belongs to another device. */
struct device_mac *device_mac_keep(
	struct device_table *, struct device *, const uint8_t mac[static 6], int64_t wall_s);
struct device_mac *device_mac_find(struct device *, const uint8_t mac[static 6]);
void device_mac_drop(struct device_table *, struct device *, const uint8_t mac[static 6]);

/* True when the identifier was not there before. `value` is printable text. */
bool device_identifier_keep(struct device_table *, struct device *, enum identifier_kind,
	const char *value, uint8_t confidence, int64_t wall_s);
bool device_identifier_drop(
	struct device_table *, struct device *, enum identifier_kind, const char *value);

/* The owner's name for it, printable; what is too long is cut, "" takes it off. */
void device_rename(struct device_table *, struct device *, const char *name);

/*
 * Another device with this identifier, of the kinds that name one device
 * (client id, DUID, host name, mDNS or LLDP name); start with *cursor 0, NULL at the end.
 */
struct device *device_next_named(
	const struct device_table *, enum identifier_kind, const char *value, size_t *cursor);

/*
 * A device that calls itself so by one of these kinds, whatever the case of its letters; start
 * with *cursor 0, NULL at the end.  One device may come several times.
 */
struct device *device_next_claiming(
	const struct device_table *, enum identifier_kind, const char *value, size_t *cursor);

/* It was heard now: keeps it from being evicted before those that were not. */
void device_heard(struct device_table *, struct device *, uint64_t now_ns, int64_t wall_s);

/*
 * Stores a copy of the binding.  False when the address is bound to somebody
 * else, the MAC is not this device's, or there is no room; binding.h has the
 * rules of who may get what.
 */
bool device_binding_keep(struct device_table *, struct device *, const struct binding *);
struct binding *device_binding_find(
	struct device *, const char *port, const uint8_t mac[static 6], const struct ip *);
void device_binding_drop(struct device_table *, struct device *, struct binding *);

/* --- ports ----------------------------------------------------------------------------------- */

/* What MESSAGE_LINK told.  A port that was never told about counts as up. */
void device_port_is(struct device_table *, const char *port, bool up);
bool device_port_is_up(const struct device_table *, const char *port);

/*
 * The most that a new MAC on this port may get without the owner's word: the
 * state, and the device that sets it (with DEVICE_ENFORCE its policy is the limit).
 * DEVICE_STATE_UNKNOWN: no limit.  `except` is not looked at (0: none).
 */
struct device_ceiling {
	enum device_state state;
	uint32_t like_device;
};
struct device_ceiling device_ceiling_for_port(
	const struct device_table *, const char *port, uint32_t except);

/* True if `state` stays below the ceiling. */
bool device_ceiling_permits(const struct device_ceiling *, enum device_state state);

#endif
