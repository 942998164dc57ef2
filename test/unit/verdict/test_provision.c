/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict/provision.h"

#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "test.h"
#include "verdict/verdict.h"

TEST(the_table_has_the_rows_of_both_editions)
{
	size_t v2 = 0, v2_mandatory = 0, v3_mandatory = 0;

	for (size_t i = 0; i < n_provisions; i++) {
		v2 += provisions[i].v2_class != 0;
		v2_mandatory += provisions[i].v2_class == 'M';
		v3_mandatory += provisions[i].v3_class == 'M';
	}
	EXPECT_INT(n_provisions, 78);
	EXPECT_INT(v3_mandatory, 36);
	EXPECT_INT(v2, 68);
	EXPECT_INT(v2_mandatory, 33);
}

TEST(every_provision_is_found_by_its_id_and_by_no_other)
{
	for (size_t i = 0; i < n_provisions; i++)
		EXPECT(provision_find(provisions[i].id) == &provisions[i]);
	EXPECT(!provision_find("5.1"));
	EXPECT(!provision_find("5.14-1"));
	EXPECT(!provision_find(""));
}

TEST(what_was_not_compared_with_the_text_and_what_is_weak_is_marked)
{
	const char *at = "I(2)(c),weak Art.13(8)?,GDPR 7";
	struct mapped mapped;

	EXPECT(provision_cell(&at, &mapped));
	EXPECT_STR(mapped.id, "I(2)(c)");
	EXPECT(!mapped.is_unchecked && !mapped.is_weak);
	EXPECT(provision_cell(&at, &mapped));
	EXPECT_STR(mapped.id, "Art.13(8)");
	EXPECT(mapped.is_unchecked && mapped.is_weak);
	EXPECT(provision_cell(&at, &mapped));
	EXPECT_STR(mapped.id, "GDPR 7");
	EXPECT(!provision_cell(&at, &mapped));

	at = NULL;
	EXPECT(!provision_cell(&at, &mapped));
}

/* The Official Journal, the scheme's pages and EN 18031 were not at hand. */
TEST(legal_paragraphs_that_nobody_checked_are_all_marked)
{
	struct mapped mapped;

	for (size_t i = 0; i < n_provisions; i++) {
		const char *cls = provisions[i].cls, *en = provisions[i].en18031,
			   *nist = provisions[i].nistir8425, *cra = provisions[i].cra;
		while (provision_cell(&cls, &mapped))
			EXPECT(mapped.is_unchecked);
		while (provision_cell(&en, &mapped))
			EXPECT(mapped.is_unchecked);
		while (provision_cell(&nist, &mapped))
			EXPECT(mapped.is_unchecked);
		while (provision_cell(&cra, &mapped))
			EXPECT(mapped.is_unchecked || !strncmp(mapped.id, "I(", 2) ||
				!strncmp(mapped.id, "GDPR", 4));
	}
}

TEST(every_condition_of_the_table_has_words)
{
	for (size_t i = 0; i < n_provisions; i++) {
		const char *cell = provisions[i].v3_condition;
		while (cell && *cell) {
			size_t len = strcspn(cell, ";");
			char key[8] = "";
			EXPECT(len < sizeof key);
			memcpy(key, cell, len);
			EXPECT(condition_text(key));
			cell += len + (cell[len] == ';');
		}
	}
	for (unsigned i = 1; i <= 13; i++)
		EXPECT(condition_text(condition_of_v2(i)));
	EXPECT(!condition_of_v2(0));
	EXPECT(!condition_of_v2(14));
	EXPECT(!condition_text("F:ab"));
}

TEST(identifiers_and_classes_agree_with_the_reference_table)
{
	char path[4096], line[4096];
	size_t n = 0;

	if (!test_data())
		SKIP("no reference data");
	snprintf(path, sizeof path, "%s/standards/provisions.tsv", test_data());
	auto_fclose FILE *file = fopen(path, "re");
	if (!file)
		SKIP("no reference table");
	EXPECT(fgets(line, sizeof line, file)); /* the header */
	while (fgets(line, sizeof line, file)) {
		char *rest = line, *column[7];
		for (size_t i = 0; i < 7; i++)
			EXPECT((column[i] = strsep(&rest, "\t")) != NULL);
		const struct provision *own = provision_find(column[0]);
		EXPECT(own == &provisions[n++]);
		EXPECT_STR(own->v2_id ? own->v2_id : "-", column[1]);
		EXPECT_INT(own->v2_class ? own->v2_class : '-', column[2][0]);
		EXPECT_INT(own->v3_class, column[4][0]);
		EXPECT_STR(own->v3_condition ? own->v3_condition : "-", column[5]);
		EXPECT_INT(own->tier, column[6][0]);
	}
	EXPECT_INT(n, n_provisions);
}
