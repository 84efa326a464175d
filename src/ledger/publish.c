#include "log_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "outbox.h"

#include "base/banned.h"

static enum writ_status put_tile(void *ctx, int level, uint64_t n, unsigned width,
                                 struct writ_slice data, struct writ_err *err)
{
    struct writ_outbox *o = ctx;
    char rel[WRIT_REL_MAX];

    writ_tile_path(rel, level, n, width);
    return writ_outbox_put(o, rel, data, err);
}

/* Partial tiles and bundles are in nobody's way, but there can be 255 of them to a tile. */
static void remove_partials(const struct writ_dir *dir, int level, uint64_t n)
{
    char rel[WRIT_REL_MAX];

    for (unsigned w = 1; w < WRIT_TILE_WIDTH; w++) {
        writ_tile_path(rel, level, n, w);
        if (unlinkat(dir->fd, rel, 0) != 0 && errno != ENOENT)
            return; /* they stay valid */
    }
    writ_tile_partial_dir(rel, level, n);
    (void)unlinkat(dir->fd, rel, AT_REMOVEDIR);
}

/* Those that `from` published in part and `to` has whole, once no checkpoint needs them. */
static void collect(const struct writ_dir *dir, uint64_t from, uint64_t to)
{
    for (int l = 0; l < WRIT_TILE_LEVELS; l++) {
        uint64_t n = (from >> (8 * l)) / WRIT_TILE_WIDTH;
        unsigned before = writ_tile_width(l, n, from);
        if (before == 0 || writ_tile_width(l, n, to) != WRIT_TILE_WIDTH)
            continue;
        remove_partials(dir, l, n);
        if (l == 0)
            remove_partials(dir, WRIT_LEVEL_ENTRIES, n);
    }
}

/* Reads commits back until log->next holds `size` entries. */
static enum writ_status read_commits(struct writ_log *log, uint64_t size,
                                     const struct writ_tile_sink *sink, struct writ_err *err)
{
    struct writ_frame f;

    while (log->next.size < size) {
        enum writ_status st = writ_walk_next(&log->walk, &f, err);
        if (st == WRIT_NOT_FOUND)
            return writ_walk_damage(&log->walk, "a commit cannot be read back", err);
        if (st != WRIT_OK)
            return st;
        struct writ_reader r = writ_reader(f.body);
        for (uint32_t i = 0; i < f.count; i++) {
            struct writ_slice entry = writ_read_str32(&r);
            struct writ_hash leaf = writ_tree_leaf(entry);
            WRIT_TRY(writ_edges_add(&log->next, entry, &leaf, sink, err));
        }
    }
    return WRIT_OK;
}

/* Bundles, tiles, then the checkpoint, each durable before the next. */
static enum writ_status publish_to(struct writ_log *log, struct writ_outbox *o, uint64_t size,
                                   const struct writ_hash *root, struct writ_err *err)
{
    const struct writ_tile_sink sink = { put_tile, o };

    if (writ_edges_copy(&log->next, &log->edges) != WRIT_OK)
        return writ_fail_nomem(err);
    WRIT_TRY(read_commits(log, size, &sink, err));
    /* What is signed was read back and hashed again: damage on the way is not signed. */
    struct writ_hash got = writ_edges_root(&log->next);
    if (log->next.size != size || !writ_hash_eq(&got, root))
        return writ_walk_damage(&log->walk, "what was read back is not what was committed", err);
    WRIT_TRY(writ_edges_flush(&log->next, &sink, err));
    WRIT_TRY(writ_outbox_flush(o, err));
    return writ_log_put_head(log, size, root, err);
}

static void swap_edges(struct writ_log *log)
{
    struct writ_buf full = log->edges.bundle;

    log->edges.bundle = log->next.bundle;
    log->next.bundle = full;
    log->edges.size = log->next.size;
    memcpy(log->edges.width, log->next.width, sizeof(log->edges.width));
    memcpy(log->edges.hash, log->next.hash, sizeof(log->edges.hash));
}

/* Makes the next segment when the current one is half full, so that appends need not wait. */
static enum writ_status prepare(struct writ_log *log, struct writ_err *err)
{
    struct writ_log_shared *sh = log->shared;
    int fd = -1;

    (void)pthread_mutex_lock(&sh->mutex);
    bool wanted = !sh->rolling && sh->prepared_fd < 0 && sh->off >= sh->segment_size / 2;
    uint32_t number = sh->segment + 1;
    sh->preparing = wanted;
    (void)pthread_mutex_unlock(&sh->mutex);
    if (!wanted)
        return WRIT_OK;
    enum writ_status st = writ_segment_make(&log->dir, number, log->segment_bytes, &fd, err);
    (void)pthread_mutex_lock(&sh->mutex);
    sh->preparing = false;
    sh->prepared_fd = fd;
    sh->prepared_size = log->segment_bytes;
    sh->poisoned = sh->poisoned || st == WRIT_IO;
    (void)pthread_cond_broadcast(&sh->prepared_cond);
    (void)pthread_mutex_unlock(&sh->mutex);
    return st;
}

static enum writ_status publish_pending(struct writ_log *log, struct writ_err *err)
{
    struct writ_log_shared *sh = log->shared;
    struct writ_err why = { WRIT_OK, 0, 0, "" };
    struct writ_mark before = log->walk.at;
    uint64_t from = log->edges.size;

    (void)pthread_mutex_lock(&sh->mutex);
    uint64_t size = sh->size;
    struct writ_hash root = sh->root;
    (void)pthread_mutex_unlock(&sh->mutex);
    if (size == from)
        return WRIT_OK;
    struct writ_outbox *o = malloc(sizeof(*o));
    if (o == NULL)
        return writ_fail_nomem(err);
    writ_outbox_init(o, &log->dir);
    enum writ_status st = publish_to(log, o, size, &root, &why);
    writ_outbox_release(o);
    free(o);
    if (st == WRIT_OK) {
        swap_edges(log);
        (void)pthread_mutex_lock(&sh->mutex);
        sh->published = size;
        (void)pthread_mutex_unlock(&sh->mutex);
        collect(&log->dir, from, size);
        return WRIT_OK;
    }
    bool again = st == WRIT_NOMEM || (st == WRIT_IO && writ_errno_is_full(why.sys_errno));
    if (again)
        again = writ_walk_goto(&log->walk, &before, NULL) == WRIT_OK;
    if (err != NULL)
        *err = why;
    return again ? st : writ_log_poison(log, st);
}

enum writ_status writ_log_publish(struct writ_log *log, struct writ_err *err)
{
    struct writ_err second;

    (void)pthread_mutex_lock(&log->shared->mutex);
    bool poisoned = log->shared->poisoned;
    (void)pthread_mutex_unlock(&log->shared->mutex);
    if (poisoned)
        return writ_fail(err, WRIT_CLOSED, "%s failed before; it must be opened again",
                         log->dir.path);
    enum writ_status room = prepare(log, err);
    enum writ_status st = publish_pending(log, room == WRIT_OK ? err : &second);
    if (st == WRIT_OK || room == WRIT_IO)
        return room;
    if (room != WRIT_OK && err != NULL)
        *err = second;
    return st;
}
