/*
 * pattern: exact strings and prefixes, over actions and resources.
 *
 * Source:    docs/FORMATS.md section 1; design section 4 "Grants and narrowing".
 * Units:     bytes.
 * Limits:    PATTERN_MAX bytes.
 * Errors:    WRIT_FORMAT with what is wrong and how to write it.
 * Ownership: a pattern borrows its text.
 * Threads:   pure functions.
 */
#ifndef WRIT_AUTHORITY_PATTERN_H
#define WRIT_AUTHORITY_PATTERN_H

#include "base/arena.h"
#include "base/status.h"

#define PATTERN_MAX  512
#define PATTERNS_MAX 64

struct pattern {
    struct writ_slice text; /* without the star */
    bool prefix;
};

struct patterns {
    size_t len;
    const struct pattern *at;
};

/* A star may stand at the end only. */
WRIT_MUST_CHECK enum writ_status pattern_parse_action(struct writ_slice s, struct pattern *out,
                                                      struct writ_err *err);
/* Must be written normalised, and the star may not stand within a host. */
WRIT_MUST_CHECK enum writ_status pattern_parse_resource(struct writ_slice s, struct pattern *out,
                                                        struct writ_err *err);
bool pattern_match(const struct pattern *p, struct writ_slice s);
/* Every string that `child` matches is matched by `parent`. */
bool pattern_within(const struct pattern *child, const struct pattern *parent);
/* The strings that both match: false when there are none. The meet is one of the two. */
bool pattern_meet(const struct pattern *a, const struct pattern *b, struct pattern *out);

bool patterns_match(const struct patterns *l, struct writ_slice s);
/* The first of `child` that is within none of `parent`, or NULL. */
const struct pattern *patterns_outside(const struct patterns *child, const struct patterns *parent);

#endif
