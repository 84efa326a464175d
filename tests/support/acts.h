/*
 * acts: actions of agents straight through the authority into a ledger, without a daemon.
 *
 * Source:    docs/ARCHITECTURE.md "The authority".
 * Units:     times are microseconds since 1970 UTC.
 * Limits:    ACTS_BATCH records are kept before they are appended.
 * Errors:    prints what went wrong and aborts: a set-up that fails is a failure.
 * Ownership: acts_close gives back all but the home's files; test_home_remove ends those.
 * Threads:   one.
 */
#ifndef WRIT_TESTS_SUPPORT_ACTS_H
#define WRIT_TESTS_SUPPORT_ACTS_H

#include "support/home.h"

#define ACTS_BATCH 1000

/* Grants g-1 (alice to first), g-2 (first to second) and g-3 (second to third), all of `files`. */
struct acts {
    struct test_home home;
    struct writ_key *keys[3]; /* of the agents first, second, third */
    struct writ_arena arena;
    struct writ_buf bytes[ACTS_BATCH];
    size_t queued;
    uint64_t session; /* of third */
    uint64_t now;
    uint64_t nonce;
};

/* A home with people, agents, target, grants, and a session of `third`. `more` as for
   test_home_grant, for g-1 only; NULL for none. */
void acts_open(struct acts *m, const char *more);
/* `third` acts under g-3 one microsecond later; signs when asked. The decided record's index. */
uint64_t acts_decide(struct acts *m, const char *txn, const char *action, const char *arguments,
                     bool is_signed, enum writ_verdict *verdict);
/* The outcome of an allowed action, with status "ok". */
void acts_complete(struct acts *m, uint64_t decided);
/* Encodes, applies and queues any record; its index. */
uint64_t acts_commit(struct acts *m, const struct writ_record *rec);
/* Appends what is queued. */
void acts_flush(struct acts *m);
/* Publishes and closes the ledger and the authority; the files stay. */
void acts_seal(struct acts *m);
void acts_close(struct acts *m);

#endif
