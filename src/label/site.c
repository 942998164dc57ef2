/* SPDX-License-Identifier: Apache-2.0 */
#include "label/site.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/hex.h"
#include "label/escape.h"
#include "label/label_page.h"
#include "label/report_words.h"
#include "label/style.h"

enum { PATH_LEN = 256, COMPARED_MAX = 1024 * 1024 };

struct writing {
	const struct site *site;
	int folder;
	struct fault *why;
};

/* --- files --------------------------------------------------------------------------------------- */

static enum err
refuse(struct writing *writing, const char *what, const char *path)
{
	fault_set(writing->why, ERR_SYSTEM, "cannot %s %s: %s", what, path, strerror(errno));
	return ERR_SYSTEM;
}

/* The folders above it; paths are ours. */
static enum err
make_folders(struct writing *writing, const char *path)
{
	char part[PATH_LEN];

	for (const char *at = path; (at = strchr(at, '/')); at++) {
		snprintf(part, sizeof part, "%.*s", (int)(at - path), path);
		if (mkdirat(writing->folder, part, 0755) && errno != EEXIST)
			return refuse(writing, "make the folder", part);
	}
	return ERR_OK;
}

static bool
is_there_already(struct writing *writing, const char *path, const void *bytes, size_t len)
{
	auto_close int fd = openat(writing->folder, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size != (off_t)len ||
		len > COMPARED_MAX)
		return false;
	auto_free char *is = must_alloc(len + 1, 1);
	return pread(fd, is, len, 0) == (ssize_t)len && !memcmp(is, bytes, len);
}

