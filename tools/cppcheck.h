/* SPDX-License-Identifier: Apache-2.0 */
/* Macros of libraries, in words that cppcheck follows; see tools/check.sh. */
#define LIST_HEAD(name, type)                                                                      \
	struct name {                                                                              \
		struct type *first;                                                                \
	}
#define LIST_HEAD_INITIALIZER(head)                                                                \
	{                                                                                          \
		0                                                                                  \
	}
#define json_array_foreach(a, i, v)                                                                \
	for (i = 0; i < json_array_size(a) && (v = json_array_get(a, i)); i++)
#define json_object_foreach(o, k, v)                                                               \
	for (k = json_object_iter_key(json_object_iter(o)); k && (v = json_object_get(o, k)); k = 0)
#define STAILQ_HEAD(name, type)                                                                    \
	struct name {                                                                              \
		struct type *first, **last;                                                        \
	}
#define TAILQ_HEAD(name, type)       STAILQ_HEAD(name, type)
#define LIST_FOREACH(v, head, field) for (v = (head)->first; v; v = (v)->field.le_next)
#define LIST_FOREACH_SAFE(v, head, field, next)                                                    \
	for (v = (head)->first; v && ((next = (v)->field.le_next), 1); v = next)
