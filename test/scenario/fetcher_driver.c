/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The real fetcher process, confined, before servers that 230-*.sh started;
 * this program plays the monitor, the engine and the resolver.
 *
 *	2001:db8:5::1   six.example
 *	198.18.5.1      good.example     198.18.5.2    expired.example
 *	198.18.5.3      unknown.example  198.18.5.4    endless.example
 *	198.18.5.5      slow.example     192.168.77.12 a device, with a server
 */
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"
#include "message/channel.h"
#include "policy/mud.h"

static struct {
	pid_t fetcher;
	struct channel *monitor, *engine, *resolver;
	bool is_ready;
	unsigned n_lookups, n_fetched, n_pages;
	char asked[16][VIEW_NAME_MAX];
	struct message_fetched fetched;
	struct message_page page;
	char answered[400000]; /* with the page */
	int fd;
} world = {.fd = -1};

static struct mud mud;

static const struct {
	const char *name;
	const char *address[2];
} zone[] = {
	{"good.example", {"198.18.5.1"}},
	{"six.example", {"2001:db8:5::1"}},
	{"wrong.example", {"198.18.5.1"}},
	{"expired.example", {"198.18.5.2"}},
	{"unknown.example", {"198.18.5.3"}},
	{"endless.example", {"198.18.5.4"}},
	{"slow.example", {"198.18.5.5"}},
	{"inside.example", {"192.168.77.12"}},
	{"mixed.example", {"198.18.5.1", "192.168.77.12"}},
	{"own.example", {"198.18.0.2"}},
	{"nobody.example", {"198.18.5.77"}},
};

static void
look_up(struct channel *channel, uint32_t seq, const struct message_lookup *asked)
{
	struct message_looked_up found = {.err = ERR_NOT_FOUND};

	if (world.n_lookups < 16)
		memcpy(world.asked[world.n_lookups++], asked->name, VIEW_NAME_MAX);
	for (size_t i = 0; i < sizeof zone / sizeof *zone; i++) {
		if (strcmp(zone[i].name, asked->name))
			continue;
		found.err = ERR_OK;
		for (int k = 0; k < 2 && zone[i].address[k]; k++)
			EXPECT(ip_parse(&found.address[found.n_addresses++], zone[i].address[k]));
	}
	EXPECT(!channel_send(channel, MESSAGE_LOOKED_UP, seq, &found, sizeof found, -1));
}

static void
on_message(struct channel *channel, const struct message_header *header, const void *payload,
	int fd, void *arg)
{
	if (header->type == MESSAGE_READY)
		world.is_ready = true;
	if (header->type == MESSAGE_LOOKUP)
		look_up(channel, header->seq, payload);
	if (header->type == MESSAGE_FETCHED) {
		memcpy(&world.fetched, payload, sizeof world.fetched);
		world.n_fetched++;
		world.fd = fd;
	}
	if (header->type == MESSAGE_PAGE) {
		memcpy(&world.page, payload, sizeof world.page);
		world.n_pages++;
		size_t len = world.page.n_head + world.page.n_body;
		memset(world.answered, 0, sizeof world.answered);
		EXPECT((fd < 0) == (world.page.err != ERR_OK) && len < sizeof world.answered);
		if (fd < 0)
			return;
		EXPECT_INT(pread(fd, world.answered, len, 0), len);
		EXPECT(fcntl(fd, F_GET_SEALS) & F_SEAL_WRITE);
		close(fd);
	}
}

static void
on_closed(struct channel *channel, const char *why, void *arg)
{
	print_message("channel closed: %s\n", why);
}

static void
pump(int ms)
{
	uint64_t until = clock_monotonic_ns() + (uint64_t)ms * CLOCK_MS_NS;

	do {
		loop_once(false);
		usleep(500);
	} while (clock_monotonic_ns() < until);
}

static struct channel *
connect_peer(enum process self)
{
	struct message_descriptor m = {.what = DESCRIPTOR_PEER, .peer = (uint8_t)self};
	int pair[2];

	EXPECT(!channel_pair(pair));
	struct channel *channel =
		channel_new(pair[0], self, PROCESS_FETCHER, on_message, on_closed, NULL);
	EXPECT(!channel_send(world.monitor, MESSAGE_DESCRIPTOR, 0, &m, sizeof m, pair[1]));
	close(pair[1]);
	return channel;
}

