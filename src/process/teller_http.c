/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Webhooks, ntfy and mail, by libcurl: one request for a message.  In: a receiver whose
 * addresses are known, and a message.  Out: whether it was taken.  Of what is answered only
 * the status is looked at; no redirect is followed, since secrets go along.
 */
#include <curl/curl.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "process/curl_loop.h"
#include "process/teller.h"
#include "tell/render.h"

enum {
	JOBS_MAX = 2 * RECEIVERS_MAX, /* a message and a test for each */
	JOB_MS = 20 * 1000,
	CONNECT_MS = 10 * 1000,
	ANSWER_MAX = 64 * 1024,
};

struct job {
	uint8_t receiver; /* 0: the place is free */
	bool is_mail;
	uint32_t ticket;
	CURL *easy;
	struct curl_slist *headers, *pinned, *recipients;
	char *body;
	size_t len, at, answered;
};

static struct job jobs[JOBS_MAX];
static CURLM *multi;

static void
job_free(struct job *job)
{
	if (job->easy) {
		curl_multi_remove_handle(multi, job->easy);
		curl_easy_cleanup(job->easy);
	}
	curl_slist_free_all(job->headers);
	curl_slist_free_all(job->pinned);
	curl_slist_free_all(job->recipients);
	free(job->body);
	*job = (struct job){0};
}

void
http_drop(uint8_t receiver)
{
	for (size_t i = 0; i < JOBS_MAX; i++) {
		if (!jobs[i].receiver || (receiver && jobs[i].receiver != receiver))
			continue;
		uint32_t ticket = jobs[i].ticket;
		job_free(&jobs[i]);
		if (receiver)
			teller_answer(receiver, ticket, ERR_CLOSED, false, "it moved meanwhile");
	}
}

/* --- what became of it ---------------------------------------------------------------------------- */

/* Refused for what it is, and not for the moment: the same message will not do better. */
static bool
is_refusal(long status)
{
	return status == 400 || status == 413 || status == 422;
}

static void
on_done(void *private, CURLcode code)
{
	struct job *job = private, done = *job;
	char why[96];
	long status = 0;

	curl_easy_getinfo(job->easy, CURLINFO_RESPONSE_CODE, &status);
	job_free(job);
	/* More than is read of an answer came: its status came before. */
	if (code != CURLE_OK && !(code == CURLE_WRITE_ERROR && !done.is_mail && status)) {
		snprintf(why, sizeof why, "%s", curl_easy_strerror(code));
		if (done.is_mail && status >= 400)
			snprintf(why, sizeof why, "the mail server answered %ld", status);
		teller_answer(done.receiver, done.ticket,
			code == CURLE_OPERATION_TIMEDOUT ? ERR_TIMEOUT : ERR_CLOSED, false, why);
		return;
	}
	if (done.is_mail || (status >= 200 && status < 300)) {
		teller_answer(done.receiver, done.ticket, ERR_OK, true, "");
		return;
	}
	snprintf(why, sizeof why, "the server answered %ld", status);
	teller_answer(done.receiver, done.ticket, ERR_DENIED, is_refusal(status), why);
}

/* --- one request ------------------------------------------------------------------------------------ */

static size_t
on_answer(char *bytes, size_t size, size_t n, void *arg)
{
	struct job *job = arg;

	job->answered += n;
	return job->answered > ANSWER_MAX ? 0 : n;
}

static size_t
on_more_mail(char *out, size_t size, size_t n, void *arg)
{
	struct job *job = arg;
	size_t left = job->len - job->at, take = size * n < left ? size * n : left;

	memcpy(out, job->body + job->at, take);
	job->at += take;
	return take;
}

static CURLcode
on_ssl(CURL *easy, void *ctx, void *arg)
{
	SSL_CTX_set1_cert_store(ctx, teller.anchors);
	return CURLE_OK;
}

static int
on_lookup(void *state, void *reserved, void *arg)
{
	return 1; /* whatever is not pinned is not looked up here */
}

#define SET(option, value) (!curl_easy_setopt(job->easy, option, value))

/* "host:port:address,address", so that libcurl asks nobody; an address needs no pin. */
static bool
pin(struct job *job, const struct message_receiver *to)
{
	char entry[sizeof to->host + 16 + RECEIVER_ADDRESSES_MAX * (IP_TEXT_MAX + 3)];
	struct ip ip;
	size_t used;

	if (ip_parse(&ip, to->host))
		return true;
	used = (size_t)snprintf(entry, sizeof entry, "%s:%u:", to->host, to->port);
	for (uint32_t i = 0; i < to->n_addresses; i++) {
		char text[IP_TEXT_MAX];
		ip_render(&to->address[i], text);
		used += (size_t)snprintf(entry + used, sizeof entry - used,
			to->address[i].version == 6 ? "%s[%s]" : "%s%s", i ? "," : "", text);
	}
	job->pinned = curl_slist_append(NULL, entry);
	return SET(CURLOPT_RESOLVE, job->pinned) && SET(CURLOPT_RESOLVER_START_FUNCTION, on_lookup);
}

