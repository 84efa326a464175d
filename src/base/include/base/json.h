/*
 * json: the strict reader of untrusted JSON, and its canonical form.
 *
 * Source:    RFC 8259, RFC 7493 (I-JSON), RFC 8785 (canonical form). jansson does the reading.
 * Units:     bytes, levels of nesting.
 * Limits:    given with each call; WRIT_JSON_DEPTH levels at most in any case.
 * Errors:    WRIT_FORMAT with the byte offset for: duplicate keys, invalid UTF-8, NUL (raw or
 *            escaped), a lone surrogate, text after the value, a number that cannot be kept
 *            exactly; WRIT_LIMIT for size and depth; WRIT_NOMEM.
 * Ownership: the caller owns the json_t it gets (json_decref, or WRIT_AUTO_JSON).
 * Threads:   a json_t belongs to one thread at a time.
 */
#ifndef WRIT_BASE_JSON_H
#define WRIT_BASE_JSON_H

#include <jansson.h>

#include "base/buf.h"

/* Deeper than any honest tool argument or signed text; bounds recursion everywhere. */
#define WRIT_JSON_DEPTH 32

static inline void writ_json_drop(json_t **j)
{
    json_decref(*j);
}
#define WRIT_AUTO_JSON __attribute__((cleanup(writ_json_drop))) json_t

/*
 * One JSON value of at most `max` bytes. Numbers are kept exactly: an integer is a 64-bit one,
 * a real is one whose shortest decimal form denotes the same number as the text; others are
 * refused. So are reals that are whole numbers from 2^63 to 10^21, because RFC 8785 writes them
 * like integers. "-0" and "-0.0" are 0, as in RFC 8785. What is accepted has a canonical form
 * that is accepted again. *out is untouched on failure.
 */
WRIT_MUST_CHECK enum writ_status writ_json_parse(struct writ_slice in, size_t max, json_t **out,
                                                 struct writ_err *err);
/* The same, and the value must be an object. */
WRIT_MUST_CHECK enum writ_status writ_json_parse_object(struct writ_slice in, size_t max,
                                                        json_t **out, struct writ_err *err);

/*
 * RFC 8785: keys in UTF-16 order, no white space, shortest numbers. Integers beyond 2^53, for
 * which RFC 8785 has no exact form, are written in full (docs/FORMATS.md).
 */
WRIT_MUST_CHECK enum writ_status writ_json_canonical(const json_t *value, struct writ_buf *out,
                                                     struct writ_err *err);

/*
 * Around code that builds values with jansson, which drops what it has no memory for: watch before,
 * and when refused says true after, the value is not whole. Per thread; parsing does it itself.
 */
void writ_json_memory_watch(void);
bool writ_json_memory_refused(void);

/* Readers for objects with a closed set of fields. `where` names the object in messages. */

/* Every key of `obj` is in the NULL-terminated list, else WRIT_FORMAT naming the first other. */
WRIT_MUST_CHECK enum writ_status writ_json_only(const json_t *obj, const char *where,
                                                const char *const *allowed, struct writ_err *err);
/* Required string; borrowed from `obj`. */
WRIT_MUST_CHECK enum writ_status writ_json_str(const json_t *obj, const char *where,
                                               const char *key, struct writ_slice *out,
                                               struct writ_err *err);
/* Optional string: *out is the empty slice with NULL pointer when absent or null. */
WRIT_MUST_CHECK enum writ_status writ_json_opt_str(const json_t *obj, const char *where,
                                                   const char *key, struct writ_slice *out,
                                                   struct writ_err *err);
/* Required integer in [min, max]. */
WRIT_MUST_CHECK enum writ_status writ_json_u64(const json_t *obj, const char *where,
                                               const char *key, uint64_t min, uint64_t max,
                                               uint64_t *out, struct writ_err *err);
/* Optional boolean, `fallback` when absent. */
WRIT_MUST_CHECK enum writ_status writ_json_opt_bool(const json_t *obj, const char *where,
                                                    const char *key, bool fallback, bool *out,
                                                    struct writ_err *err);

/* The bytes of a JSON string value, borrowed; empty for any other type. */
struct writ_slice writ_json_text(const json_t *string);
/* obj[key] for a key that need not be NUL-terminated; NULL when absent. */
json_t *writ_json_get(const json_t *obj, struct writ_slice key);

#endif
