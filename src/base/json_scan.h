/*
 * json_scan: is this text one JSON value that Writ can keep exactly? Allocates nothing.
 *
 * Source:    RFC 8259, RFC 7493 section 2; what json.h promises beyond them.
 * Units:     bytes, levels of nesting.
 * Limits:    WRIT_JSON_DEPTH levels.
 * Errors:    WRIT_FORMAT with the byte offset, WRIT_LIMIT for depth.
 * Ownership: borrows the text for the call.
 * Threads:   pure function.
 */
#ifndef WRIT_BASE_JSON_SCAN_H
#define WRIT_BASE_JSON_SCAN_H

#include "base/slice.h"
#include "base/status.h"

WRIT_MUST_CHECK enum writ_status writ_json_scan(struct writ_slice in, struct writ_err *err);

#endif
