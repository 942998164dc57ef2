/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "base/printable.h"
#include "check/declared.h"
#include "check/paper.h"
#include "check/table.h"

/* Whatever a paper says, its fields are printable, and nobody fails or passes on it. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct findings findings;
	struct paper paper;

	if (paper_parse(&paper, data, size))
		for (unsigned i = 0; i < PAPER_FIELD_COUNT; i++) {
			assert(is_printable(paper.field[i].value));
			assert(paper.field[i].is_there || !paper.field[i].value[0]);
			paper_day(paper.field[i].value);
		}
	if (!size || size > PAPER_BYTES_MAX)
		return 0;
	struct transcript *transcript = transcript_new(NULL);
	assert(declared_write(transcript, PAPER_STEP, "p", (const char *)data, size, 1795000000));
	assert(declared_write(transcript, WIRE_STEP, "w", (const char *)data, size, 1795000000));
	findings.n = findings.n_lost = 0;
	check_judge((uint16_t)check_find("papers"), transcript, &findings);
	for (size_t i = 0; i < findings.n; i++)
		assert(findings.finding[i].word == VERDICT_DECL ||
			findings.finding[i].word == VERDICT_NFF ||
			findings.finding[i].word == VERDICT_INC);
	transcript_free(transcript);
	return 0;
}
