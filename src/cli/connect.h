/*
 * connect: calls to the authority, and what their answers mean to a command.
 *
 * Source:    docs/PROTOCOL.md.
 * Units:     none.
 * Limits:    an answer is awaited for WRIT_CALL_MS.
 * Errors:    WRIT_CLOSED when writd cannot be reached, with what to do; else writd's own answer.
 * Ownership: the caller owns the replies; the context owns the connection.
 * Threads:   one.
 */
#ifndef WRIT_CLI_CONNECT_H
#define WRIT_CLI_CONNECT_H

#include "command.h"

#define WRIT_CALL_MS 30000

/* One operation; `body` may be NULL and is given up by the caller in any case. */
WRIT_MUST_CHECK enum writ_status writ_call(struct writ_cli *cli, const char *op, json_t *body,
                                           json_t **reply, struct writ_err *err);
/* `view`: *items is the list of what there is, never NULL on success. */
WRIT_MUST_CHECK enum writ_status writ_call_view(struct writ_cli *cli, const char *what,
                                                const char *filter, bool all, json_t **items,
                                                struct writ_err *err);
/* The one item that a filter names; WRIT_NOT_FOUND in words when there is none. */
WRIT_MUST_CHECK enum writ_status writ_call_item(struct writ_cli *cli, const char *what,
                                                const char *name, json_t **item,
                                                struct writ_err *err);
/* Hangs up; the next call connects anew. */
void writ_call_close(struct writ_cli *cli);

/* Members of a reply for printing: "" and 0 when they are not there. Borrowed. */
const char *writ_field_text(const json_t *object, const char *name);
uint64_t writ_field_number(const json_t *object, const char *name);
bool writ_field_true(const json_t *object, const char *name);

#endif