static bool
set_common(struct job *job, const struct message_receiver *to, const char *scheme)
{
	char url[sizeof to->host + sizeof to->path + 32];
	bool is_v6 = strchr(to->host, ':');

	snprintf(url, sizeof url, "%s://%s%s%s:%u%s", scheme, is_v6 ? "[" : "", to->host,
		is_v6 ? "]" : "", to->port, to->kind == RECEIVER_WEBHOOK ? to->path : "/");
	return SET(CURLOPT_URL, url) && SET(CURLOPT_PROTOCOLS_STR, scheme) &&
	       SET(CURLOPT_FOLLOWLOCATION, 0L) && SET(CURLOPT_NOSIGNAL, 1L) &&
	       SET(CURLOPT_PROXY, "") && SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) &&
	       SET(CURLOPT_FRESH_CONNECT, 1L) && SET(CURLOPT_FORBID_REUSE, 1L) &&
	       SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
	       SET(CURLOPT_SSL_VERIFYPEER, 1L) && SET(CURLOPT_SSL_VERIFYHOST, 2L) &&
	       SET(CURLOPT_CAINFO, NULL) && SET(CURLOPT_CAPATH, NULL) &&
	       SET(CURLOPT_SSL_CTX_FUNCTION, on_ssl) && SET(CURLOPT_SSL_SESSIONID_CACHE, 0L) &&
	       SET(CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS) &&
	       SET(CURLOPT_TIMEOUT_MS, (long)JOB_MS) && SET(CURLOPT_WRITEFUNCTION, on_answer) &&
	       SET(CURLOPT_WRITEDATA, job) && SET(CURLOPT_PRIVATE, job) && pin(job, to);
}

/* Of a webhook the secret signs, of ntfy it is a token, or the password of a user. */
static bool
set_secret(struct job *job, const struct message_receiver *to)
{
	char bearer[sizeof to->secret + 32];

	if (to->kind == RECEIVER_WEBHOOK || !to->secret[0])
		return true;
	if (to->user[0])
		return SET(CURLOPT_USERNAME, to->user) && SET(CURLOPT_PASSWORD, to->secret) &&
		       SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
	snprintf(bearer, sizeof bearer, "Authorization: Bearer %s", to->secret);
	job->headers = curl_slist_append(job->headers, bearer);
	return true;
}

enum { SITE_MAX = 72 };

/* Where the pages are: a proxy is where browsers look by themselves, ours at its port. */
static const char *
site_of(const struct settings *settings, char out[static SITE_MAX])
{
	bool has_port = settings->web_certificate[0] && settings->web_tls_port != 443;

	if (has_port && settings->web_name[0])
		snprintf(out, SITE_MAX, "%s:%u", settings->web_name, settings->web_tls_port);
	else
		snprintf(out, SITE_MAX, "%s", settings->web_name);
	return out;
}

static bool
set_http(struct job *job, const struct message_receiver *to, const struct message_tell *tell)
{
	char signature[SIGNATURE_HEADER_MAX], site[SITE_MAX], id[DELIVERY_MAX],
		delivery[DELIVERY_MAX + 24];

	job->body = to->kind == RECEIVER_NTFY
			    ? render_ntfy(tell, to->path + 1, site_of(teller.settings, site))
			    : render_webhook(tell);
	job->headers = curl_slist_append(NULL, "Content-Type: application/json");
	job->headers = curl_slist_append(job->headers, "Expect:");
	if (to->kind == RECEIVER_WEBHOOK) {
		render_signature(signature, to->secret, clock_wall_s(), job->body);
		snprintf(delivery, sizeof delivery, "Pinfold-Delivery: %s",
			render_delivery(id, tell));
		job->headers = curl_slist_append(job->headers, signature);
		job->headers = curl_slist_append(job->headers, delivery);
	}
	return set_common(job, to, to->has_tls ? "https" : "http") && set_secret(job, to) &&
	       SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
	       SET(CURLOPT_USERAGENT, "pinfold/" PINFOLD_VERSION) &&
	       SET(CURLOPT_HTTPHEADER, job->headers) && SET(CURLOPT_POST, 1L) &&
	       SET(CURLOPT_POSTFIELDS, job->body);
}

static bool
set_mail(struct job *job, const struct message_receiver *to, const struct message_tell *tell)
{
	job->body = render_mail(tell, to, clock_wall_s());
	job->len = strlen(job->body);
	job->recipients = curl_slist_append(NULL, to->recipient);
	/* Without TLS only inside, and never with a password. */
	long tls = to->is_near && !to->secret[0] ? CURLUSESSL_TRY : CURLUSESSL_ALL;
	return set_common(job, to, to->has_tls ? "smtps" : "smtp") && SET(CURLOPT_USE_SSL, tls) &&
	       (!to->user[0] ||
		       (SET(CURLOPT_USERNAME, to->user) && SET(CURLOPT_PASSWORD, to->secret))) &&
	       SET(CURLOPT_MAIL_FROM, to->sender) && SET(CURLOPT_MAIL_RCPT, job->recipients) &&
	       SET(CURLOPT_UPLOAD, 1L) && SET(CURLOPT_READFUNCTION, on_more_mail) &&
	       SET(CURLOPT_READDATA, job);
}

void
http_tell(const struct message_receiver *to, const struct message_tell *tell)
{
	struct job *job = NULL;

	for (size_t i = 0; i < JOBS_MAX && !job; i++)
		if (!jobs[i].receiver)
			job = &jobs[i];
	if (!job) {
		teller_answer(tell->receiver, tell->ticket, ERR_BUSY, false, "too many at once");
		return;
	}
	*job = (struct job){.receiver = tell->receiver,
		.ticket = tell->ticket,
		.is_mail = to->kind == RECEIVER_MAIL,
		.easy = curl_easy_init()};
	if (!job->easy || !(job->is_mail ? set_mail(job, to, tell) : set_http(job, to, tell)) ||
		curl_multi_add_handle(multi, job->easy)) {
		job_free(job);
		teller_answer(tell->receiver, tell->ticket, ERR_SYSTEM, false,
			"no request could be made");
	}
}

void
http_start(void)
{
	multi = curl_loop_new(JOBS_MAX, on_done);
}
