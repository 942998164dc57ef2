/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <stdlib.h>

#include "base/printable.h"
#include "label/report.h"

/* What was read and is written reads back to the same bytes, and every report of it can be made. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct junit_counts counts;
	struct fault why = {0};
	bool agree = false;
	size_t len, again_len;
	struct audit_result *again,
		*result = result_from_text((const char *)data, size, &agree, &why);

	if (!result) {
		assert(why.text[0] && is_printable(why.text));
		return 0;
	}
	char *text = result_to_text(result, &len), *page = NULL;
	again = result_from_text(text, len, &agree, &why);
	assert(again && agree);
	char *second = result_to_text(again, &again_len);
	assert(again_len == len && !memcmp(text, second, len));

	FILE *file = open_memstream(&page, &len);
	assert(file);
	report_html(result, file);
	report_junit(result, again, file, &counts);
	assert(!fclose(file));
	assert(counts.failures == 0 && counts.skipped + counts.known <= 2 * counts.tests);
	assert(!strstr(page, "<script"));
	free(page);

	file = open_memstream(&page, &len);
	assert(file);
	report_pdf(result, file);
	assert(!fclose(file));
	assert(!memchr(page + 20, '\x1b', len - 20));
	free(page);
	free(second);
	free(text);
	result_free(again);
	result_free(result);
	return 0;
}
