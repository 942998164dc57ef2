/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MUD files from their makers' servers (RFC 8520, section 13).  In: a URL that
 * some device claimed.  Out: the file as struct mud in sealed memory, with its
 * digest and what its signature is worth; or why not.
 *
 * And pages of a maker's site, for an audit.  Out: what was answered, whatever it
 * is, as it came, in sealed memory; nobody here reads it, and no redirect is
 * followed.  The same with the list in which an issuer says what its labels are
 * worth: each gateway asks for the same file, in the same words.
 *
 * Must never: speak to anything inside (each name is looked up by the resolver,
 * each address checked and pinned, each redirect the same anew), read a file or
 * anything else than https, keep a connection, or say who asks.
 */
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/printable.h"
#include "policy/mud.h"
#include "process/confine.h"
#include "process/curl_loop.h"
#include "process/fetcher_signature.h"
#include "process/fetcher_url.h"
#include "process/process.h"

enum {
	JOBS_MAX = 16,
	REDIRECTS_MAX = 5,
	JOB_MS = 30 * 1000,
	CONNECT_MS = 10 * 1000,
	PINNED_MAX = 16,
	HEAD_MAX = 16 * 1024,  /* header lines of a page */
	PAGE_MAX = 256 * 1024, /* its body; what is longer is cut */
	PAGE_MS = 20 * 1000,   /* all of it; who sends a byte a second is cut as well */
};

enum step { STEP_FREE, STEP_FILE, STEP_SIGNATURE, STEP_PAGE };

/* One file: first it, then its signature, one request at a time.  Or one page. */
struct job {
	enum step step;
	uint32_t id, seq;         /* the engine's; of a page, the run and its ticket */
	struct mud_url url;       /* as the device claimed it: the file's identity */
	struct mud_url signature; /* where the signature is */
	bool is_signature_named;
	bool is_status; /* the page is a list of statuses */
	uint64_t begun_ns;
	struct loop_timer *timer;
	/* the running request */
	struct mud_url at;
	unsigned redirects;
	uint32_t lookup; /* seq of the question to the resolver, 0 none */
	CURL *easy;
	struct curl_slist *headers, *pinned;
	char *body;
	size_t len, len_max;
	char *head; /* of a page */
	size_t head_len;
	bool is_too_long;
	/* what came */
	char *file;
	size_t file_len;
	char redirected[256]; /* authority that gave the file, when another */
};

static const struct settings *settings;
static struct channel *engine, *resolver;
static struct job jobs[JOBS_MAX];
static uint32_t next_lookup = 1;
static X509_STORE *web_anchors, *mud_anchors;
static CURLM *multi;

static void step_end(struct job *, enum err, const char *why);

/* --- answers ------------------------------------------------------------------------------------ */

static void
request_free(struct job *job)
{
	if (job->easy) {
		curl_multi_remove_handle(multi, job->easy);
		curl_easy_cleanup(job->easy);
	}
	curl_slist_free_all(job->headers);
	curl_slist_free_all(job->pinned);
	free(job->body);
	free(job->head);
	job->head = NULL;
	job->head_len = 0;
	job->easy = NULL;
	job->headers = job->pinned = NULL;
	job->body = NULL;
	job->len = 0;
	job->is_too_long = false;
	job->lookup = 0;
}

static void
job_free(struct job *job)
{
	request_free(job);
	loop_timer_free(job->timer);
	free(job->file);
	*job = (struct job){0};
}

static void
answer(struct job *job, struct message_fetched *fetched, int fd)
{
	fetched->id = job->id;
	if (!engine ||
		channel_send(engine, MESSAGE_FETCHED, job->seq, fetched, sizeof *fetched, fd))
		log_warnx("engine", "an answer could not be sent");
	job_free(job);
}

/* Zero behind its end, as messages want it. */
static void
say(struct message_fetched *fetched, const char *intent, const char *why)
{
	memset(fetched->why, 0, sizeof fetched->why);
	snprintf(fetched->why, sizeof fetched->why, "%s%.200s", intent, why);
}

static void page_end(struct job *, enum err, const char *why);

static void
job_fail(struct job *job, enum err err, const char *why)
{
	struct message_fetched fetched = {.err = err};

	if (job->step == STEP_PAGE) {
		page_end(job, err, why);
		return;
	}
	say(&fetched, "", why);
	answer(job, &fetched, -1);
}

