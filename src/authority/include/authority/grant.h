/*
 * grant: the text of a grant, compiled; what it allows; whether one is within another.
 *
 * Source:    docs/FORMATS.md section 4; design section 4 "Grants and narrowing".
 * Units:     times are microseconds since 1970 UTC; amounts are millionths of their unit.
 * Limits:    WRIT_GRANT_TEXT_MAX bytes of text; counts as docs/FORMATS.md says.
 * Errors:    WRIT_FORMAT naming the field and what is wrong with it; WRIT_REFUSED from within,
 *            naming the dimension; WRIT_LIMIT, WRIT_NOMEM.
 * Ownership: a grant owns what it holds; writ_grant_free(NULL) is a no-op.
 * Threads:   immutable after parse.
 */
#ifndef WRIT_AUTHORITY_GRANT_H
#define WRIT_AUTHORITY_GRANT_H

#include "base/json.h"

#define WRIT_GRANT_TEXT_MAX 16384
#define WRIT_CHAIN_MAX      8 /* links: max_depth is at most 7 */

struct writ_grant;

WRIT_MUST_CHECK enum writ_status writ_grant_parse(struct writ_slice text, struct writ_grant **out,
                                                  struct writ_err *err);
void writ_grant_free(struct writ_grant *g);
static inline void writ_grant_drop(struct writ_grant **g)
{
    writ_grant_free(*g);
}
#define WRIT_AUTO_GRANT __attribute__((cleanup(writ_grant_drop))) struct writ_grant

/* Borrowed. The parent of a root grant is empty. */
struct writ_slice writ_grant_id(const struct writ_grant *g);
struct writ_slice writ_grant_parent(const struct writ_grant *g);
struct writ_slice writ_grant_human(const struct writ_grant *g);
struct writ_slice writ_grant_holder(const struct writ_grant *g);
struct writ_slice writ_grant_purpose(const struct writ_grant *g);

/* WRIT_OK when everything `child` allows, `parent` allows: each dimension by itself. */
WRIT_MUST_CHECK enum writ_status writ_grant_within(const struct writ_grant *child,
                                                   const struct writ_grant *parent,
                                                   struct writ_err *err);
/*
 * WRIT_OK when action, resources and arguments are in scope and `now` is within its time; the
 * error says which is not. `arguments` NULL leaves them out. No counts, no state.
 */
WRIT_MUST_CHECK enum writ_status writ_grant_covers(const struct writ_grant *g,
                                                   struct writ_slice action,
                                                   const struct writ_slice *resources, size_t n,
                                                   const json_t *arguments, uint64_t now,
                                                   struct writ_err *err);

#endif
