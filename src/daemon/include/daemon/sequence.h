/*
 * sequence: gives every record its time, its index and its place in the commit queue.
 *
 * Source:    design section 4: check, record, commit, answer.
 * Units:     times are microseconds since 1970 UTC; room in bytes.
 * Limits:    WRIT_OUTCOME_RESERVE bytes of the ledger's room are kept for each action in flight.
 * Errors:    before state changed: WRIT_LIMIT when the ledger has no room (nothing may be
 *            forwarded), and what encoding reports. After it changed: `broken` is set with the
 *            reason, memory is ahead of the ledger, and the daemon must stop.
 * Ownership: borrows authority and queue.
 * Threads:   the loop's only.
 */
#ifndef WRIT_DAEMON_SEQUENCE_H
#define WRIT_DAEMON_SEQUENCE_H

#include "authority/authority.h"
#include "base/env.h"
#include "daemon/commit.h"

/* An action.completed with its share of a commit frame; the record itself takes under 400. */
#define WRIT_OUTCOME_RESERVE 1024
/*
 * Actions whose gateway died stay in doubt for ever, and must not in the end take all the room:
 * beyond eight thousand of them, an outcome finds room like any other record.
 */
#define WRIT_OUTCOME_RESERVE_MAX (8u << 20)

struct writ_sequencer {
    struct writ_authority *authority;
    struct writ_env env;
    /* Bytes that the ledger can take for certain; see writ_log_room. */
    uint64_t (*room)(void *ctx);
    void (*submit)(void *ctx, struct writ_commit_item *item); /* with what is linked behind it */
    void *ctx;
    uint64_t queued_bytes, queued; /* submitted and not durable yet */
    uint64_t clock_steps, last_clock;
    bool behind; /* the clock is before the last record, and that is on record */
    bool broken;
    struct writ_err why; /* when broken */
};

/* What a record may be written on. */
enum writ_room {
    WRIT_ROOM_COMMON = 0,  /* never what is kept for outcomes */
    WRIT_ROOM_RESERVED = 1 /* outcomes, and what narrows: these must always be possible */
};

/*
 * The time for the next record. When the clock went back, clock.stepped is sequenced first, so
 * this can fail like writ_sequence.
 */
WRIT_MUST_CHECK enum writ_status writ_sequence_now(struct writ_sequencer *s, uint64_t *now,
                                                   struct writ_err *err);
/*
 * Encodes, applies, and queues the record. `owner` comes back with the item when the record is
 * durable; NULL when nobody waits.
 */
WRIT_MUST_CHECK enum writ_status writ_sequence(struct writ_sequencer *s,
                                               const struct writ_record *r, enum writ_room room,
                                               void *owner, uint64_t *index, struct writ_err *err);
/*
 * The same for a decision and what follows from it: the second stands right behind the first, and
 * both become durable in one commit or neither does, so that no crash can leave one alone.
 */
WRIT_MUST_CHECK enum writ_status writ_sequence_both(struct writ_sequencer *s,
                                                    const struct writ_record *first,
                                                    const struct writ_record *second,
                                                    enum writ_room room, void *owner,
                                                    uint64_t *index, struct writ_err *err);
/* `owner` comes back when all that is queued now is durable. */
WRIT_MUST_CHECK enum writ_status writ_sequence_barrier(struct writ_sequencer *s, void *owner,
                                                       struct writ_err *err);
/* An item has come back durable. */
void writ_sequence_done(struct writ_sequencer *s, const struct writ_commit_item *item);

#endif
