/*
 * constraint: what one argument may be: a set of values, perhaps with "not there".
 *
 * Source:    docs/FORMATS.md section 4.
 * Units:     none.
 * Limits:    VALUES_MAX values.
 * Errors:    WRIT_FORMAT naming the argument and what is wrong; WRIT_NOMEM.
 * Ownership: constraints live in the arena they were parsed into.
 * Threads:   pure functions.
 *
 * Every constraint denotes a subset of all values and "absent". Containment of constraints is
 * containment of these sets, decided by form: no value is tried.
 */
#ifndef WRIT_AUTHORITY_CONSTRAINT_H
#define WRIT_AUTHORITY_CONSTRAINT_H

#include "value.h"

enum constraint_op {
    CONSTRAINT_ABSENT = 0, /* zero allows least */
    CONSTRAINT_EXACT,      /* also one_of: one of the values */
    CONSTRAINT_PREFIX,
    CONSTRAINT_RANGE,
    CONSTRAINT_SUBSET,
    CONSTRAINT_ANY
};

struct constraint {
    enum constraint_op op;
    enum value_kind kind;
    bool optional;
    bool has_min, has_max;
    size_t len; /* values; elements for exact lists and subsets; prefix and range use none */
    const struct writ_slice *values;
    struct writ_slice prefix;
    struct writ_slice min, max;
};

WRIT_MUST_CHECK enum writ_status constraint_parse(const json_t *json, const char *where,
                                                  struct writ_arena *arena, struct constraint *out,
                                                  struct writ_err *err);
/* `json` NULL: the argument is not there. The scratch arena is used up a little. */
bool constraint_match(const struct constraint *c, const json_t *json, struct writ_arena *scratch);
/* All that `child` allows, `parent` allows. */
bool constraint_within(const struct constraint *child, const struct constraint *parent);

#endif
