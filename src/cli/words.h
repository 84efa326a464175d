/*
 * words: a grant, an approval and actions in plain words, for the person who is to sign them.
 *
 * Source:    docs/FORMATS.md sections 2 to 4.
 * Units:     none.
 * Limits:    none: what a text holds is shown whole.
 * Errors:    none: what has no words is shown as its JSON.
 * Ownership: borrows everything.
 * Threads:   one at a time.
 */
#ifndef WRIT_CLI_WORDS_H
#define WRIT_CLI_WORDS_H

#include "output.h"

/* A root or derived grant: who, for what, until when, how much. */
void writ_words_grant(struct writ_out *out, const json_t *grant);
/* What an approver is asked: the view's item, and the arguments (NULL: they are erased). */
void writ_words_approval(struct writ_out *out, const json_t *item, const json_t *args);
/* A target before it is signed. */
void writ_words_target(struct writ_out *out, const json_t *target);
/* One constraint: `is exactly "x"`, `is a path under "/srv/"`. */
void writ_words_constraint(const json_t *constraint, struct writ_buf *out);
/* "  Label      " in a column of its own, to be followed by a part or a line. */
void writ_words_label(struct writ_out *out, const char *label);
/* A value as JSON, indented below its label; long ones are cut with a note when `limit` is not 0. */
void writ_words_json(struct writ_out *out, const json_t *value, size_t limit);

#endif