/* Memory that nobody can change any more, ours included. */
static int
sealed(const void *bytes, size_t len)
{
	int fd = memfd_create("mud", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	size_t done = 0;

	while (fd >= 0 && done < len) {
		ssize_t n = write(fd, (const char *)bytes + done, len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	if (fd >= 0 &&
		(done < len || fcntl(fd, F_ADD_SEALS,
				       F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* The file speaks for the URL that led to it, whatever it calls itself. */
static void
claim_url(struct mud *mud, const struct job *job)
{
	if (!strcmp(mud->url, job->url.text))
		return;
	if (mud->n_notes < MUD_NOTES_MAX) {
		struct mud_note *note = &mud->note[mud->n_notes++];
		memset(note, 0, sizeof *note);
		snprintf(note->path, sizeof note->path, "mud-url");
		snprintf(note->reason, sizeof note->reason,
			"not the URL that it was fetched by; that one counts");
	}
	memset(mud->url, 0, sizeof mud->url);
	memset(mud->authority, 0, sizeof mud->authority);
	memcpy(mud->url, job->url.text, sizeof mud->url);
	mud_url_authority(&job->url, mud->authority);
}

static void
job_finish(struct job *job, const struct signature *signature)
{
	static struct mud mud;
	struct message_fetched fetched = {.signature = (uint8_t)signature->state};
	struct fault why = {0};
	auto_close int fd = -1;

	EVP_Digest(job->file, job->file_len, fetched.digest, NULL, EVP_sha256(), NULL);
	memcpy(fetched.signer, signature->signer, sizeof fetched.signer);
	memcpy(fetched.why, signature->why, sizeof fetched.why);
	if (signature->state == SIGNATURE_BAD) {
		/* RFC 8520, 13.2: processing ceases; not one more byte is looked at */
		fetched.err = ERR_DENIED;
		say(&fetched, "signature: ", signature->why);
		answer(job, &fetched, -1);
		return;
	}
	if (!mud_parse(&mud, job->file, job->file_len, &why)) {
		fetched.err = ERR_INVALID;
		say(&fetched, "MUD file: ", why.text);
		answer(job, &fetched, -1);
		return;
	}
	claim_url(&mud, job);
	if (job->redirected[0] && !fetched.why[0])
		say(&fetched, "redirected to ", job->redirected);
	fd = sealed(&mud, sizeof mud);
	if (fd < 0)
		fetched.err = ERR_SYSTEM;
	answer(job, &fetched, fd);
}

/* --- one request ------------------------------------------------------------------------------------ */

static size_t
on_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct job *job = arg;

	if (n > job->len_max - job->len) {
		job->is_too_long = true;
		return 0; /* the transfer ends with an error */
	}
	memcpy(job->body + job->len, bytes, n);
	job->len += n;
	return n;
}

/* Of several answers ("100 Continue") the last one counts. */
static size_t
on_head(char *bytes, size_t size, size_t n, void *arg)
{
	struct job *job = arg;

	if (n > 5 && !memcmp(bytes, "HTTP/", 5))
		job->head_len = 0;
	if (!job->head || n > HEAD_MAX - job->head_len)
		return 0;
	memcpy(job->head + job->head_len, bytes, n);
	job->head_len += n;
	return n;
}

static CURLcode
on_ssl(CURL *easy, void *ctx, void *arg)
{
	SSL_CTX_set1_cert_store(ctx, web_anchors);
	return CURLE_OK;
}

/* libcurl found no pinned address and would look one up by itself: never. */
static int
on_lookup(void *state, void *reserved, void *arg)
{
	return 1;
}

static uint64_t
left_ms(const struct job *job)
{
	uint64_t spent_ms = (clock_monotonic_ns() - job->begun_ns) / CLOCK_MS_NS;
	uint64_t all_ms = job->step == STEP_PAGE ? PAGE_MS : JOB_MS;

	return spent_ms < all_ms ? all_ms - spent_ms : 1;
}

/* Says what it is and wants, and by which name robots.txt may speak of it. */
static const char robot[] =
	"pinfold/" PINFOLD_VERSION " (reads what a maker publishes on weaknesses and updates; "
	"obeys robots.txt)";

/* Which version asks is nobody's business; a crawler owes its name to those it reads. */
static const char *
agent_of(const struct job *job)
{
	if (job->is_status)
		return "label-status";
	return job->step == STEP_PAGE ? robot : "mud-manager";
}

static const char *
accept_of(const struct job *job)
{
	if (job->is_status)
		return "Accept: application/statuslist+jwt, */*;q=0.1";
	if (job->step == STEP_FILE)
		return "Accept: application/mud+json, application/json;q=0.5";
	return job->step == STEP_PAGE ? "Accept: text/html, text/plain;q=0.9, */*;q=0.1"
				      : "Accept: application/pkcs7-signature, */*;q=0.1";
}

#define SET(option, value) (!curl_easy_setopt(job->easy, option, value))

static bool
request_set(struct job *job)
{
	return SET(CURLOPT_URL, job->at.text) && SET(CURLOPT_PROTOCOLS_STR, "https") &&
	       SET(CURLOPT_FOLLOWLOCATION, 0L) && SET(CURLOPT_NOSIGNAL, 1L) &&
	       SET(CURLOPT_PROXY, "") && SET(CURLOPT_RESOLVE, job->pinned) &&
	       SET(CURLOPT_RESOLVER_START_FUNCTION, on_lookup) && SET(CURLOPT_FRESH_CONNECT, 1L) &&
	       SET(CURLOPT_FORBID_REUSE, 1L) &&
	       SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
	       SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
	       SET(CURLOPT_SSL_VERIFYPEER, 1L) && SET(CURLOPT_SSL_VERIFYHOST, 2L) &&
	       SET(CURLOPT_CAINFO, NULL) && SET(CURLOPT_CAPATH, NULL) &&
	       SET(CURLOPT_SSL_CTX_FUNCTION, on_ssl) && SET(CURLOPT_SSL_SESSIONID_CACHE, 0L) &&
	       SET(CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS) &&
	       SET(CURLOPT_TIMEOUT_MS, (long)left_ms(job)) &&
	       SET(CURLOPT_HTTPHEADER, job->headers) && SET(CURLOPT_USERAGENT, agent_of(job)) &&
	       SET(CURLOPT_WRITEFUNCTION, on_body) && SET(CURLOPT_WRITEDATA, job) &&
	       (job->step != STEP_PAGE ||
		       (SET(CURLOPT_HEADERFUNCTION, on_head) && SET(CURLOPT_HEADERDATA, job))) &&
	       SET(CURLOPT_PRIVATE, job);
}

/* "host:port:address,address": libcurl asks nobody else. */
static bool
pin(struct job *job, const struct message_looked_up *found, const char **why)
{
	char host[256], entry[256 + 8 + PINNED_MAX * (IP_TEXT_MAX + 3)];
	uint16_t port;
	size_t n = 0, used;

	fetch_url_host(&job->at, host, &port);
	used = (size_t)snprintf(entry, sizeof entry, "%s:%u:", host, port);
	for (uint32_t i = 0; i < found->n_addresses && i < ANSWER_ADDRESSES_MAX; i++) {
		char text[IP_TEXT_MAX];
		/* one that points inside spoils them all: nobody honest mixes the two */
		if (!fetch_address_is_fine(&found->address[i], settings)) {
			*why = "its name points inside";
			return false;
		}
		if (n == PINNED_MAX)
			continue;
		ip_render(&found->address[i], text);
		used += (size_t)snprintf(entry + used, sizeof entry - used,
			found->address[i].version == 6 ? "%s[%s]" : "%s%s", n ? "," : "", text);
		n++;
	}
	*why = "its name has no address";
	job->pinned = n ? curl_slist_append(NULL, entry) : NULL;
	return job->pinned != NULL;
}

static void
request_connect(struct job *job, const struct message_looked_up *found)
{
	const char *why;

	job->lookup = 0;
	if (found->err) {
		step_end(job, (enum err)found->err,
			found->err == ERR_DENIED ? "its name points inside"
						 : "its name was not found");
		return;
	}
	if (!pin(job, found, &why)) {
		step_end(job, ERR_DENIED, why);
		return;
	}
	job->headers = curl_slist_append(NULL, accept_of(job));
	if (!job->is_status)
		job->headers = curl_slist_append(job->headers, "Accept-Language: en");
	job->len_max = job->step == STEP_FILE   ? MUD_FILE_MAX
		       : job->step == STEP_PAGE ? PAGE_MAX
						: SIGNATURE_BYTES_MAX;
	if (job->step == STEP_PAGE)
		job->head = must_alloc(1, HEAD_MAX);
	job->body = must_alloc(1, job->len_max);
	job->easy = curl_easy_init();
	if (!job->easy || !request_set(job) || curl_multi_add_handle(multi, job->easy))
		step_end(job, ERR_SYSTEM, "no request could be made");
}

/* Asks the resolver for the name in job->at; the rest follows from its answer. */
static void
request_begin(struct job *job)
{
	struct message_lookup lookup = {0};
	uint16_t port;

	fetch_url_host(&job->at, lookup.name, &port);
	job->lookup = next_lookup++;
	if (!next_lookup)
		next_lookup = 1;
	if (!resolver ||
		channel_send(resolver, MESSAGE_LOOKUP, job->lookup, &lookup, sizeof lookup, -1))
		step_end(job, ERR_CLOSED, "the resolver cannot be reached");
}

static void
request_redirect(struct job *job)
{
	char *location = NULL;
	struct mud_url next;

	curl_easy_getinfo(job->easy, CURLINFO_REDIRECT_URL, &location);
	if (job->redirects == REDIRECTS_MAX) {
		step_end(job, ERR_DENIED, "too many redirects");
		return;
	}
	if (!location || !fetch_url_resolve(&next, &job->at, location)) {
		step_end(job, ERR_DENIED, "redirected to what is not https and a name");
		return;
	}
	request_free(job);
	job->at = next;
	job->redirects++;
	request_begin(job);
}

/* The address that was spoken to is one that was pinned; libcurl's word, checked again. */
static bool
spoke_outside(struct job *job)
{
	char *text = NULL;
	struct ip ip;

	return !curl_easy_getinfo(job->easy, CURLINFO_PRIMARY_IP, &text) && text &&
	       ip_parse(&ip, text) && fetch_address_is_fine(&ip, settings);
}

/* In words, what was wrong with the server's certificate, or with the transfer. */
static void
failure_render(struct job *job, CURLcode code, char *out, size_t size)
{
	const char *reason = curl_easy_strerror(code);
	long verified = X509_V_OK;

	if (code == CURLE_PEER_FAILED_VERIFICATION) {
		curl_easy_getinfo(job->easy, CURLINFO_SSL_VERIFYRESULT, &verified);
		/* a chain that is fine, or that was not even looked at: then it is the name */
		reason = verified == X509_V_OK || verified == X509_V_ERR_UNSPECIFIED
				 ? "the server's certificate is not its name's"
				 : X509_verify_cert_error_string(verified);
	}
	printable(out, size, reason, strlen(reason));
}

static enum err
err_of(const struct job *job, CURLcode code)
{
	if (code == CURLE_OPERATION_TIMEDOUT)
		return ERR_TIMEOUT;
	if (job->step != STEP_PAGE)
		return ERR_DENIED;
	if (code == CURLE_PEER_FAILED_VERIFICATION)
		return ERR_INVALID;
	return code == CURLE_COULDNT_CONNECT ? ERR_CLOSED : ERR_SYSTEM;
}

static void
on_request_done(struct job *job, CURLcode code)
{
	char why[240];
	long status = 0;

	/* Of a page the beginning is worth something, wherever it was cut. */
	bool is_part = job->step == STEP_PAGE && job->len &&
		       (job->is_too_long || code == CURLE_OPERATION_TIMEDOUT);
	if (job->is_too_long && !is_part) {
		step_end(job, ERR_FULL, "the answer is too long");
		return;
	}
	if (code != CURLE_OK && !is_part) {
		failure_render(job, code, why, sizeof why);
		step_end(job, err_of(job, code), why);
		return;
	}
	if (!spoke_outside(job)) {
		step_end(job, ERR_DENIED, "answered from an address inside");
		return;
	}
	curl_easy_getinfo(job->easy, CURLINFO_RESPONSE_CODE, &status);
	if (job->step == STEP_PAGE) {
		job->is_too_long |= is_part;
		step_end(job, ERR_OK, "");
		return;
	}
	if (status >= 300 && status < 400) {
		request_redirect(job);
		return;
	}
	if (status != 200) {
		snprintf(why, sizeof why, "the server answered %ld", status);
		step_end(job, ERR_NOT_FOUND, why);
		return;
	}
	step_end(job, ERR_OK, "");
}

static void
on_transfer_done(void *job, CURLcode code)
{
	on_request_done(job, code);
}

/* --- the steps of a job ------------------------------------------------------------------------------- */

static void
begin_signature(struct job *job)
{
	char leaf[MUD_TEXT_MAX];
	struct fault why = {0};
	struct signature none = {.state = SIGNATURE_NONE};

	/* before the signature is checked, this one leaf is all that is read */
	if (!mud_signature_leaf(job->file, job->file_len, leaf, &why)) {
		char text[256];
		snprintf(text, sizeof text, "MUD file: %.200s", why.text);
		job_fail(job, ERR_INVALID, text);
		return;
	}
	job->is_signature_named = leaf[0] != '\0';
	bool has_url = leaf[0] ? fetch_url_resolve(&job->signature, &job->url, leaf)
			       : fetch_url_guess_signature(&job->signature, &job->url);
	if (!has_url) {
		snprintf(none.why, sizeof none.why, "%s",
			leaf[0] ? "mud-signature is not an https URL" : "not signed");
		job_finish(job, &none);
		return;
	}
	job->step = STEP_SIGNATURE;
	job->at = job->signature;
	job->redirects = 0;
	request_begin(job);
}

static void
file_end(struct job *job, enum err err, const char *why)
{
	char authority[256], own[256];

	if (err) {
		job_fail(job, err, why);
		return;
	}
	mud_url_authority(&job->at, authority);
	mud_url_authority(&job->url, own);
	if (strcmp(authority, own))
		memcpy(job->redirected, authority, sizeof job->redirected);
	job->file = job->body;
	job->file_len = job->len;
	job->body = NULL;
	request_free(job);
	begin_signature(job);
}

static void
signature_end(struct job *job, enum err err, const char *why)
{
	struct signature signature = {.state = SIGNATURE_NONE};

	if (err)
		snprintf(signature.why, sizeof signature.why, "%s: %.200s",
			job->is_signature_named ? "its signature could not be fetched"
						: "not signed",
			why);
	else
		signature_check(&signature, job->file, job->file_len, job->body, job->len,
			mud_anchors, clock_wall_s());
	request_free(job);
	job_finish(job, &signature);
}

/* What was answered, with the address that did; nobody here looks into it. */
static void
page_end(struct job *job, enum err err, const char *why)
{
	struct message_page page = {
		.run = job->id, .ticket = job->seq, .err = err, .is_status = job->is_status};
	char *text = NULL;
	long status = 0;
	auto_close int fd = -1;

	snprintf(page.why, sizeof page.why, "%s", why);
	if (!err) {
		auto_free char *whole = must_alloc(1, job->head_len + job->len + 1);
		memcpy(whole, job->head, job->head_len);
		memcpy(whole + job->head_len, job->body, job->len);
		fd = sealed(whole, job->head_len + job->len);
		curl_easy_getinfo(job->easy, CURLINFO_RESPONSE_CODE, &status);
		if (!curl_easy_getinfo(job->easy, CURLINFO_PRIMARY_IP, &text) && text)
			ip_parse(&page.address, text);
		page.status = status > 0 && status < 1000 ? (uint32_t)status : 0;
		page.n_head = (uint32_t)job->head_len;
		page.n_body = (uint32_t)job->len;
		page.is_cut = job->is_too_long;
		if (fd < 0)
			page = (struct message_page){.run = job->id,
				.ticket = job->seq,
				.err = ERR_SYSTEM,
				.is_status = job->is_status};
	}
	if (!engine || channel_send(engine, MESSAGE_PAGE, 0, &page, sizeof page, fd))
		log_warnx("engine", "a page could not be sent");
	job_free(job);
}

static void
step_end(struct job *job, enum err err, const char *why)
{
	if (job->step == STEP_PAGE)
		page_end(job, err, why);
	else if (job->step == STEP_FILE)
		file_end(job, err, why);
	else if (job->step == STEP_SIGNATURE)
		signature_end(job, err, why);
}

static void
on_job_time(void *arg)
{
	struct job *job = arg;

	job_fail(job, ERR_TIMEOUT, "took too long");
}

/* --- peers ------------------------------------------------------------------------------------------------ */

static void
fetch(const struct message_fetch *asked, uint32_t seq)
{
	struct job *job = NULL;

	for (size_t i = 0; i < JOBS_MAX && !job; i++)
		if (jobs[i].step == STEP_FREE)
			job = &jobs[i];
	if (!job) {
		struct job refused = {.id = asked->id, .seq = seq};
		job_fail(&refused, ERR_BUSY, "too many fetches at once");
		return;
	}
	*job = (struct job){
		.step = STEP_FILE, .id = asked->id, .seq = seq, .begun_ns = clock_monotonic_ns()};
	if (!mud_url_from_bytes(&job->url, (const uint8_t *)asked->url, strlen(asked->url))) {
		job_fail(job, ERR_INVALID, "not an https URL");
		return;
	}
	job->timer = loop_timer_new(JOB_MS, false, on_job_time, job);
	if (!fetch_url_begin(&job->at, job->url.text)) {
		job_fail(job, ERR_INVALID, "not an https URL");
		return;
	}
	request_begin(job);
}

static void
fetch_page(const struct message_page_ask *asked)
{
	struct job *job = NULL;

	for (size_t i = 0; i < JOBS_MAX && !job; i++)
		if (jobs[i].step == STEP_FREE)
			job = &jobs[i];
	if (!job) {
		struct job refused = {.step = STEP_PAGE,
			.id = asked->run,
			.seq = asked->ticket,
			.is_status = asked->is_status};
		job_fail(&refused, ERR_BUSY, "too many fetches at once");
		return;
	}
	*job = (struct job){.step = STEP_PAGE,
		.id = asked->run,
		.seq = asked->ticket,
		.is_status = asked->is_status,
		.begun_ns = clock_monotonic_ns()};
	if (asked->is_earlier || !fetch_url_begin(&job->at, asked->url)) {
		job_fail(job, ERR_INVALID, "not an https URL");
		return;
	}
	job->timer = loop_timer_new(JOB_MS, false, on_job_time, job);
	request_begin(job);
}

static void
on_engine(struct channel *channel, const struct message_header *header, const void *payload, int fd,
	void *arg)
{
	if (fd >= 0)
		close(fd);
	if (header->type == MESSAGE_FETCH)
		fetch(payload, header->seq);
	else if (header->type == MESSAGE_PAGE_ASK)
		fetch_page(payload);
}

static void
on_resolver(struct channel *channel, const struct message_header *header, const void *payload,
	int fd, void *arg)
{
	if (fd >= 0)
		close(fd);
	if (header->type != MESSAGE_LOOKED_UP || !header->seq)
		return;
	for (size_t i = 0; i < JOBS_MAX; i++)
		if (jobs[i].step != STEP_FREE && jobs[i].lookup == header->seq) {
			request_connect(&jobs[i], payload);
			return;
		}
}

/* The other side is started again and its channel replaced. */
static void
on_peer_closed(struct channel *channel, const char *why, void *arg)
{
	log_debug(process_name(channel_peer(channel)), "%s", why);
}

static void
on_descriptor(enum descriptor what, enum process peer, int fd, void *arg)
{
	if (what == DESCRIPTOR_PEER && peer == PROCESS_ENGINE) {
		/* who asked is gone, and the new one will ask again */
		for (size_t i = 0; i < JOBS_MAX; i++)
			if (jobs[i].step != STEP_FREE)
				job_free(&jobs[i]);
		channel_free(engine);
		engine = channel_new(fd, PROCESS_FETCHER, peer, on_engine, on_peer_closed, NULL);
	} else if (what == DESCRIPTOR_PEER && peer == PROCESS_RESOLVER) {
		channel_free(resolver);
		resolver =
			channel_new(fd, PROCESS_FETCHER, peer, on_resolver, on_peer_closed, NULL);
		for (size_t i = 0; i < JOBS_MAX; i++)
			if (jobs[i].step != STEP_FREE && jobs[i].lookup)
				request_begin(&jobs[i]);
	} else {
		close(fd);
	}
}

/* --- start ---------------------------------------------------------------------------------------------------- */

/* Read now; once confined no file can be opened. */
static void
load_anchors(void)
{
	web_anchors = curl_loop_anchors(settings->web_ca);
	mud_anchors = X509_STORE_new();
	if (!mud_anchors)
		fatalx("start", "no memory for trust anchors");
	if (settings->mud_ca[0] && X509_STORE_load_file(mud_anchors, settings->mud_ca) != 1)
		log_warnx("mud-ca", "no trust anchor in \"%s\"; every signer is unknown",
			settings->mud_ca);
	ERR_clear_error();
}

/* What libraries open or read at their first use is used here once. */
static void
warm_up(void)
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	json_object_seed(0);
	multi = curl_loop_new(JOBS_MAX, on_transfer_done);
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	if (!ctx || !EVP_Digest("", 0, digest, NULL, EVP_sha256(), NULL))
		fatalx("start", "TLS does not start");
	SSL_CTX_free(ctx);
	/* dates in certificates are UTC; without this the C library reads /etc/localtime */
	setenv("TZ", "UTC0", 1);
	tzset();
}

int
main(void)
{
	static const struct process_hooks hooks = {.on_descriptor = on_descriptor};

	settings = process_begin(PROCESS_FETCHER, &hooks);
	load_anchors();
	warm_up();
	confine(PROCESS_FETCHER, settings);
	process_ready();
	loop_run();
	return 0;
}
