/*
 * list: what the listing commands have in common.
 *
 * Source:    none.
 * Units:     none.
 * Limits:    none.
 * Errors:    WRIT_NOT_FOUND for a name that is not there; WRIT_NOMEM.
 * Ownership: borrows everything.
 * Threads:   one.
 */
#ifndef WRIT_CLI_LIST_H
#define WRIT_CLI_LIST_H

#include "command.h"
#include "table.h"

/* The elements of a list of texts in one cell. */
void writ_list_join(struct writ_table *t, const json_t *list);
/* The table, or `nothing` as a sentence on stderr when it has no rows. */
WRIT_MUST_CHECK enum writ_status writ_list_print(struct writ_cli *cli, const struct writ_table *t,
                                                 const char *nothing, struct writ_err *err);
/* "active" in green, any other state in red. */
enum writ_style writ_list_state(const char *state);

#endif
