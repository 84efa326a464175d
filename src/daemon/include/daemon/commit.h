/*
 * commit: the queue in front of the ledger, and the one thread that empties it.
 *
 * Source:    docs/ARCHITECTURE.md: check, record, commit, answer.
 * Units:     entries and bytes.
 * Limits:    none of its own: whoever submits bounds what is in flight.
 * Errors:    what the sink reports. The first failure is final: nothing after it is appended, and
 *            nothing that was not durable before it is ever reported as durable.
 * Ownership: an item belongs to the queue from submit until writ_commit_take hands it back.
 * Threads:   submit, take and stop by one thread (the loop); the sink runs on the committer, and so
 *            does `wake`.
 *
 * No timer: while one batch is being written the next one gathers. So a lone request waits for one
 * fdatasync, and a thousand at once share one.
 */
#ifndef WRIT_DAEMON_COMMIT_H
#define WRIT_DAEMON_COMMIT_H

#include "base/buf.h"

/* Appends all or nothing, durable on return; see writ_log_append. */
struct writ_commit_sink {
    enum writ_status (*append)(void *ctx, const struct writ_slice *entries, size_t n,
                               uint64_t *first, struct writ_err *err);
    void *ctx;
};

struct writ_commit_item {
    struct writ_commit_item *next;
    struct writ_buf record; /* empty: a barrier, which is done when all before it is */
    uint64_t index;         /* the index the record was applied at */
    bool approval;          /* an approval was decided: somebody may wait for it */
    bool joined;            /* in the same batch as the item behind it: both durable, or neither */
    void *owner;            /* what to go on with; never touched here */
};

struct writ_commit;

WRIT_MUST_CHECK enum writ_status writ_commit_start(struct writ_commit_sink sink,
                                                   void (*wake)(void *ctx), void *wake_ctx,
                                                   struct writ_commit **out, struct writ_err *err);
/* The item, and those linked behind it by `next`, at once. */
void writ_commit_submit(struct writ_commit *c, struct writ_commit_item *item);
/*
 * Everything that became durable since the last call, in order. Once the sink has failed, *failed
 * is true with the reason in *why; items that are not durable stay inside.
 */
struct writ_commit_item *writ_commit_take(struct writ_commit *c, bool *failed,
                                          struct writ_err *why);
/* Waits until all that was submitted is durable (or the sink failed), and ends the thread. */
void writ_commit_stop(struct writ_commit *c);
/* Also frees the items that are still inside; after stop. NULL is a no-op. */
void writ_commit_free(struct writ_commit *c);
/* NULL is a no-op. */
void writ_commit_item_free(struct writ_commit_item *item);

#endif
