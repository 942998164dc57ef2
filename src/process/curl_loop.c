/* SPDX-License-Identifier: Apache-2.0 */
#include "process/curl_loop.h"

#include <openssl/err.h>
#include <stddef.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/loop.h"

enum { WATCHES_MAX = 64 };

static CURLM *multi;
static struct loop_timer *multi_timer;
static void (*on_done)(void *private, CURLcode);

/*
 * By descriptor.  libcurl may close one and open another of the same number in
 * between, but it says so each time.
 */
static struct watch {
	int fd;
	struct loop_watch *readable, *writable;
} watches[WATCHES_MAX];

static void
multi_reap(void)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(multi, &left))) {
		char *private = NULL;
		if (message->msg != CURLMSG_DONE)
			continue;
		CURLcode code = message->data.result;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
		on_done(private, code);
	}
}

static void
multi_act(curl_socket_t fd, int what)
{
	int running;

	curl_multi_socket_action(multi, fd, what, &running);
	multi_reap();
}

static void
on_readable(int fd, void *arg)
{
	multi_act(fd, CURL_CSELECT_IN);
}

static void
on_writable(int fd, void *arg)
{
	multi_act(fd, CURL_CSELECT_OUT);
}

static void
watch_drop(struct watch *watch)
{
	loop_watch_free(watch->readable);
	loop_watch_free(watch->writable);
	*watch = (struct watch){.fd = -1};
}

static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct watch *watch = NULL;

	for (size_t i = 0; i < WATCHES_MAX; i++)
		if (watches[i].fd == fd)
			watch = &watches[i];
	if (watch)
		watch_drop(watch);
	if (what == CURL_POLL_REMOVE)
		return 0;
	for (size_t i = 0; i < WATCHES_MAX && !watch; i++)
		if (watches[i].fd < 0)
			watch = &watches[i];
	if (!watch)
		return -1;
	watch->fd = fd;
	if (what != CURL_POLL_OUT)
		watch->readable = loop_watch_read(fd, on_readable, NULL);
	if (what != CURL_POLL_IN)
		watch->writable = loop_watch_write(fd, on_writable, NULL);
	return 0;
}

static void
on_multi_due(void *arg)
{
	multi_act(CURL_SOCKET_TIMEOUT, 0);
}

static int
on_multi_timer(CURLM *m, long ms, void *arg)
{
	loop_timer_free(multi_timer);
	multi_timer = ms < 0 ? NULL : loop_timer_new((uint64_t)ms, false, on_multi_due, NULL);
	return 0;
}

CURLM *
curl_loop_new(unsigned connections, void (*done)(void *private, CURLcode))
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		fatalx("start", "libcurl does not start");
	multi = curl_multi_init();
	if (!multi)
		fatalx("start", "libcurl does not start");
	on_done = done;
	for (size_t i = 0; i < WATCHES_MAX; i++)
		watches[i].fd = -1;
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_multi_timer);
	curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)connections);
	return multi;
}

static bool
load(X509_STORE *store, const char *path)
{
	bool is_fine = X509_STORE_load_file(store, path) == 1;

	ERR_clear_error();
	return is_fine;
}

X509_STORE *
curl_loop_anchors(const char *web_ca)
{
	static const char *const bundles[] = {"/etc/ssl/certs/ca-certificates.crt",
		"/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"};
	X509_STORE *store = X509_STORE_new();
	bool is_found = false;

	if (!store)
		fatalx("start", "no memory for trust anchors");
	if (web_ca[0]) {
		if (!load(store, web_ca))
			log_warnx("web-ca", "no trust anchor in \"%s\"; no server is believed",
				web_ca);
		return store;
	}
	for (size_t i = 0; i < COUNT_OF(bundles) && !is_found; i++)
		is_found = load(store, bundles[i]);
	if (!is_found)
		log_warnx("web-ca", "the system has no trust anchors; no server is believed "
				    "(package ca-certificates)");
	return store;
}
