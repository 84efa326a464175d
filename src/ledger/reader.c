#include "ledger/log.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "bundle.h"
#include "walk.h"

#include "base/banned.h"

/* A place that a walk passed, for seeking; one for so many bytes of a segment. */
#define MARK_EVERY ((uint64_t)256 << 10)

struct writ_log_reader {
    struct writ_dir dir;
    uint64_t index; /* of the entry that next gives */

    /* commit segments */
    bool commits;
    struct writ_walk walk;
    struct writ_frame frame; /* the one read last, unless its count is 0 */
    uint64_t in_frame;       /* index of the entry at the front of `rest` */
    struct writ_reader rest;
    uint32_t settled; /* the segment whose end was searched for damage behind it */
    struct writ_mark *marks;
    size_t marks_len, marks_cap;

    /* bundles */
    struct writ_bundles bundles;
};

enum writ_status writ_log_reader_open(const char *dir, struct writ_log_reader **out,
                                      struct writ_err *err)
{
    struct writ_log_reader *r = calloc(1, sizeof(*r));

    if (r == NULL)
        return writ_fail_nomem(err);
    r->dir = (struct writ_dir)WRIT_DIR_NONE;
    writ_walk_init(&r->walk, &r->dir);
    writ_bundles_init(&r->bundles, &r->dir);
    enum writ_status st = writ_dir_open(dir, &r->dir, err);
    if (st == WRIT_OK) {
        r->commits = faccessat(r->dir.fd, "commit", F_OK, 0) == 0;
        if (!r->commits && errno != ENOENT)
            st = writ_fail_sys(err, "open %s/commit", dir);
    }
    if (st == WRIT_OK && r->commits) {
        struct writ_mark start = writ_mark_start();
        st = writ_walk_goto(&r->walk, &start, err);
        if (st == WRIT_NOT_FOUND)
            st = WRIT_CORRUPT; /* a log has its first segment from birth */
    }
    if (st != WRIT_OK) {
        writ_log_reader_close(r);
        return st;
    }
    *out = r;
    return WRIT_OK;
}

void writ_log_reader_close(struct writ_log_reader *r)
{
    if (r == NULL)
        return;
    writ_walk_release(&r->walk);
    writ_bundles_release(&r->bundles);
    free(r->marks);
    writ_dir_close(&r->dir);
    free(r);
}

/* Remembers where the walk stands, when that is new and far enough from the last. */
static void remember(struct writ_log_reader *r)
{
    const struct writ_mark *at = &r->walk.at;

    if (r->marks_len != 0) {
        const struct writ_mark *last = &r->marks[r->marks_len - 1];
        if (at->next <= last->next ||
            (at->segment == last->segment && at->off - last->off < MARK_EVERY))
            return;
    }
    if (r->marks_len == r->marks_cap) {
        size_t cap = r->marks_cap != 0 ? r->marks_cap * 2 : 64;
        struct writ_mark *grown = reallocarray(r->marks, cap, sizeof(*grown));
        if (grown == NULL)
            return; /* seeking is slower then, nothing else */
        r->marks = grown;
        r->marks_cap = cap;
    }
    r->marks[r->marks_len++] = *at;
}

/*
 * The end of the log, or damage that looks like it. WRIT_OK: the writer has gone on meanwhile.
 * A segment is searched once; after that, more can only be appended to it.
 */
static enum writ_status at_end(struct writ_log_reader *r, struct writ_err *err)
{
    struct writ_err why = { WRIT_OK, 0, 0, "" };
    struct writ_mark here = r->walk.at;
    struct writ_frame f;
    uint64_t dirty;

    if (r->settled == here.segment)
        return WRIT_NOT_FOUND;
    enum writ_status st = writ_walk_rest(&r->walk, &dirty, &why);
    if (st == WRIT_OK) {
        if (dirty == 0)
            r->settled = here.segment;
        return WRIT_NOT_FOUND;
    }
    /* Commits behind this place are damage only when there is still none in this place. */
    if (st == WRIT_CORRUPT && writ_walk_next(&r->walk, &f, NULL) == WRIT_OK)
        return writ_walk_goto(&r->walk, &here, err);
    if (err != NULL)
        *err = why;
    return st;
}

/* Makes r->frame the one that holds r->index. */
static enum writ_status load_frame(struct writ_log_reader *r, struct writ_err *err)
{
    while (r->frame.count == 0 || r->index >= r->frame.size) {
        struct writ_frame f;
        r->frame.count = 0; /* its window is about to go */
        remember(r);
        enum writ_status st = writ_walk_next(&r->walk, &f, err);
        if (st == WRIT_NOT_FOUND) {
            WRIT_TRY(at_end(r, err));
            continue;
        }
        if (st != WRIT_OK)
            return st;
        r->frame = f;
        r->in_frame = f.first;
        r->rest = writ_reader(f.body);
    }
    return WRIT_OK;
}

