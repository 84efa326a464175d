/*
 * text: builds the texts that people and agents sign.
 *
 * Source:    docs/FORMATS.md sections 2 to 4; RFC 8785 by way of base/json.
 * Units:     times are microseconds since 1970 UTC, whole seconds in texts.
 * Limits:    WRIT_TEXT_MAX bytes of canonical JSON.
 * Errors:    WRIT_ARG for values that cannot be, WRIT_LIMIT, WRIT_NOMEM.
 * Ownership: the caller owns the JSON.
 * Threads:   pure but for randomness, which is the env's.
 */
#ifndef WRIT_CLI_TEXT_H
#define WRIT_CLI_TEXT_H

#include "base/env.h"
#include "base/json.h"

#define WRIT_TEXT_MAX ((size_t)16384)
#define WRIT_ID_TEXT  24

/* `letter`, '-', 16 random hex digits. */
WRIT_MUST_CHECK enum writ_status writ_id_make(struct writ_env env, char letter,
                                              char out[WRIT_ID_TEXT], struct writ_err *err);
/* Sets type, v, cell, a new id and issued in *out, which may hold other fields already. */
WRIT_MUST_CHECK enum writ_status writ_text_head(struct writ_env env, const char *type,
                                                struct writ_slice cell, char id_letter,
                                                json_t *text, struct writ_err *err);
/* The bytes to sign. */
WRIT_MUST_CHECK enum writ_status writ_text_canonical(const json_t *text, struct writ_buf *out,
                                                     struct writ_err *err);

/* Members that must be text; WRIT_ARG when `value` is not valid UTF-8. */
WRIT_MUST_CHECK enum writ_status writ_text_set(json_t *object, const char *name, const char *value,
                                               struct writ_err *err);
/* Takes over `value`; NULL is WRIT_NOMEM. */
WRIT_MUST_CHECK enum writ_status writ_text_put(json_t *object, const char *name, json_t *value,
                                               struct writ_err *err);
/* Appends to a list that is made when it is not there. */
WRIT_MUST_CHECK enum writ_status writ_text_append(json_t *object, const char *name,
                                                  const char *value, struct writ_err *err);
/* "operator,approver" as a list. */
WRIT_MUST_CHECK enum writ_status writ_text_commas(json_t *object, const char *name,
                                                  const char *value, struct writ_err *err);
WRIT_MUST_CHECK enum writ_status writ_text_time(json_t *object, const char *name, uint64_t us,
                                                struct writ_err *err);

#endif
