/*
 * log_state: what an open log is made of; shared by log.c, recover.c and publish.c only.
 *
 * Source:    docs/FORMATS.md section 9.
 * Units:     as in ledger/log.h.
 * Limits:    none beyond those of ledger/log.h.
 * Errors:    as in ledger/log.h.
 * Ownership: struct writ_log owns all of it but the key.
 * Threads:   each group of fields says whose it is; what both threads use is in writ_log_shared,
 *            under its mutex.
 */
#ifndef WRIT_LEDGER_LOG_STATE_H
#define WRIT_LEDGER_LOG_STATE_H

#include <pthread.h>

#include "tile.h"
#include "walk.h"

#define WRIT_CHECKPOINT_FILE "checkpoint"

struct writ_log_shared {
    pthread_mutex_t mutex;
    pthread_cond_t prepared_cond; /* `preparing` has become false */
    bool poisoned;
    uint64_t size;         /* durable entries */
    struct writ_hash root; /* of them */
    uint64_t published;    /* size of the checkpoint on disk */
    uint32_t segment;      /* where appends go */
    uint64_t off, segment_size;
    bool preparing;  /* the publisher is making segment + 1; appends wait for it */
    bool rolling;    /* appends are moving to segment + 1; the publisher leaves it alone */
    int prepared_fd; /* segment + 1, or -1 */
    uint64_t prepared_size;
};

struct writ_log {
    struct writ_dir dir;
    int lock_fd;
    const struct writ_key *key;
    struct writ_note_key name;
    uint64_t segment_bytes;
    /* Apart, so that it can be locked through a pointer to a constant log. */
    struct writ_log_shared *shared;

    /* the thread that appends */
    struct writ_tree tree;
    int fd;
    uint64_t seq;
    struct writ_hash prev;
    uint8_t *frame;
    size_t frame_cap;

    /* the thread that publishes */
    struct writ_walk walk;
    struct writ_edges edges; /* at the size of the checkpoint on disk */
    struct writ_edges next;  /* the one being made */
};

/* Whole blocks, and at least the smallest segment. */
uint64_t writ_segment_bytes(size_t wanted);
/* Reads the checkpoint of this log's key. */
WRIT_MUST_CHECK enum writ_status writ_log_head(const struct writ_dir *dir,
                                               const struct writ_note_key *name,
                                               struct writ_checkpoint *out, struct writ_err *err);
/* Signs and durably replaces the checkpoint. */
WRIT_MUST_CHECK enum writ_status writ_log_put_head(const struct writ_log *log, uint64_t size,
                                                   const struct writ_hash *root,
                                                   struct writ_err *err);
/* Replays the commit segments into a fresh log; clears a torn tail. */
WRIT_MUST_CHECK enum writ_status writ_log_recover(struct writ_log *log, struct writ_err *err);
/* After an error that cannot be undone. Returns `st`. */
enum writ_status writ_log_poison(struct writ_log *log, enum writ_status st);

#endif
