/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <stdlib.h>

#include "tell/home_assistant.h"
#include "tell/receiver.h"

/* The first line is a topic, or a URL; the rest is the payload. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
	size_t len = end ? (size_t)(end - data) : size, used = len + (end != NULL);
	struct message_wish wish = {.receiver = 1};
	struct message_receiver to, again;
	char url[RECEIVER_URL_MAX];
	struct fault why;

	char *line = malloc(len + 1);
	assert(line);
	memcpy(line, data, len);
	line[len] = '\0';
	if (ha_wish_parse(&wish, line, data + used, size - used)) {
		wish.receiver = 1;
		assert(message_check(
			MESSAGE_WISH, PROCESS_TELLER, PROCESS_ENGINE, &wish, sizeof wish));
	}
	if (receiver_parse(&to, line, &why)) {
		receiver_render(&to, url);
		assert(receiver_parse(&again, url, &why));
		assert(!memcmp(&to, &again, sizeof to));
		to.number = 1;
		assert(message_check(
			MESSAGE_RECEIVER, PROCESS_ENGINE, PROCESS_TELLER, &to, sizeof to));
	}
	free(line);
	return 0;
}
