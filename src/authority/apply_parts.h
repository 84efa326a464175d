/*
 * apply_parts: what the files that fold records share.
 *
 * Source:    design section 4.
 * Units:     indices count ledger entries.
 * Limits:    none of its own.
 * Errors:    WRIT_CORRUPT, WRIT_NOMEM.
 * Ownership: the state owns what is added.
 * Threads:   one.
 */
#ifndef WRIT_AUTHORITY_APPLY_PARTS_H
#define WRIT_AUTHORITY_APPLY_PARTS_H

#include "state.h"

WRIT_MUST_CHECK enum writ_status apply_signed(struct writ_authority *a, uint64_t index,
                                              const struct writ_record *rec, struct writ_err *err);
void approval_settle(struct writ_authority *a, struct approval *ap, enum writ_approval_state state);
/* The target's tool of that name, made when it is not there; NULL when memory is out. */
struct tool *tool_of(struct target *t, struct writ_slice name);

#endif
