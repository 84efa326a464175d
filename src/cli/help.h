/*
 * help: what `writ help` and `writ COMMAND --help` say, made from the tables.
 *
 * Source:    none.
 * Units:     none.
 * Limits:    written for 80 columns.
 * Errors:    none.
 * Ownership: borrows everything.
 * Threads:   one at a time.
 */
#ifndef WRIT_CLI_HELP_H
#define WRIT_CLI_HELP_H

#include "command.h"

void writ_help_overview(struct writ_out *out);
void writ_help_command(struct writ_out *out, const struct writ_command *c);
/* The commands whose first word is `word`; false when there is none. */
bool writ_help_family(struct writ_out *out, const char *word);

#endif