static enum writ_status next_committed(struct writ_log_reader *r, struct writ_slice *entry,
                                       struct writ_err *err)
{
    struct writ_slice got = { NULL, 0 };

    WRIT_TRY(load_frame(r, err));
    if (r->index < r->frame.first)
        return writ_walk_damage_in(&r->walk, &r->frame, "commits before this one are missing", err);
    if (r->index < r->in_frame) {
        r->in_frame = r->frame.first;
        r->rest = writ_reader(r->frame.body);
    }
    while (r->in_frame <= r->index) {
        got = writ_read_str32(&r->rest);
        r->in_frame++;
    }
    *entry = got;
    return WRIT_OK;
}

enum writ_status writ_log_reader_next(struct writ_log_reader *r, struct writ_slice *entry,
                                      uint64_t *index, struct writ_err *err)
{
    struct writ_slice got;

    if (r->commits)
        WRIT_TRY(next_committed(r, &got, err));
    else
        WRIT_TRY(writ_bundles_get(&r->bundles, r->index, &got, err));
    *entry = got;
    *index = r->index++;
    return WRIT_OK;
}

/* The first entry of a segment; WRIT_NOT_FOUND when there is no such segment, or none in it. */
static enum writ_status segment_start(struct writ_log_reader *r, uint32_t segment,
                                      struct writ_mark *out, struct writ_err *err)
{
    WRIT_AUTO_WALK w;
    struct writ_frame f;
    struct writ_mark m = { .segment = segment, .off = WRIT_SEGMENT_HEAD };

    writ_walk_init(&w, &r->dir);
    WRIT_TRY(writ_walk_goto(&w, &m, err));
    WRIT_TRY(writ_walk_next(&w, &f, err));
    if (w.at.segment != segment)
        return WRIT_NOT_FOUND;
    m.next = f.first;
    m.linked = true;
    m.seq = f.seq;
    m.prev = f.prev;
    *out = m;
    return WRIT_OK;
}

/* The best known place at or before `index`: a mark, or the start of a segment beyond the marks. */
static enum writ_status place_before(struct writ_log_reader *r, uint64_t index,
                                     struct writ_mark *out, struct writ_err *err)
{
    struct writ_mark best = writ_mark_start();
    size_t lo = 0, hi = r->marks_len;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (r->marks[mid].next <= index)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo > 0)
        best = r->marks[lo - 1];
    if (lo == r->marks_len) {
        /* Double the stride while segments begin at or before the index, then halve it. */
        uint32_t stride = 1;
        bool up = true;
        while (stride != 0) {
            struct writ_mark m;
            enum writ_status st = segment_start(r, best.segment + stride, &m, err);
            if (st != WRIT_OK && st != WRIT_NOT_FOUND)
                return st;
            if (st == WRIT_OK && m.next <= index)
                best = m;
            else
                up = false;
            stride = up ? stride * 2 : stride / 2;
        }
    }
    *out = best;
    return WRIT_OK;
}

enum writ_status writ_log_reader_seek(struct writ_log_reader *r, uint64_t index,
                                      struct writ_err *err)
{
    struct writ_slice ignored;
    struct writ_mark m;
    uint64_t before = r->index;
    enum writ_status st = WRIT_OK;

    if (!r->commits) {
        if (index != 0)
            st = writ_bundles_get(&r->bundles, index - 1, &ignored, err);
        if (st == WRIT_OK)
            r->index = index;
        return st;
    }
    if (r->frame.count == 0 || index < r->frame.first || index >= r->frame.size) {
        st = place_before(r, index, &m, err);
        if (st == WRIT_OK)
            st = writ_walk_goto(&r->walk, &m, err);
        r->frame.count = 0;
    }
    /* The cursor may stand at the end, where there is nothing to give yet. */
    r->index = index != 0 ? index - 1 : 0;
    if (st == WRIT_OK && index != 0)
        st = load_frame(r, err);
    if (st != WRIT_OK) {
        r->index = before;
        r->frame.count = 0;
        return st == WRIT_NOT_FOUND ? writ_fail(err, st, "entry %llu is beyond the end of the log",
                                                (unsigned long long)index)
                                    : st;
    }
    r->index = index;
    return WRIT_OK;
}
