/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <stdlib.h>

#include "base/printable.h"
#include "check/declared.h"
#include "check/table.h"

/* Whatever a declaration says, nothing of it is passed, and everything of it can be shown. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct findings findings;
	struct fault why = {0};
	struct declared *declared = declared_parse((const char *)data, size, &why);

	if (!declared) {
		assert(why.text[0] && is_printable(why.text));
		return 0;
	}
	assert(is_printable(declared->signer) && declared->role &&
		declared_is_date(declared->date));
	for (size_t i = 0; i < declared->n_hosts; i++)
		assert(is_printable(declared->host[i]));
	free(declared);

	struct transcript *transcript = transcript_new(NULL);
	assert(declared_write(transcript, DECLARED_STEP, "d", (const char *)data, size, 1));
	findings.n = findings.n_lost = 0;
	check_judge((uint16_t)check_find("declaration"), transcript, &findings);
	for (size_t i = 0; i < findings.n; i++) {
		assert(findings.finding[i].word != VERDICT_PASS);
		assert(findings.finding[i].word != VERDICT_NFF);
		assert(is_printable(findings.finding[i].text));
	}
	transcript_free(transcript);
	return 0;
}
