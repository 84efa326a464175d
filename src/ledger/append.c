#include "log_state.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/banned.h"

/* Takes what the publisher prepared, or makes a segment now. */
static enum writ_status next_segment(struct writ_log *log, uint64_t frame, int *fd, uint64_t *size,
                                     struct writ_err *err)
{
    struct writ_log_shared *sh = log->shared;
    uint64_t need = writ_segment_bytes((size_t)frame + WRIT_SEGMENT_HEAD);

    (void)pthread_mutex_lock(&sh->mutex);
    while (sh->preparing)
        (void)pthread_cond_wait(&sh->prepared_cond, &sh->mutex);
    int prepared = sh->prepared_fd;
    *size = sh->prepared_size;
    sh->prepared_fd = -1;
    sh->rolling = true;
    uint32_t number = sh->segment + 1;
    (void)pthread_mutex_unlock(&sh->mutex);
    if (prepared >= 0 && *size >= need) {
        *fd = prepared;
        return WRIT_OK;
    }
    /* One that is too small is still empty, so a larger one may take its name. */
    writ_fd_close(prepared);
    *size = need > log->segment_bytes ? need : log->segment_bytes;
    return writ_segment_make(&log->dir, number, *size, fd, err);
}

static enum writ_status roll(struct writ_log *log, uint64_t frame, struct writ_err *err)
{
    struct writ_log_shared *sh = log->shared;
    int fd;
    uint64_t size;

    enum writ_status st = next_segment(log, frame, &fd, &size, err);
    (void)pthread_mutex_lock(&sh->mutex);
    sh->rolling = false;
    if (st == WRIT_OK) {
        sh->segment++;
        sh->off = WRIT_SEGMENT_HEAD;
        sh->segment_size = size;
    }
    (void)pthread_mutex_unlock(&sh->mutex);
    if (st != WRIT_OK)
        return st == WRIT_IO ? writ_log_poison(log, st) : st;
    writ_fd_close(log->fd);
    log->fd = fd;
    return WRIT_OK;
}

static enum writ_status reserve(struct writ_log *log, size_t n, struct writ_err *err)
{
    if (n <= log->frame_cap)
        return WRIT_OK;
    size_t cap = n < 65536 ? 65536 : n;
    uint8_t *grown = malloc(cap);
    if (grown == NULL)
        return writ_fail_nomem(err);
    free(log->frame);
    log->frame = grown;
    log->frame_cap = cap;
    return WRIT_OK;
}

static enum writ_status check_batch(struct writ_log *log, const struct writ_slice *entries,
                                    size_t n, size_t *len, struct writ_err *err)
{
    (void)pthread_mutex_lock(&log->shared->mutex);
    bool poisoned = log->shared->poisoned;
    (void)pthread_mutex_unlock(&log->shared->mutex);
    if (poisoned)
        return writ_fail(err, WRIT_CLOSED, "%s failed before; it must be opened again",
                         log->dir.path);
    enum writ_status st = writ_frame_len(entries, n, len);
    if (st == WRIT_ARG)
        return writ_fail(err, st, "a batch has entries, and an entry has bytes");
    if (st != WRIT_OK)
        return writ_fail(err, st, "an entry is at most %d bytes, a batch %d entries and %u bytes",
                         WRIT_ENTRY_MAX, WRIT_BATCH_MAX, WRIT_BATCH_BYTES);
    if (log->tree.size > INT64_MAX - (int64_t)2 * WRIT_BATCH_MAX)
        return writ_fail(err, WRIT_LIMIT, "the log is full");
    return reserve(log, *len, err);
}

/* One write and one sync; there is no second try after either has failed. */
static enum writ_status commit(struct writ_log *log, size_t len, uint64_t off, struct writ_err *err)
{
    char path[WRIT_REL_MAX];
    const char *what = "write";

    bool good = writ_pwrite(log->fd, writ_slice(log->frame, len), off);
    if (good) {
        what = "fdatasync";
        good = fdatasync(log->fd) == 0;
    }
    if (good)
        return WRIT_OK;
    writ_segment_path(path, log->shared->segment);
    return writ_log_poison(log, writ_fail_sys(err, "%s %s/%s", what, log->dir.path, path));
}

enum writ_status writ_log_append(struct writ_log *log, const struct writ_slice *entries, size_t n,
                                 uint64_t *first, struct writ_err *err)
{
    struct writ_log_shared *sh = log->shared;
    struct writ_tree tree = log->tree;
    size_t len;

    WRIT_TRY(check_batch(log, entries, n, &len, err));
    /* segment, off and segment_size are changed by this thread only */
    if (sh->segment_size - sh->off < len)
        WRIT_TRY(roll(log, len, err));
    for (size_t i = 0; i < n; i++) {
        struct writ_hash leaf = writ_tree_leaf(entries[i]);
        writ_tree_append(&tree, &leaf);
    }
    struct writ_frame f = { .seq = log->seq,
                            .prev = log->prev,
                            .first = log->tree.size,
                            .count = (uint32_t)n,
                            .size = tree.size,
                            .root = writ_tree_root(&tree),
                            .len = len };
    writ_frame_encode(&f, entries, log->frame);
    WRIT_TRY(commit(log, len, sh->off, err));
    *first = log->tree.size;
    log->tree = tree;
    log->seq++;
    log->prev = f.sum;
    (void)pthread_mutex_lock(&sh->mutex);
    sh->size = tree.size;
    sh->root = f.root;
    sh->off += len;
    (void)pthread_mutex_unlock(&sh->mutex);
    return WRIT_OK;
}
