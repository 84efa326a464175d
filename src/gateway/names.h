/*
 * names: which names an MCP message may use, and which look like another to some reader.
 *
 * Source:    docs/FORMATS.md section 1; W3C Trace Context 1 section 3.2; Go encoding/json, which
 *            matches field names under simple case folding.
 * Units:     bytes.
 * Limits:    WRIT_MCP_NAME_MAX.
 * Errors:    false; names_twins: WRIT_NOMEM.
 * Ownership: borrowed for the call.
 * Threads:   pure functions.
 */
#ifndef WRIT_GATEWAY_NAMES_H
#define WRIT_GATEWAY_NAMES_H

#include "gateway/mcp.h"

/* 1–128 of A-Z a-z 0-9 _ . -: a tool or a prompt. */
bool names_item(struct writ_slice s);
/* version-traceid-parentid-flags in lower-case hex, ids not all zero. */
bool names_traceparent(struct writ_slice s);
/* Some key is equal to one of the NULL-terminated `known` but for case, and not exactly it. */
bool names_shadow(json_t *object, const char *const *known);
/* Two keys of the object are equal but for case. */
WRIT_MUST_CHECK enum writ_status names_twins(json_t *object, bool *out);

#endif
