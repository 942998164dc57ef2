/* SPDX-License-Identifier: Apache-2.0 */
/* Macros of libraries, in words that cppcheck follows; see tools/check.sh. */
#define PINFOLD_VERSION "0"
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
#define mnl_attr_for_each(attr, header, offset)                                                    \
	for (attr = mnl_nlmsg_get_payload_offset(header, offset); attr; attr = mnl_attr_next(attr))
#define mnl_attr_for_each_nested(attr, nest)                                                       \
	for (attr = mnl_attr_get_payload(nest); attr; attr = mnl_attr_next(attr))
