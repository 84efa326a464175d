#include "log_state.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/banned.h"

enum writ_status writ_log_head(const struct writ_dir *dir, const struct writ_note_key *name,
                               struct writ_checkpoint *out, struct writ_err *err)
{
    WRIT_AUTO_BUF note;
    struct writ_checkpoint c;

    writ_buf_init(&note, WRIT_NOTE_MAX);
    enum writ_status st = writ_file_read(dir, WRIT_CHECKPOINT_FILE, WRIT_NOTE_MAX, &note, err);
    if (st == WRIT_NOT_FOUND)
        return writ_fail(err, WRIT_CORRUPT,
                         "%s/%s is missing: put back a copy of it; it is what shows that nothing "
                         "was cut off",
                         dir->path, WRIT_CHECKPOINT_FILE);
    if (st != WRIT_OK)
        return st;
    struct writ_err why = { WRIT_OK, 0, 0, "" };
    st = writ_checkpoint_open(writ_buf_slice(&note), name, &c, &why);
    if (st != WRIT_OK)
        return writ_fail(err, st == WRIT_FORMAT ? WRIT_CORRUPT : st,
                         "%s/%s: %s (put back a good copy of it)", dir->path, WRIT_CHECKPOINT_FILE,
                         why.text);
    c.origin = writ_cstr(name->name); /* the note is about to go */
    *out = c;
    return WRIT_OK;
}

/* One frame into the tree, and as far as the checkpoint reaches into the edges. */
static enum writ_status replay(struct writ_log *log, const struct writ_frame *f,
                               const struct writ_checkpoint *head, struct writ_err *err)
{
    struct writ_reader r = writ_reader(f->body);

    for (uint32_t i = 0; i < f->count; i++) {
        struct writ_slice entry = writ_read_str32(&r);
        struct writ_hash leaf = writ_tree_leaf(entry);
        if (log->tree.size < head->size)
            WRIT_TRY(writ_edges_add(&log->edges, entry, &leaf, NULL, err));
        writ_tree_append(&log->tree, &leaf);
    }
    struct writ_hash root = writ_tree_root(&log->tree);
    if (log->tree.size != f->size || !writ_hash_eq(&root, &f->root))
        return writ_walk_damage_in(&log->walk, f, "the tree is not what was committed", err);
    if (f->size == head->size && !writ_hash_eq(&root, &head->root))
        return writ_walk_damage_in(&log->walk, f, "the tree is not the one that was signed", err);
    if (f->first < head->size && f->size > head->size)
        return writ_walk_damage_in(&log->walk, f, "the checkpoint ends within a commit", err);
    return WRIT_OK;
}

/* Zeros over a torn frame, durable before anything is written after it. */
static enum writ_status clear(struct writ_log *log, uint64_t off, uint64_t n, struct writ_err *err)
{
    char path[WRIT_REL_MAX];

    uint8_t *zeros = calloc(1, (size_t)n);
    if (zeros == NULL)
        return writ_fail_nomem(err);
    bool good = writ_pwrite(log->fd, writ_slice(zeros, (size_t)n), off) && fsync(log->fd) == 0;
    free(zeros);
    writ_segment_path(path, log->walk.at.segment);
    return good ? WRIT_OK : writ_fail_sys(err, "clear the end of %s/%s", log->dir.path, path);
}

/*
 * The last frame may be in memory only: a process was killed before its sync, or the sync failed
 * and the kernel took the pages for clean. Written once more, it is synced for certain.
 */
static enum writ_status settle_last(struct writ_log *log, uint64_t off, struct writ_err *err)
{
    char path[WRIT_REL_MAX];
    size_t n = (size_t)(log->walk.at.off - off), got = 0;

    uint8_t *frame = malloc(n);
    if (frame == NULL)
        return writ_fail_nomem(err);
    bool good = writ_pread(log->fd, frame, n, off, &got) &&
                writ_pwrite(log->fd, writ_slice(frame, got), off) && fsync(log->fd) == 0;
    free(frame);
    writ_segment_path(path, log->walk.at.segment);
    return good ? WRIT_OK : writ_fail_sys(err, "sync the end of %s/%s", log->dir.path, path);
}

/* The segments that appends go to, from where the walk ended. */
static enum writ_status take_segments(struct writ_log *log, struct writ_err *err)
{
    struct writ_log_shared *sh = log->shared;
    uint64_t dirty, size;

    WRIT_TRY(writ_walk_rest(&log->walk, &dirty, err));
    WRIT_TRY(writ_segment_open(&log->dir, log->walk.at.segment, O_RDWR, &log->fd, &size, err));
    if (dirty != 0)
        WRIT_TRY(clear(log, log->walk.at.off, dirty, err));
    /* A frame in an earlier segment was synced before this one was begun. */
    if (log->walk.at.off > WRIT_SEGMENT_HEAD)
        WRIT_TRY(settle_last(log, log->walk.frame_off, err));
    sh->segment = log->walk.at.segment;
    sh->segment_size = size;
    sh->off = log->walk.at.off;
    enum writ_status st = writ_segment_open(&log->dir, sh->segment + 1, O_RDWR, &sh->prepared_fd,
                                            &sh->prepared_size, err);
    return st == WRIT_NOT_FOUND ? WRIT_OK : st;
}

enum writ_status writ_log_recover(struct writ_log *log, struct writ_err *err)
{
    struct writ_log_shared *sh = log->shared;
    struct writ_mark published = writ_mark_start();
    struct writ_checkpoint head;
    struct writ_frame f;
    enum writ_status st;

    WRIT_TRY(writ_log_head(&log->dir, &log->name, &head, err));
    WRIT_TRY(writ_walk_goto(&log->walk, &published, err));
    while ((st = writ_walk_next(&log->walk, &f, err)) == WRIT_OK) {
        WRIT_TRY(replay(log, &f, &head, err));
        if (log->tree.size <= head.size)
            published = log->walk.at;
    }
    if (st != WRIT_NOT_FOUND)
        return st;
    WRIT_TRY(take_segments(log, err));
    if (log->tree.size < head.size)
        return writ_walk_damage(&log->walk, "the checkpoint says that more was committed", err);
    log->seq = log->walk.at.seq;
    log->prev = log->walk.at.prev;
    sh->size = log->tree.size;
    sh->root = writ_tree_root(&log->tree);
    sh->published = head.size;
    return writ_walk_goto(&log->walk, &published, err);
}
