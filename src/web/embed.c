/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Build tool: puts files into a C source, so that a confined process needs to
 * open none.
 *
 *	embed OUT.c NAME=FILE ...
 *
 * Each file becomes embedded_NAME[] and embedded_NAME_len, declared in
 * web/embed.h; a NUL stands behind the bytes and is not counted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static void
put_file(FILE *out, const char *name, size_t name_len, const char *path)
{
	FILE *in = fopen(path, "rb");
	size_t count = 0;
	int c;

	if (!in)
		die(path);
	fprintf(out, "const unsigned char embedded_%.*s[] = {", (int)name_len, name);
	while ((c = getc(in)) != EOF)
		fprintf(out, "%s%d,", count++ % 20 ? "" : "\n\t", c);
	if (ferror(in))
		die(path);
	fclose(in);
	fprintf(out, "\n\t0};\nconst size_t embedded_%.*s_len = %zu;\n", (int)name_len, name,
		count);
}

int
main(int argc, char **argv)
{
	FILE *out;

	if (argc < 3 || !(out = fopen(argv[1], "w")))
		die(argc < 3 ? "usage: embed OUT.c NAME=FILE ..." : argv[1]);
	fprintf(out, "#include \"web/embed.h\"\n");
	for (int i = 2; i < argc; i++) {
		const char *equals = strchr(argv[i], '=');
		if (!equals)
			die(argv[i]);
		put_file(out, argv[i], (size_t)(equals - argv[i]), equals + 1);
	}
	if (fclose(out))
		die(argv[1]);
	return 0;
}