static enum err
put(struct writing *writing, const char *path, const void *bytes, size_t len)
{
	const char *at = bytes;
	char fresh[PATH_LEN];
	size_t left = len;
	enum err err;

	if (is_there_already(writing, path, bytes, len))
		return ERR_OK;
	if ((err = make_folders(writing, path)))
		return err;
	snprintf(fresh, sizeof fresh, "%s.new", path);
	auto_close int fd = openat(writing->folder, fresh,
		O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return refuse(writing, "write", path);
	while (left) {
		ssize_t n = write(fd, at, left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		at += n;
		left -= (size_t)n;
	}
	/* A power cut leaves the old file or the new one, never an empty one. */
	if (left || fchmod(fd, 0644) || fdatasync(fd) ||
		renameat(writing->folder, fresh, writing->folder, path)) {
		err = refuse(writing, "write", path);
		unlinkat(writing->folder, fresh, 0);
		return err;
	}
	return ERR_OK;
}

static enum err
put_text(struct writing *writing, const char *path, const char *text)
{
	return put(writing, path, text, strlen(text));
}

/* A file that is made by calls; see end(). */
struct text {
	FILE *file;
	char *bytes;
	size_t len;
};

static FILE *
begin(struct text *text)
{
	*text = (struct text){0};
	text->file = open_memstream(&text->bytes, &text->len);
	if (!text->file)
		abort();
	return text->file;
}

static enum err
end(struct writing *writing, struct text *text, const char *path)
{
	if (fclose(text->file))
		abort();
	enum err err = put(writing, path, text->bytes, text->len);
	free(text->bytes);
	return err;
}

/* --- the log -------------------------------------------------------------------------------------- */

static void
origin(const struct site *site, char out[static LOG_ORIGIN_MAX])
{
	snprintf(out, LOG_ORIGIN_MAX, "%.110s/log", site->url + strlen("https://"));
}

/* What the folder says already must be the beginning of what it will say. */
static enum err
look_at_earlier(struct writing *writing, const struct log_tree *tree)
{
	auto_close int fd =
		openat(writing->folder, "log/checkpoint", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	uint8_t key[ISSUER_PUBLIC_LEN], root[HASH_LEN];
	struct issuer_keys keys = {.n = 1};
	struct log_checkpoint earlier;
	char note[LOG_NOTE_MAX], wanted[LOG_ORIGIN_MAX];
	struct fault why;

	if (fd < 0 && errno == ENOENT)
		return ERR_OK;
	ssize_t len = fd < 0 ? -1 : read(fd, note, sizeof note);
	if (len < 0)
		return refuse(writing, "read", "log/checkpoint");
	issuer_public(writing->site->issuer, keys.key[0]);
	origin(writing->site, wanted);
	bool is_ours =
		log_checkpoint_parse(&earlier, note, (size_t)len, &keys, key, &why) == SEAL_GOOD &&
		!strcmp(earlier.origin, wanted) && earlier.n <= tree->n;
	if (is_ours)
		log_root(tree, earlier.n, root);
	if (is_ours && !memcmp(root, earlier.root, HASH_LEN))
		return ERR_OK;
	fault_set(writing->why, ERR_STALE,
		"the log in this folder is another one, or longer than ours; a log must not say "
		"two "
		"things, so nothing was written");
	return ERR_STALE;
}

static enum err
put_bundle(struct writing *writing, uint64_t at, unsigned width)
{
	const struct site *site = writing->site;
	char tile[LOG_PATH_MAX], path[PATH_LEN];
	struct text text;
	FILE *out = begin(&text);

	for (unsigned i = 0; i < width; i++) {
		const char *entry = site->entry[at * LOG_TILE + i].text;
		size_t len = strlen(entry);
		fputc((int)(len >> 8), out);
		fputc((int)(len & 255), out);
		fwrite(entry, 1, len, out);
	}
	log_tile_path(tile, -1, at, width);
	snprintf(path, sizeof path, "log/%s", tile);
	return end(writing, &text, path);
}

static enum err
put_log(struct writing *writing, const struct log_tree *tree)
{
	uint8_t(*hash)[HASH_LEN] = must_alloc(LOG_TILE, sizeof *hash);
	char tile[LOG_PATH_MAX], path[PATH_LEN];
	enum err err = ERR_OK;

	for (int level = 0; !err && level < 3; level++)
		for (uint64_t at = 0; !err; at++) {
			unsigned width = log_tile(tree, tree->n, level, at, hash);
			if (!width)
				break;
			log_tile_path(tile, level, at, width);
			snprintf(path, sizeof path, "log/%s", tile);
			err = put(writing, path, hash, width * sizeof *hash);
			if (!err && !level)
				err = put_bundle(writing, at, width);
		}
	free(hash);
	return err;
}

static enum err
put_checkpoint(struct writing *writing, const struct log_tree *tree)
{
	struct log_checkpoint checkpoint = {.n = tree->n};

	origin(writing->site, checkpoint.origin);
	log_root(tree, tree->n, checkpoint.root);
	auto_free char *note =
		log_checkpoint_render(&checkpoint, writing->site->issuer, writing->why);
	return note ? put_text(writing, "log/checkpoint", note) : ERR_SYSTEM;
}

/* --- labels ---------------------------------------------------------------------------------------- */

static enum err
put_label(struct writing *writing, const struct site_label *at)
{
	const struct site *site = writing->site;
	char folder[64], path[PATH_LEN];
	struct text text;
	struct qr qr;
	enum err err;

	snprintf(folder, sizeof folder, "l/%s", at->label.id);
	auto_free char *jws = jws_render_text(site->issuer, LABEL_TYPE, at->payload, writing->why);
	auto_free char *letters = jws ? cwt_render(&at->label, site->issuer, writing->why) : NULL;
	auto_free char *status = letters ? status_render(site->issuer, &at->label, &at->now,
						   site->now_s, site->ttl_s, writing->why)
					 : NULL;
	if (!status || !qr_make(&qr, letters, writing->why))
		return ERR_SYSTEM;
	snprintf(path, sizeof path, "%s/label.jwt", folder);
	err = put_text(writing, path, jws);
	snprintf(path, sizeof path, "%s/qr.txt", folder);
	err = err ? err : put_text(writing, path, letters);
	qr_svg(&qr, begin(&text));
	snprintf(path, sizeof path, "%s/qr.svg", folder);
	enum err err_qr = end(writing, &text, path);
	label_svg(&at->label, jws, &qr, begin(&text));
	snprintf(path, sizeof path, "%s/label.svg", folder);
	enum err err_svg = end(writing, &text, path);
	snprintf(path, sizeof path, "%s/status.jwt", folder);
	err = err ? err : put_text(writing, path, status);
	label_page(&at->label, &at->now, site->now_s, site->ttl_s, &qr, begin(&text));
	snprintf(path, sizeof path, "%s/index.html", folder);
	enum err err_page = end(writing, &text, path);
	qr_free(&qr);
	return err ? err : err_qr ? err_qr : err_svg ? err_svg : err_page;
}

static void
add_fallen(struct status_list *list, const struct site *site, bool is_recalled)
{
	for (size_t i = 0; i < site->n_labels && list->n_fallen < STATUS_FALLEN_MAX; i++) {
		const struct site_label *at = &site->label[i];
		if ((at->now.status != STATUS_SUSPENDED && at->now.status != STATUS_REVOKED) ||
			at->now.is_recalled != is_recalled)
			continue;
		struct status_fallen *fallen = &list->fallen[list->n_fallen++];
		fallen->index = at->label.index;
		fallen->is_recalled = is_recalled;
		snprintf(fallen->reason, sizeof fallen->reason, "%s", at->now.reason);
	}
}

static enum err
put_list(struct writing *writing)
{
	const struct site *site = writing->site;
	auto_free struct status_list *all = must_alloc(1, sizeof *all);

	*all = (struct status_list){.issued_s = site->now_s,
		.until_s = site->now_s + site->ttl_s,
		.ttl_s = site->ttl_s};
	snprintf(all->issuer, sizeof all->issuer, "%s", site->url);
	for (size_t i = 0; i < site->n_labels; i++)
		if (site->label[i].label.index >= all->n)
			all->n = site->label[i].label.index + 1;
	if (all->n > STATUS_LIST_MAX) {
		fault_set(writing->why, ERR_FULL, "more labels than a status list holds");
		return ERR_FULL;
	}
	/* A number that no label has says nothing. */
	memset(all->code, label_status_code(STATUS_UNKNOWN), all->n);
	for (size_t i = 0; i < site->n_labels; i++)
		all->code[site->label[i].label.index] =
			label_status_code((enum label_status)site->label[i].now.status);
	/* Those that are recalled first: they are what narrows most. */
	add_fallen(all, site, true);
	add_fallen(all, site, false);
	auto_free char *list = status_list_render(site->issuer, all, writing->why);
	return list ? put_text(writing, "status-list.jwt", list) : ERR_SYSTEM;
}

/* One line a label, as it is today; a day's last one stays. */
static enum err
put_dump(struct writing *writing)
{
	const struct site *site = writing->site;
	uint8_t signature[ISSUER_SIGNATURE_LEN];
	char date[LABEL_DATE_MAX], path[PATH_LEN], hex[2 * ISSUER_SIGNATURE_LEN + 2];
	struct text text;
	FILE *out = begin(&text);

	for (size_t i = 0; i < site->n_labels; i++) {
		json_t *payload = json_loads(site->label[i].payload, 0, NULL);
		json_t *line = json_pack("{s:s, s:s, s:o}", "status",
			label_status_word((enum label_status)site->label[i].now.status), "reason",
			site->label[i].now.reason, "label", payload ? payload : json_null());
		json_dumpf(line, out, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
		fputc('\n', out);
		json_decref(line);
	}
	fflush(out);
	enum err err = issuer_sign(site->issuer, text.bytes, text.len, signature, writing->why);
	hex_text(signature, sizeof signature, hex);
	strcat(hex, "\n");
	label_date(date, label_day(site->now_s));
	snprintf(path, sizeof path, "dump/%s.jsonl", date);
	enum err err_dump = end(writing, &text, path);
	snprintf(path, sizeof path, "dump/%s.jsonl.sig", date);
	return err ? err : err_dump ? err_dump : put_text(writing, path, hex);
}

static enum err
put_index(struct writing *writing)
{
	const struct site *site = writing->site;
	struct text text;
	FILE *out = begin(&text);
	char utc[32];

	report_utc(utc, site->now_s);
	fputs("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n" PAGE_POLICY
	      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>Labels of ",
		out);
	escape_markup(out, site->name);
	fputs("</title>\n" PAGE_STYLE "</head>\n<body>\n<h1>Labels of ", out);
	escape_markup(out, site->name);
	fprintf(out,
		"</h1>\n<p class=\"soft\">As of %s. <a href=\"bands.html\">What the words "
		"mean</a>, "
		"<a href=\".well-known/jwks.json\">key</a>, <a "
		"href=\"log/checkpoint\">log</a></p>\n"
		"<div class=\"wide\"><table><thead><tr><th>product</th><th>band</th><th>status</th>"
		"<th>failed</th></tr></thead><tbody>\n",
		utc);
	for (size_t i = 0; i < site->n_labels; i++) {
		const struct label *label = &site->label[i].label;
		uint8_t status = site->label[i].now.status;
		fprintf(out, "<tr><td><a href=\"l/%s/\">", label->id);
		escape_markup(out, label->maker);
		fputc(' ', out);
		escape_markup(out, label->model[0] ? label->model : label->device);
		fprintf(out,
			"</a></td><td class=\"%s\">%s</td><td class=\"%s\">%s</td><td>%u</td></tr>"
			"\n",
			label->band == BAND_FAILED ? "FAIL" : "NA",
			label_band_word((enum label_band)label->band),
			label_status_is_good((enum label_status)status) ? "NA" : "FAIL",
			label_status_word((enum label_status)status),
			label->mandatory[VERDICT_FAIL] + label->failed_other);
	}
	fputs("</tbody></table></div>\n</body>\n</html>\n", out);
	return end(writing, &text, "index.html");
}

static enum err
put_keys(struct writing *writing)
{
	uint8_t key[ISSUER_PUBLIC_LEN];

	issuer_public(writing->site->issuer, key);
	json_t *set = jws_key_set(key);
	auto_free char *text = json_dumps(set, JSON_INDENT(1) | JSON_SORT_KEYS);
	json_decref(set);
	if (!text)
		abort();
	return put_text(writing, ".well-known/jwks.json", text);
}

static enum err
put_bands(struct writing *writing)
{
	struct text text;

	label_bands_html(begin(&text));
	return end(writing, &text, "bands.html");
}

enum err
site_write(const struct site *site, struct fault *why)
{
	struct writing writing = {.site = site, .why = why};
	struct log_tree tree = {0};
	enum err err;

	if (mkdir(site->directory, 0755) && errno != EEXIST)
		return refuse(&writing, "make", "the folder");
	auto_close int folder = open(site->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return refuse(&writing, "open", "the folder");
	writing.folder = folder;
	for (size_t i = 0; i < site->n_entries; i++)
		log_add(&tree, site->entry[i].text, strlen(site->entry[i].text));
	if (!(err = look_at_earlier(&writing, &tree)) && !(err = put_keys(&writing)) &&
		!(err = put_bands(&writing)) && !(err = put_log(&writing, &tree))) {
		for (size_t i = 0; !err && i < site->n_labels; i++)
			err = put_label(&writing, &site->label[i]);
		if (!err && !(err = put_list(&writing)) && !(err = put_dump(&writing)) &&
			!(err = put_index(&writing)))
			err = put_checkpoint(&writing, &tree);
	}
	log_free(&tree);
	return err;
}
