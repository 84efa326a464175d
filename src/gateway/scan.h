/*
 * scan: where the members of a JSON text stand, byte by byte, so that a part can be cut out and
 * the rest stay as it was written.
 *
 * Source:    RFC 8259.
 * Units:     bytes.
 * Limits:    none; allocates only to compare a key that is written with escapes.
 * Errors:    false: no more members, or the text is not JSON. On a text that writ_json_parse took
 *            only the first can be.
 * Ownership: borrows the text.
 * Threads:   pure functions.
 */
#ifndef WRIT_GATEWAY_SCAN_H
#define WRIT_GATEWAY_SCAN_H

#include "base/slice.h"

struct scan {
    struct writ_slice text;
    size_t at; /* behind the bracket, or behind the last member */
    bool object;
    bool first;
};

struct scan_member {
    struct writ_slice key;   /* as written, with quotes; empty in an array */
    struct writ_slice whole; /* key, colon and value */
    struct writ_slice value;
};

/* False when `text` does not begin with an object or array. */
bool scan_begin(struct scan *s, struct writ_slice text);
bool scan_next(struct scan *s, struct scan_member *out);
/* Whether a key as written means `name`. */
bool scan_key_is(struct writ_slice key, const char *name);
/* The value of the first member with this name. */
bool scan_find(struct writ_slice object, const char *name, struct writ_slice *out);

#endif
