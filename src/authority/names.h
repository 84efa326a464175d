/*
 * names: which byte strings may name what.
 *
 * Source:    docs/FORMATS.md section 1.
 * Units:     bytes.
 * Limits:    as each function says.
 * Errors:    false.
 * Ownership: borrowed for the call.
 * Threads:   pure functions.
 */
#ifndef WRIT_AUTHORITY_NAMES_H
#define WRIT_AUTHORITY_NAMES_H

#include "base/slice.h"

/* Humans, agents, targets: 1–64 of a-z 0-9 . _ -, first a letter or digit. */
bool name_valid(struct writ_slice s);
/* Grants, approvals, changes: 1–64 of A-Z a-z 0-9 . _ -. */
bool id_valid(struct writ_slice s);
/* Transactions and instances: 1–128 of A-Z a-z 0-9 . _ : -. */
bool txn_valid(struct writ_slice s);
/* 1–255 bytes of printable ASCII, no space, no `+`: it is the origin line of checkpoints. */
bool cell_valid(struct writ_slice s);
/* `n` lower-case hex digits. */
bool hex_valid(struct writ_slice s, size_t n);
/* Valid UTF-8 of at most `max` bytes without control bytes. */
bool words_valid(struct writ_slice s, size_t max);

/* TARGET/KIND/NAME, taken apart; false when it is not of that form. */
struct action_name {
    struct writ_slice target, kind, name;
};
bool action_split(struct writ_slice action, struct action_name *out);

#endif
