#include "verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "log_state.h"

#include "base/banned.h"

/* A writer at work leaves a frame half visible for as long as one write takes. */
#define SETTLE_TRIES 20

enum writ_status writ_check_damage(struct writ_check *c, const char *rel, uint64_t index,
                                   const char *what, struct writ_err *err)
{
    (void)snprintf(c->out->bad_file, sizeof(c->out->bad_file), "%s", rel);
    c->out->bad_index = index;
    if (index == UINT64_MAX)
        return writ_fail(err, WRIT_CORRUPT, "%s/%s: %s", c->dir->path, rel, what);
    return writ_fail(err, WRIT_CORRUPT, "%s/%s: entry %llu: %s", c->dir->path, rel,
                     (unsigned long long)index, what);
}

static enum writ_status add(struct writ_check *c, struct writ_slice entry, struct writ_err *err)
{
    const struct writ_tile_sink sink = { writ_check_tile, c };
    struct writ_hash leaf = writ_tree_leaf(entry);

    c->segment_of[c->edges.size % WRIT_TILE_WIDTH] = c->walk.at.segment;
    WRIT_TRY(writ_edges_add(&c->edges, entry, &leaf, &sink, err));
    if (c->edges.size != c->head.size)
        return WRIT_OK;
    /* Told at the end: a tile that is wrong names the entry, a root cannot. */
    struct writ_hash root = writ_edges_root(&c->edges);
    c->wrong_root = memcmp(root.b, c->head.root.b, WRIT_HASH_LEN) != 0;
    return WRIT_OK;
}

static enum writ_status check_frame(struct writ_check *c, const struct writ_frame *f,
                                    struct writ_err *err)
{
    char rel[WRIT_REL_MAX];
    struct writ_reader r = writ_reader(f->body);

    for (uint32_t i = 0; i < f->count; i++)
        WRIT_TRY(add(c, writ_read_str32(&r), err));
    /* Before the checkpoint the signature vouches for the tree; behind it only the frame does. */
    if (f->size < c->head.size)
        return WRIT_OK;
    struct writ_hash root = writ_edges_root(&c->edges);
    if (memcmp(root.b, f->root.b, WRIT_HASH_LEN) == 0)
        return WRIT_OK;
    writ_segment_path(rel, c->walk.at.segment);
    return writ_check_damage(c, rel, f->first, "the tree is not what was committed", err);
}

/* Damage where the walk stands: the tiles know which entry of the frame is wrong. */
static enum writ_status blame_frame(struct writ_check *c, const char *what, struct writ_err *err)
{
    char rel[WRIT_REL_MAX];
    struct writ_slice bytes;
    uint64_t index = c->walk.at.next;

    writ_segment_path(rel, c->walk.at.segment);
    if (writ_walk_bytes(&c->walk, WRIT_FRAME_MAX, &bytes, NULL) != WRIT_OK)
        return writ_check_damage(c, rel, index, what, err);
    struct writ_reader r = writ_reader(writ_slice_from(bytes, WRIT_FRAME_HEAD));
    for (uint64_t i = index; i < index + WRIT_BATCH_MAX; i++) {
        struct writ_hash published, leaf;
        struct writ_slice entry = writ_read_str32(&r);
        if (!writ_check_leaf(c, i, &published))
            break;
        leaf = writ_tree_leaf(entry);
        if (r.bad || memcmp(leaf.b, published.b, WRIT_HASH_LEN) != 0) {
            /* An empty entry is where the frame ends: then its frame, not an entry, is wrong. */
            if (r.bad || entry.len != 0)
                index = i;
            break;
        }
    }
    return writ_check_damage(c, rel, index, what, err);
}