static struct settings
home(void)
{
	const char *folder = getenv("FOLDER");
	struct settings s;

	settings_init(&s);
	s.mode = SETTINGS_ROUTER;
	snprintf(s.bridge, sizeof s.bridge, "br-lan");
	s.n_ports = 1;
	snprintf(s.port[0], sizeof s.port[0], "port1");
	snprintf(s.uplink, sizeof s.uplink, "uplink");
	s.debug = getenv("PINFOLD_DEBUG") != NULL;
	s.uplink_mode = SETTINGS_UPLINK_STATIC;
	EXPECT(prefix_parse(&s.uplink4, "198.18.0.2/30"));
	EXPECT(ip_parse(&s.gateway4, "198.18.0.1"));
	EXPECT(prefix_parse(&s.lan4, "192.168.77.1/24"));
	EXPECT(prefix_parse(&s.lan6, "fd77::1/64"));
	snprintf(s.web_ca, sizeof s.web_ca, "%s/web-authority.pem", folder);
	snprintf(s.mud_ca, sizeof s.mud_ca, "%s/mud-authority.pem", folder);
	snprintf(s.state_directory, sizeof s.state_directory, "%s", folder);
	snprintf(s.run_directory, sizeof s.run_directory, "%s", folder);
	return s;
}

static void
start(void)
{
	struct settings settings = home();
	const char *path = getenv("FETCHER");
	int pair[2];

	if (world.fetcher)
		return;
	if (!path)
		SKIP("run by 230-mud-files-are-fetched-and-judged.sh");
	loop_init();
	EXPECT(!channel_pair(pair));
	world.fetcher = fork();
	if (!world.fetcher) {
		/* dup2() to itself would keep close-on-exec */
		int high = fcntl(pair[1], F_DUPFD, 64);
		dup2(high, 3);
		for (int fd = 4; fd < 256; fd++)
			close(fd);
		/* nothing of our surroundings leads the requests elsewhere */
		setenv("https_proxy", "http://192.168.77.12:443", 1);
		execl(path, path, (char *)NULL);
		_exit(127);
	}
	close(pair[1]);
	world.monitor =
		channel_new(pair[0], PROCESS_MONITOR, PROCESS_FETCHER, on_message, on_closed, NULL);
	EXPECT(!channel_send(world.monitor, MESSAGE_SETTINGS, 0, &settings, sizeof settings, -1));
	world.engine = connect_peer(PROCESS_ENGINE);
	world.resolver = connect_peer(PROCESS_RESOLVER);
	EXPECT(!channel_send(world.monitor, MESSAGE_GO, 0, NULL, 0, -1));
	for (int i = 0; i < 300 && !world.is_ready; i++)
		pump(10);
	EXPECT(world.is_ready);
}

static void
ask(uint32_t id, const char *url)
{
	struct message_fetch fetch = {.id = id};

	snprintf(fetch.url, sizeof fetch.url, "%s", url);
	EXPECT(!channel_send(world.engine, MESSAGE_FETCH, id, &fetch, sizeof fetch, -1));
}

/* Fetches and waits; the struct is in `mud` when there is one. */
static const struct message_fetched *
fetch(const char *url, int wait_s)
{
	static uint32_t id;

	start();
	if (world.fd >= 0)
		close(world.fd);
	world.fd = -1;
	world.n_fetched = world.n_lookups = 0;
	memset(&mud, 0, sizeof mud);
	ask(++id, url);
	for (int i = 0; i < wait_s * 100 && !world.n_fetched; i++)
		pump(10);
	EXPECT_INT(world.n_fetched, 1);
	EXPECT_INT(world.fetched.id, id);
	EXPECT(world.fetched.err ? world.fd < 0 : world.fd >= 0);
	if (world.fd >= 0) {
		EXPECT_INT(pread(world.fd, &mud, sizeof mud, 0), sizeof mud);
		EXPECT(mud_is_valid(&mud));
	}
	print_message("  %s: %s, signature %u, %s %s\n", url, err_text((enum err)world.fetched.err),
		world.fetched.signature, world.fetched.signer, world.fetched.why);
	return &world.fetched;
}

