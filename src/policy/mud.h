/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_POLICY_MUD_H
#define PINFOLD_POLICY_MUD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"

/*
 * A MUD file (RFC 8520) as Pinfold understood it: fixed size, no pointers, so
 * that the fetcher can hand it to the engine in a memfd.  It is still a claim:
 * the receiver asks mud_is_valid() before the first look at anything else, and
 * whether the claim is believed (signature, approval, how the URL was learnt)
 * is decided elsewhere.
 *
 * Nothing in here was guessed.  An ACE that permits and that has a match, an
 * abstraction or a type which we do not understand is left out whole; one that
 * drops is kept with that match removed, so that it drops more.  Both are said
 * in the notes.
 */
enum {
	MUD_FILE_MAX = 256 * 1024,     /* bytes */
	MUD_RENDERED_MAX = 640 * 1024, /* bytes that mud_render() may need */
	MUD_DEPTH_MAX = 16,            /* of nested JSON */
	MUD_ACES_MAX = 512,
	MUD_NAMES_MAX = 128, /* distinct DNS names */
	MUD_URIS_MAX = 32,   /* distinct authorities, models and controller classes */
	MUD_NOTES_MAX = 64,
	MUD_TEXT_MAX = 256,    /* with NUL: URL, URI or name */
	MUD_ACE_NAME_MAX = 65, /* RFC 8519 gives names 64 characters */
	MUD_PORT_ANY_HI = 65535,
	MUD_ICMP_ANY = 0xffff,
};

enum mud_direction {
	MUD_DIRECTION_UNKNOWN,
	MUD_FROM_DEVICE,
	MUD_TO_DEVICE,
	MUD_DIRECTION_COUNT,
};

enum mud_action {
	MUD_ACTION_UNKNOWN,
	MUD_ACCEPT,
	MUD_DROP, /* also reject, and whatever action we do not know */
	MUD_ACTION_COUNT,
};

/* Whom the device talks to. */
enum mud_remote {
	MUD_REMOTE_UNKNOWN,
	MUD_REMOTE_ANY,    /* the ACE names nobody */
	MUD_REMOTE_NAME,   /* ietf-acldns; text is an index into name[] */
	MUD_REMOTE_PREFIX, /* an address in the file (held for approval, 8.1) */
	MUD_REMOTE_LOCAL_NETWORKS,
	MUD_REMOTE_SAME_MANUFACTURER,
	MUD_REMOTE_MANUFACTURER, /* text is an index into uri[]: the authority */
	MUD_REMOTE_MODEL,        /* uri[]: the whole MUD URL */
	MUD_REMOTE_CONTROLLER,   /* uri[]: the class, opaque, never fetched */
	MUD_REMOTE_MY_CONTROLLER,
	MUD_REMOTE_DNS, /* the registered class of resolvers: this gateway */
	MUD_REMOTE_NTP,
	MUD_REMOTE_GATEWAY, /* unregistered URN that field files use */
	MUD_REMOTE_COUNT,
};

/* In the order of the file; the first that matches a packet decides. */
struct mud_ace {
	uint8_t direction;     /* enum mud_direction: of the packets */
	uint8_t initiated;     /* enum mud_direction: direction-initiated; unknown: not said */
	uint8_t action;        /* enum mud_action */
	uint8_t remote;        /* enum mud_remote */
	uint8_t version;       /* 4, 6; 0 either */
	uint8_t proto;         /* 1, 6, 17, 58; 0 any */
	uint8_t is_held;       /* permits by an address: needs an approval (RFC 8520, 8.1) */
	uint8_t in_quarantine; /* named by nist-mud:quarantined-device-policy */
	uint16_t text;         /* index into name[] or uri[], as remote says */
	uint16_t device_lo, device_hi; /* port of the device; 0..65535 any */
	uint16_t remote_lo, remote_hi; /* port of the other side; 0..65535 any */
	uint16_t icmp_type, icmp_code; /* MUD_ICMP_ANY: any */
	uint16_t zero;
	struct ip_prefix prefix;
	char name[MUD_ACE_NAME_MAX]; /* printable */
	char zero2[7];
};

/* What was ignored or dropped, and where in the file. */
struct mud_note {
	char path[120];   /* printable, as "acls/acl[2]/aces/ace[0]/matches/eth" */
	char reason[136]; /* printable */
};

struct mud {
	uint32_t version; /* of this struct: MUD_STRUCT_VERSION */
	uint16_t n_aces, n_names, n_uris, n_notes;
	uint32_t n_notes_lost;    /* beyond MUD_NOTES_MAX */
	int64_t last_update_s;    /* seconds since 1970 */
	uint8_t cache_validity_h; /* 1..168 */
	uint8_t is_supported;
	uint8_t has_from_device, has_to_device; /* the file has that policy */
	uint8_t needs_approval; /* incomplete (mud-version missing): never by itself */
	uint8_t zero[3];
	char url[MUD_TEXT_MAX];       /* mud-url: https */
	char authority[MUD_TEXT_MAX]; /* of url, as compared: lower case, no default port */
	char signature[MUD_TEXT_MAX]; /* mud-signature as written; empty when absent */
	char systeminfo[128];         /* the texts below are printable and cut */
	char manufacturer[128];
	char model[128];
	char firmware[64];
	char software[64];
	struct mud_ace ace[MUD_ACES_MAX];
	char name[MUD_NAMES_MAX][MUD_TEXT_MAX]; /* lower case, no trailing dot */
	char uri[MUD_URIS_MAX][MUD_TEXT_MAX];
	struct mud_note note[MUD_NOTES_MAX];
};

enum { MUD_STRUCT_VERSION = 1 };

/*
 * Reads a file that nobody trusts.  False when it is not a MUD file that could
 * be applied, even with an approval; *why then says where (line, or JSON path)
 * and what, and *mud holds nothing of use.
 */
bool mud_parse(struct mud *, const char *bytes, size_t len, struct fault *why);

/* The same for what mud_render() wrote, which may be longer than what was read. */
bool mud_parse_rendered(struct mud *, const char *bytes, size_t len, struct fault *why);

/*
 * The leaf mud-signature and nothing else, for the fetch of the signature
 * before the file is believed (RFC 8520, 13.2).  out is empty when the file has
 * none.  False when it is not JSON within the caps.
 */
bool mud_signature_leaf(
	const char *bytes, size_t len, char out[static MUD_TEXT_MAX], struct fault *why);

/* Everything that the type promises: for a struct that came through a descriptor. */
bool mud_is_valid(const struct mud *);

/*
 * A file that mud_parse() reads back to the same rules (RFC 8520, RFC 7951).
 * Gives a string that the caller frees.
 */
char *mud_render(const struct mud *);

/* "permits device -> cloud.example tcp 443"; for diffs and for people.  Returns out. */
const char *mud_ace_render(const struct mud *, const struct mud_ace *, char *out, size_t size);

/*
 * A host name in the one form that is compared: lower case, no trailing dot,
 * letters, digits, hyphen, underscore; labels of at most 63, 253 in all.
 * False (and nothing written) for anything else.
 */
bool host_name_parse(char out[static MUD_TEXT_MAX], const char *text, size_t len);

#endif