static bool writer_at_work(const struct writ_check *c)
{
    struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

    WRIT_AUTO_FD fd = openat(c->dir->fd, "lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    return fd >= 0 && fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
}

/* Where walk_next found no frame: the end, a write in progress, or damage. */
static enum writ_status check_end(struct writ_check *c, struct writ_err *err)
{
    static const struct timespec pause = { 0, 1000000 };
    uint64_t dirty = 0;
    struct writ_frame f;
    enum writ_status st = WRIT_OK;

    int tries = writer_at_work(c) ? SETTLE_TRIES : 1;
    for (int i = 0; i < tries; i++) {
        st = writ_walk_rest(&c->walk, &dirty, err);
        if ((st == WRIT_OK && dirty == 0) || (st != WRIT_OK && st != WRIT_CORRUPT))
            return st;
        struct writ_mark here = c->walk.at;
        enum writ_status again = writ_walk_next(&c->walk, &f, NULL);
        if (again == WRIT_OK) {
            WRIT_TRY(writ_walk_goto(&c->walk, &here, err));
            return WRIT_CONFLICT; /* the writer went on: so do we */
        }
        if (tries > 1)
            (void)nanosleep(&pause, NULL);
    }
    if (st == WRIT_CORRUPT && c->walk.damaged != c->walk.at.segment)
        return st;
    return blame_frame(c, st == WRIT_CORRUPT ? "this commit is damaged" : "torn commit", err);
}

static enum writ_status check_commits(struct writ_check *c, struct writ_err *err)
{
    struct writ_mark start = writ_mark_start();
    struct writ_frame f;
    char rel[WRIT_REL_MAX];

    enum writ_status st = writ_walk_goto(&c->walk, &start, err);
    while (st == WRIT_OK || st == WRIT_CONFLICT) {
        st = writ_walk_next(&c->walk, &f, err);
        if (st == WRIT_OK)
            WRIT_TRY(check_frame(c, &f, err));
        else if (st == WRIT_NOT_FOUND && (st = check_end(c, err)) == WRIT_OK)
            break;
    }
    if (c->out->bad_file[0] != '\0')
        return st;
    if (st == WRIT_CORRUPT || st == WRIT_NOT_FOUND) { /* in words already */
        writ_segment_path(c->out->bad_file, c->walk.damaged);
        c->out->bad_index = c->walk.at.next;
        return WRIT_CORRUPT;
    }
    writ_segment_path(rel, c->walk.at.segment);
    if (st == WRIT_OK && c->edges.size < c->head.size)
        return writ_check_damage(c, rel, c->edges.size, "the checkpoint says that more follows",
                                 err);
    return st;
}

static enum writ_status check_bundles(struct writ_check *c, struct writ_err *err)
{
    char rel[WRIT_REL_MAX];
    struct writ_bundles b;
    struct writ_slice entry;
    enum writ_status st = WRIT_OK;

    writ_bundles_init(&b, c->dir);
    for (uint64_t i = 0; st == WRIT_OK && i < c->head.size; i++) {
        st = writ_bundles_get(&b, i, &entry, err);
        if (st == WRIT_OK)
            st = add(c, entry, err);
        else if (st == WRIT_CORRUPT) {
            uint64_t n = i / WRIT_TILE_WIDTH;
            writ_tile_path(rel, WRIT_LEVEL_ENTRIES, n, writ_tile_width(0, n, c->head.size));
            st = writ_check_damage(c, rel, i + b.malformed, "missing or malformed", err);
        }
    }
    writ_bundles_release(&b);
    return st;
}

static enum writ_status check_head(struct writ_check *c, const struct writ_note_key *key,
                                   struct writ_err *err)
{
    enum writ_status st = writ_log_head(c->dir, key, &c->head, err);

    if (st == WRIT_CORRUPT || st == WRIT_SIGNATURE || st == WRIT_LIMIT)
        (void)snprintf(c->out->bad_file, sizeof(c->out->bad_file), "%s", WRIT_CHECKPOINT_FILE);
    return st;
}

static enum writ_status check_all(struct writ_check *c, const struct writ_note_key *key,
                                  struct writ_err *err)
{
    const struct writ_tile_sink sink = { writ_check_tile, c };

    WRIT_TRY(check_head(c, key, err));
    c->commits = faccessat(c->dir->fd, "commit", F_OK, 0) == 0;
    if (!c->commits && errno != ENOENT)
        return writ_fail_sys(err, "open %s/commit", c->dir->path);
    WRIT_TRY(c->commits ? check_commits(c, err) : check_bundles(c, err));
    WRIT_TRY(writ_edges_flush(&c->edges, &sink, err));
    if (c->wrong_root)
        return writ_check_damage(c, WRIT_CHECKPOINT_FILE, UINT64_MAX,
                                 "the signed root is not that of the entries", err);
    return writ_check_strays(c, err);
}

enum writ_status writ_log_verify(const char *dir, const struct writ_note_key *key,
                                 struct writ_log_check *out, struct writ_err *err)
{
    WRIT_AUTO_DIR d = WRIT_DIR_NONE;
    struct writ_log_check found;

    memset(&found, 0, sizeof(found));
    found.bad_index = UINT64_MAX;
    WRIT_TRY(writ_dir_open(dir, &d, err));
    struct writ_check *c = calloc(1, sizeof(*c));
    if (c == NULL)
        return writ_fail_nomem(err);
    c->dir = &d;
    c->out = &found;
    writ_walk_init(&c->walk, &d);
    writ_edges_init(&c->edges);
    writ_buf_init(&c->file, WRIT_BUNDLE_MAX);
    enum writ_status st = check_all(c, key, err);
    found.entries = c->head.size;
    found.tail = c->edges.size > c->head.size ? c->edges.size - c->head.size : 0;
    found.root = c->head.root;
    writ_walk_release(&c->walk);
    writ_edges_release(&c->edges);
    writ_buf_release(&c->file);
    free(c);
    *out = found;
    return st;
}