TEST(a_file_with_a_named_signature_arrives_in_sealed_memory)
{
	const struct message_fetched *f = fetch("https://good.example/named.json", 10);

	EXPECT_INT(f->err, ERR_OK);
	EXPECT_INT(f->signature, SIGNATURE_GOOD);
	EXPECT(strstr(f->signer, "CN=maker, key ") == f->signer);
	EXPECT_INT(mud.n_aces, 1);
	EXPECT_STR(mud.name[0], "cloud.example");
	EXPECT_INT(fcntl(world.fd, F_GET_SEALS),
		F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	EXPECT(pwrite(world.fd, "x", 1, 0) < 0);
}

TEST(without_the_leaf_the_signature_is_looked_for_beside_the_file)
{
	const struct message_fetched *f = fetch("https://good.example/guessed.json", 10);

	EXPECT_INT(f->err, ERR_OK);
	EXPECT_INT(f->signature, SIGNATURE_GOOD);
}

TEST(a_server_is_reached_by_ipv6_and_a_name_with_its_dot)
{
	EXPECT_INT(fetch("https://six.example/named.json", 10)->err, ERR_OK);
	EXPECT_INT(fetch("https://good.example./named.json", 10)->err, ERR_OK);
	EXPECT_STR(world.asked[0], "good.example");
	EXPECT_STR(mud.authority, "good.example");
	EXPECT_INT(fetch("https://good.example:443/named.json", 10)->err, ERR_OK);
}

TEST(a_file_without_a_signature_arrives_and_says_so)
{
	EXPECT_INT(fetch("https://good.example/unsigned.json", 10)->signature, SIGNATURE_NONE);
	EXPECT_INT(world.fetched.err, ERR_OK);
	EXPECT_INT(fetch("https://good.example/lost.json", 10)->signature, SIGNATURE_NONE);
	EXPECT(strstr(world.fetched.why, "its signature could not be fetched"));
}

TEST(an_altered_file_and_a_signature_of_another_are_not_processed)
{
	EXPECT_INT(fetch("https://good.example/altered.json", 10)->err, ERR_DENIED);
	EXPECT_INT(world.fetched.signature, SIGNATURE_BAD);
	EXPECT_INT(fetch("https://good.example/other.json", 10)->err, ERR_DENIED);
	EXPECT_INT(fetch("https://good.example/not-for-it.json", 10)->err, ERR_DENIED);
	EXPECT(strstr(world.fetched.why, "not for digital signatures"));
	EXPECT_INT(fetch("https://good.example/lapsed.json", 10)->err, ERR_DENIED);
}

TEST(a_signer_whom_no_anchor_knows_is_named_and_left_to_the_owner)
{
	const struct message_fetched *f = fetch("https://good.example/stranger.json", 10);

	EXPECT_INT(f->err, ERR_OK);
	EXPECT_INT(f->signature, SIGNATURE_UNTRUSTED);
	EXPECT(strstr(f->signer, "CN=stranger"));
}

TEST(a_server_whose_certificate_is_wrong_expired_or_unknown_gives_nothing)
{
	EXPECT_INT(fetch("https://wrong.example/named.json", 10)->err, ERR_DENIED);
	EXPECT(strstr(world.fetched.why, "not its name"));
	EXPECT_INT(fetch("https://expired.example/named.json", 10)->err, ERR_DENIED);
	EXPECT(strstr(world.fetched.why, "expired"));
	EXPECT_INT(fetch("https://unknown.example/named.json", 10)->err, ERR_DENIED);
	EXPECT(strstr(world.fetched.why, "issuer"));
}

TEST(a_redirect_is_followed_to_another_https_name_and_each_name_is_asked_for_anew)
{
	EXPECT_INT(fetch("https://good.example/moved.json", 10)->err, ERR_OK);
	EXPECT_INT(fetch("https://good.example/hop1.json", 10)->err, ERR_OK);
	EXPECT_INT(world.n_lookups, 7); /* six pages and a signature */
	EXPECT(fetch("https://good.example/loop.json", 10)->err);
	EXPECT_INT(world.n_lookups, 6);
}

TEST(a_redirect_inside_to_an_address_or_to_anything_but_https_ends_the_fetch)
{
	EXPECT(fetch("https://good.example/to-inside.json", 10)->err);
	EXPECT_STR(world.asked[1], "inside.example");
	EXPECT(fetch("https://good.example/to-literal.json", 10)->err);
	EXPECT(fetch("https://good.example/to-http.json", 10)->err);
	EXPECT(fetch("https://good.example/to-file.json", 10)->err);
}

TEST(a_name_that_leads_inside_even_among_others_is_not_connected_to)
{
	EXPECT_INT(fetch("https://inside.example/guessed.json", 10)->err, ERR_DENIED);
	EXPECT_INT(fetch("https://mixed.example/guessed.json", 10)->err, ERR_DENIED);
	EXPECT_INT(fetch("https://own.example/guessed.json", 10)->err, ERR_DENIED);
}

TEST(what_is_no_mud_file_is_refused_with_its_reason)
{
	EXPECT_INT(fetch("https://good.example/broken.json", 10)->err, ERR_INVALID);
	EXPECT(strstr(world.fetched.why, "line 2"));
	EXPECT_INT(fetch("https://good.example/missing.json", 10)->err, ERR_NOT_FOUND);
	EXPECT_INT(fetch("https://good.example/attached.json", 10)->err, ERR_DENIED);
	EXPECT(fetch("https://absent.example/x.json", 10)->err);
}

TEST(a_file_speaks_for_the_url_that_led_to_it_and_not_for_another_maker)
{
	EXPECT_INT(fetch("https://good.example/borrowed.json", 10)->err, ERR_OK);
	EXPECT_STR(mud.url, "https://good.example/borrowed.json");
	EXPECT_STR(mud.authority, "good.example");
	EXPECT_INT(mud.n_notes, 1);
}

TEST(a_body_that_is_too_long_or_has_no_end_is_cut_off)
{
	EXPECT_INT(fetch("https://good.example/large.json", 10)->err, ERR_FULL);
	EXPECT_INT(fetch("https://endless.example/x.json", 10)->err, ERR_FULL);
}

static void
ask_page(uint32_t ticket, const char *url)
{
	struct message_page_ask asked = {.run = 7, .ticket = ticket};

	snprintf(asked.url, sizeof asked.url, "%s", url);
	EXPECT(!channel_send(world.engine, MESSAGE_PAGE_ASK, 0, &asked, sizeof asked, -1));
}

TEST(slow_bodies_end_after_twenty_and_thirty_seconds_and_disturb_no_other_fetch)
{
	start();
	ask(9001, "https://slow.example/x.json");
}

/* --- pages of a maker's site --------------------------------------------------------------- */

static const struct message_page *
fetch_page(const char *url)
{
	static uint32_t ticket;

	start();
	world.n_pages = world.n_lookups = 0;
	ask_page(++ticket, url);
	for (int i = 0; i < 1000 && !world.n_pages; i++)
		pump(10);
	EXPECT_INT(world.n_pages, 1);
	EXPECT_INT(world.page.run, 7);
	EXPECT_INT(world.page.ticket, ticket);
	print_message("  %s: %s, %u, %u and %u bytes, %s\n", url,
		err_text((enum err)world.page.err), world.page.status, world.page.n_head,
		world.page.n_body, world.page.why);
	return &world.page;
}

TEST(a_page_arrives_as_it_was_answered_whatever_it_is)
{
	const struct message_page *page = fetch_page("https://good.example/unsigned.json");

	EXPECT_INT(page->err, ERR_OK);
	EXPECT_INT(page->status, 200);
	EXPECT(page->n_head && page->n_body && !page->is_cut);
	EXPECT(!strncmp(world.answered, "HTTP/1.1 200 OK\r\n", 17));
	EXPECT(!memcmp(world.answered + page->n_head - 4, "\r\n\r\n{", 5));
	EXPECT_INT(page->address.version, 4);
	EXPECT_INT(fetch_page("https://good.example/missing.html")->status, 404);
	EXPECT_INT(world.page.err, ERR_OK);
}

TEST(no_redirect_of_a_page_is_followed)
{
	const struct message_page *page = fetch_page("https://good.example/to-inside.json");

	EXPECT_INT(page->err, ERR_OK);
	EXPECT_INT(page->status, 301);
	EXPECT(strstr(world.answered, "Location: https://inside.example/guessed.json"));
	EXPECT_INT(world.n_lookups, 1);
}

TEST(a_page_inside_or_behind_a_wrong_certificate_is_none)
{
	EXPECT_INT(fetch_page("https://inside.example/x")->err, ERR_DENIED);
	EXPECT_INT(fetch_page("https://mixed.example/x")->err, ERR_DENIED);
	EXPECT_INT(fetch_page("https://wrong.example/x")->err, ERR_INVALID);
	EXPECT_INT(fetch_page("https://expired.example/x")->err, ERR_INVALID);
	EXPECT_INT(fetch_page("https://absent.example/x")->err, ERR_NOT_FOUND);
	EXPECT_INT(fetch_page("https://nobody.example/x")->err, ERR_CLOSED);
	EXPECT_INT(fetch_page("https://192.0.2.1/x")->err, ERR_INVALID);
}

TEST(a_page_without_end_is_cut)
{
	const struct message_page *page = fetch_page("https://endless.example/");

	EXPECT_INT(page->err, ERR_OK);
	EXPECT(page->is_cut && page->n_body <= 256 * 1024);
	world.n_pages = 0;
	ask_page(9002, "https://slow.example/");
	pump(300);
	EXPECT_INT(fetch("https://good.example/named.json", 10)->err, ERR_OK);
	uint64_t begun = clock_monotonic_ns();
	for (int i = 0; i < 2500 && !world.n_pages; i++)
		pump(10);
	EXPECT(clock_monotonic_ns() - begun < 22 * CLOCK_SECOND_NS);
	EXPECT_INT(world.page.ticket, 9002);
	EXPECT_INT(world.page.err, ERR_OK);
	EXPECT(world.page.is_cut && world.page.n_body > 5 && world.page.n_body < 40);
}

TEST(nothing_in_a_request_tells_whose_gateway_asks)
{
	struct message_page_ask list = {.ticket = 9003, .is_status = 1};
	char path[300], line[512] = "";
	bool is_seen = false, is_list_seen = false;

	start();
	snprintf(path, sizeof path, "%s/good.access", getenv("FOLDER"));
	fetch("https://good.example/named.json", 10);
	world.n_pages = 0;
	snprintf(list.url, sizeof list.url, "https://good.example/status-list.jwt");
	EXPECT(!channel_send(world.engine, MESSAGE_PAGE_ASK, 0, &list, sizeof list, -1));
	for (int i = 0; i < 1000 && !world.n_pages; i++)
		pump(10);
	EXPECT_INT(world.page.ticket, 9003);
	EXPECT(world.page.is_status);
	EXPECT_INT(world.page.status, 404);
	/* The server writes its lines now and then. */
	for (int i = 0; i < 80 && !(is_seen && is_list_seen); i++) {
		pump(100);
		FILE *log = fopen(path, "r");
		EXPECT(log);
		while (fgets(line, sizeof line, log)) {
			if (strstr(line, "GET /named.json"))
				is_seen |= strstr(line, "|mud-manager|application/mud+json, "
							"application/json;q=0.5") != NULL;
			if (strstr(line, "GET /status-list.jwt"))
				is_list_seen |=
					strstr(line, "|label-status|application/statuslist+jwt, "
						     "*/*;q=0.1") != NULL;
		}
		fclose(log);
	}
	print_message("  %s", line);
	EXPECT(is_seen);
	EXPECT(is_list_seen);
}

TEST(the_fetcher_outlives_all_of_it_and_ends_with_its_monitor)
{
	int status;

	start();
	EXPECT_INT(waitpid(world.fetcher, &status, WNOHANG), 0);
	channel_free(world.monitor);
	pid_t ended = 0;
	for (int i = 0; i < 200 && !ended; i++) {
		pump(10);
		ended = waitpid(world.fetcher, &status, WNOHANG);
	}
	EXPECT_INT(ended, world.fetcher);
}
