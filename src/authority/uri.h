/*
 * uri: the normal form of resources, so that a prefix cannot be left by another spelling.
 *
 * Source:    RFC 3986 sections 3 and 6.2.2; docs/FORMATS.md section 3.
 * Units:     bytes.
 * Limits:    URI_MAX bytes in and out.
 * Errors:    WRIT_FORMAT with the reason: what cannot be normalised is refused, never repaired.
 * Ownership: results live in the arena.
 * Threads:   pure functions.
 */
#ifndef WRIT_AUTHORITY_URI_H
#define WRIT_AUTHORITY_URI_H

#include "base/arena.h"
#include "base/status.h"

#define URI_MAX ((size_t)2048)

WRIT_MUST_CHECK enum writ_status uri_normalise(struct writ_slice in, struct writ_arena *arena,
                                               struct writ_slice *out, struct writ_err *err);
/* An absolute file path: segments resolved, no last slash but the root's. */
WRIT_MUST_CHECK enum writ_status path_normalise(struct writ_slice in, struct writ_arena *arena,
                                                struct writ_slice *out, struct writ_err *err);
/* Percent-encodes all but unreserved bytes, and slashes where `keep_slash`. */
WRIT_MUST_CHECK enum writ_status uri_encode(struct writ_slice in, bool keep_slash,
                                            struct writ_arena *arena, struct writ_slice *out,
                                            struct writ_err *err);

#endif
