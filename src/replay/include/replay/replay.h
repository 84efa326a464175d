/*
 * replay: takes every decision of a ledger again, and compares.
 *
 * Source:    design promise 5; docs/ARCHITECTURE.md.
 * Units:     indices count ledger entries; times are microseconds since 1970 UTC.
 * Limits:    lists in the report hold at most WRIT_REPLAY_LIST entries; counts go on.
 * Errors:    WRIT_IO, WRIT_CORRUPT (with the index) when the ledger cannot be read or folded;
 *            a divergence is not an error but a finding in the report.
 * Ownership: writ_replay_release frees what the report holds.
 * Threads:   one run, one thread; runs are independent.
 *
 * Each record is made anew from the state before it: a decision is decided again, a signed text
 * checked and accepted again, an outcome matched again. The bytes must come out the same.
 */
#ifndef WRIT_REPLAY_REPLAY_H
#define WRIT_REPLAY_REPLAY_H

#include "base/buf.h"

#define WRIT_REPLAY_LIST 100

struct writ_replay_options {
    const char *ledger;    /* the ledger directory */
    const char *payloads;  /* the payload directory, or NULL: all counts as erased */
    struct writ_slice txn; /* count and list only this transaction; empty: all */
    bool signatures;       /* check every signature again (most of the time goes there) */
    /* Called now and then; may be NULL. */
    void (*progress)(void *ctx, uint64_t records);
    void *ctx;
};

struct writ_replay_report {
    uint64_t records;
    uint64_t first_time, last_time;
    uint64_t decided, allowed, denied, held;
    uint64_t agreed; /* records made anew with the same bytes */
    uint64_t diverged;
    uint64_t undecidable; /* the payload is erased and the grant needs it */
    uint64_t in_doubt;    /* allowed, and no completion */
    uint64_t signatures_human, signatures_agent, signatures_action, signatures_session;
    uint64_t signatures_bad;
    uint64_t traceable;    /* allowed actions whose chain ends at a text a human signed */
    size_t exceptions_len; /* allowed actions that do not */
    uint64_t exceptions[WRIT_REPLAY_LIST];
    size_t in_doubt_len;
    uint64_t in_doubt_list[WRIT_REPLAY_LIST];
    /* The first divergence in full. */
    uint64_t diverged_index;
    char diverged_why[512];
    struct writ_buf stored, remade;
};

WRIT_MUST_CHECK enum writ_status writ_replay_run(const struct writ_replay_options *o,
                                                 struct writ_replay_report *out,
                                                 struct writ_err *err);
void writ_replay_release(struct writ_replay_report *r);

#endif
