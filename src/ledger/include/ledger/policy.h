/*
 * policy: whose signatures somebody wants to see on a checkpoint before believing it.
 *
 * Source:    c2sp.org/tlog-policy (standards D.7).
 * Units:     offsets of errors count bytes; the words of an error name the line, from 1.
 * Limits:    WRIT_POLICY_MAX bytes, WRIT_POLICY_LOGS, WRIT_POLICY_WITNESSES, WRIT_POLICY_GROUPS.
 * Errors:    WRIT_FORMAT and WRIT_LIMIT, with offset. *out is untouched on failure.
 * Ownership: names and addresses borrow from the text.
 * Threads:   pure functions.
 */
#ifndef WRIT_LEDGER_POLICY_H
#define WRIT_LEDGER_POLICY_H

#include "ledger/note.h"

#define WRIT_POLICY_MAX       65536
#define WRIT_POLICY_LOGS      32
#define WRIT_POLICY_WITNESSES 64 /* a set of witnesses is a word of 64 bits */
#define WRIT_POLICY_GROUPS    32

/* No group: a name that is a member of none, and the quorum `none`. */
#define WRIT_POLICY_NONE (-1)

struct writ_policy_member {
    struct writ_slice name;
    struct writ_slice url; /* of a witness; empty when it is not given */
    int group;             /* the one group that it belongs to, or WRIT_POLICY_NONE */
};

struct writ_policy {
    size_t logs, witnesses, groups;
    struct writ_note_key log[WRIT_POLICY_LOGS];
    struct writ_slice log_url[WRIT_POLICY_LOGS];
    struct writ_note_key witness_key[WRIT_POLICY_WITNESSES];
    struct writ_policy_member witness[WRIT_POLICY_WITNESSES];
    struct writ_policy_member group[WRIT_POLICY_GROUPS]; /* members come before their group */
    unsigned need[WRIT_POLICY_GROUPS], members[WRIT_POLICY_GROUPS];
    int quorum_witness, quorum_group; /* at most one is not WRIT_POLICY_NONE */
};

WRIT_MUST_CHECK enum writ_status writ_policy_parse(struct writ_slice text, struct writ_policy *out,
                                                   struct writ_err *err);
/* Bit i of `cosigned`: witness i has. */
bool writ_policy_met(const struct writ_policy *p, uint64_t cosigned);

#endif
