/*
 * value: argument values in the canonical form of their kind, so that comparing is comparing bytes.
 *
 * Source:    docs/FORMATS.md section 4; design section 4.
 * Units:     none.
 * Limits:    VALUE_MAX bytes of text, 64 elements of a list.
 * Errors:    false: the value has no form of this kind, so no constraint of it can hold.
 * Ownership: results live in the arena or borrow from the JSON value.
 * Threads:   pure functions.
 */
#ifndef WRIT_AUTHORITY_VALUE_H
#define WRIT_AUTHORITY_VALUE_H

#include "base/arena.h"
#include "base/json.h"

#define VALUE_MAX  4096
#define VALUES_MAX 64

enum value_kind {
    VALUE_NONE = 0,
    VALUE_TEXT,
    VALUE_BOOL,
    VALUE_NUMBER,
    VALUE_PATH,
    VALUE_URL,
    VALUE_EMAIL,
    VALUE_DATETIME,
    VALUE_LIST
};

enum value_kind value_kind_parse(struct writ_slice name);
const char *value_kind_text(enum value_kind k);

/* For a list: `out` is unused and `elements` is set. */
struct value {
    struct writ_slice text;
    size_t len; /* elements of a list: sorted, each once */
    const struct writ_slice *elements;
};

bool value_read(enum value_kind kind, const json_t *json, struct writ_arena *arena,
                struct value *out);
/*
 * The most that value_read takes from the arena. Whoever reserves it in one piece knows that false
 * is about the value, and not about memory, which would be decided otherwise the next time.
 */
size_t value_memory(enum value_kind kind);
/* -1, 0, 1 for two canonical numbers or two canonical datetimes. */
int value_compare(enum value_kind kind, struct writ_slice a, struct writ_slice b);

/* A JSON number, or a decimal in a string, in canonical form: "-12.5", "0". */
bool number_read(const json_t *json, struct writ_arena *arena, struct writ_slice *out);
/* A canonical number in millionths; false when negative, too large, or with more decimals. */
bool number_micros(struct writ_slice number, uint64_t *out);

#endif
