/*
 * redo: making one record anew from the state before it.
 *
 * Source:    design promise 5.
 * Units:     indices count ledger entries.
 * Limits:    REPLAY_ARENA bytes for one record.
 * Errors:    a status and words for why the record could not be made: that is a divergence.
 * Ownership: the replay owns what it holds; the remade record borrows from its arena.
 * Threads:   one.
 */
#ifndef WRIT_REPLAY_REDO_H
#define WRIT_REPLAY_REDO_H

#include "authority/authority.h"
#include "ledger/log.h"
#include "replay/payload.h"
#include "replay/replay.h"

/* Arguments of 4 MiB, decoded, are the most that one record can bring along. */
#define REPLAY_ARENA (64u << 20)

struct replay {
    const struct writ_replay_options *o;
    struct writ_replay_report *out;
    struct writ_authority *a;
    struct writ_log_reader *reader;
    struct writ_payload_reader *payloads;
    struct writ_arena arena;
    struct writ_buf remade;
    struct writ_buf expected; /* the approval.requested that must come next; empty: none */
    struct writ_buf payload;
    uint64_t index;
    uint64_t *roots; /* indices of the root grants whose signature is good, ascending */
    size_t roots_len, roots_cap;
};

WRIT_MUST_CHECK enum writ_status redo(struct replay *p, const struct writ_record *rec,
                                      struct writ_record *remade, bool *undecidable,
                                      struct writ_err *why);
/* The chain begins with a grant.signed that a human signed, and each link follows from it. */
bool redo_traceable(const struct replay *p, const struct writ_rec_decided *r);

#endif
