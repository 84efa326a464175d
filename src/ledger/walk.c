#include "walk.h"

#include <fcntl.h>
#include <stdlib.h>

#include "base/banned.h"

#define WINDOW ((size_t)256 << 10)
/* How much a search behind a damaged frame may hash before it gives up and says damage. */
#define SEARCH_BUDGET ((size_t)64 << 20)

void writ_walk_init(struct writ_walk *w, const struct writ_dir *dir)
{
    memset(w, 0, sizeof(*w));
    w->dir = dir;
    w->fd = -1;
}

void writ_walk_release(struct writ_walk *w)
{
    writ_fd_close(w->fd);
    free(w->win);
    writ_walk_init(w, w->dir);
}

struct writ_mark writ_mark_start(void)
{
    return (struct writ_mark){ .segment = 1, .off = WRIT_SEGMENT_HEAD, .linked = true };
}

static enum writ_status damage(struct writ_walk *w, uint64_t off, uint64_t index, const char *what,
                               struct writ_err *err)
{
    char path[WRIT_REL_MAX];

    w->damaged = w->at.segment;
    writ_segment_path(path, w->at.segment);
    return writ_fail_at(err, WRIT_CORRUPT, (size_t)off,
                        "%s/%s: damaged at byte %llu, entry %llu: %s", w->dir->path, path,
                        (unsigned long long)off, (unsigned long long)index, what);
}

enum writ_status writ_walk_damage(struct writ_walk *w, const char *what, struct writ_err *err)
{
    return damage(w, w->at.off, w->at.next, what, err);
}

enum writ_status writ_walk_damage_in(struct writ_walk *w, const struct writ_frame *f,
                                     const char *what, struct writ_err *err)
{
    return damage(w, w->frame_off, f->first, what, err);
}

static enum writ_status fail_read(const struct writ_walk *w, struct writ_err *err)
{
    char path[WRIT_REL_MAX];

    writ_segment_path(path, w->at.segment);
    return writ_fail_sys(err, "read %s/%s", w->dir->path, path);
}

enum writ_status writ_walk_goto(struct writ_walk *w, const struct writ_mark *m,
                                struct writ_err *err)
{
    if (w->fd < 0 || w->at.segment != m->segment) {
        int fd;
        uint64_t size;
        w->damaged = m->segment;
        enum writ_status st = writ_segment_open(w->dir, m->segment, O_RDONLY, &fd, &size, err);
        if (st == WRIT_NOT_FOUND)
            return writ_fail(err, WRIT_NOT_FOUND, "%s/commit: segment %u is missing", w->dir->path,
                             (unsigned)m->segment);
        if (st != WRIT_OK)
            return st;
        writ_fd_close(w->fd);
        w->fd = fd;
        w->size = size;
        w->win_len = 0;
    }
    w->at = *m;
    return WRIT_OK;
}

/* Fills the window from at.off on, with `n` bytes or more where the segment has them. */
static enum writ_status load(struct writ_walk *w, size_t n, struct writ_err *err)
{
    uint64_t left = w->at.off < w->size ? w->size - w->at.off : 0;
    size_t want = n > WINDOW ? n : WINDOW;

    if (want > left)
        want = (size_t)left;
    if (want > w->win_cap) {
        uint8_t *grown = malloc(want);
        if (grown == NULL)
            return writ_fail_nomem(err);
        free(w->win);
        w->win = grown;
        w->win_cap = want;
    }
    w->win_len = 0;
    w->win_off = w->at.off;
    if (want != 0 && !writ_pread(w->fd, w->win, want, w->at.off, &w->win_len))
        return fail_read(w, err);
    return WRIT_OK;
}

/* The bytes of the window from at.off on. */
static struct writ_slice view(const struct writ_walk *w)
{
    if (w->at.off < w->win_off || w->at.off - w->win_off >= w->win_len)
        return (struct writ_slice){ NULL, 0 };
    return writ_slice_from(writ_slice(w->win, w->win_len), (size_t)(w->at.off - w->win_off));
}

enum writ_status writ_walk_bytes(struct writ_walk *w, size_t n, struct writ_slice *out,
                                 struct writ_err *err)
{
    WRIT_TRY(load(w, n, err));
    *out = view(w);
    return WRIT_OK;
}

/* What stands at at.off. */
static enum writ_status look(struct writ_walk *w, enum writ_frame_verdict *verdict,
                             struct writ_frame *f, struct writ_err *err)
{
    bool fresh = false;

    for (;;) {
        struct writ_slice v = view(w);
        size_t need = WRIT_FRAME_HEAD;
        if (v.len >= WRIT_FRAME_HEAD) {
            *verdict = writ_frame_parse(v, f);
            if (*verdict == WRIT_FRAME_GOOD)
                return WRIT_OK;
            if (*verdict == WRIT_FRAME_MORE)
                need = f->len;
        }
        if (need > w->size - w->at.off) {
            /* Nothing but zeros fits here, or the frame claims more than there is. */
            *verdict = v.len < WRIT_FRAME_HEAD ? WRIT_FRAME_NONE : WRIT_FRAME_BAD;
            return WRIT_OK;
        }
        if (fresh && v.len >= need)
            return WRIT_OK;
        /* The window may have been read before the writer wrote: look again before judging. */
        fresh = true;
        WRIT_TRY(load(w, need, err));
        if (w->win_len < need) {
            *verdict = WRIT_FRAME_BAD; /* the file became shorter under our hands */
            return WRIT_OK;
        }
    }
}

/* On to the next segment, when it exists and something stands in it. */
static enum writ_status advance(struct writ_walk *w, bool *moved, struct writ_err *err)
{
    uint8_t head[WRIT_FRAME_HEAD];
    size_t got = 0;
    int fd;
    uint64_t size;

    *moved = false;
    w->damaged = w->at.segment + 1;
    enum writ_status st = writ_segment_open(w->dir, w->at.segment + 1, O_RDONLY, &fd, &size, err);
    if (st == WRIT_NOT_FOUND)
        return WRIT_OK;
    if (st != WRIT_OK)
        return st;
    if (!writ_pread(fd, head, sizeof(head), WRIT_SEGMENT_HEAD, &got)) {
        st = fail_read(w, err);
        writ_fd_close(fd);
        return st;
    }
    if (writ_all_zero(writ_slice(head, got))) {
        writ_fd_close(fd);
        return WRIT_OK;
    }
    st = load(w, (size_t)(w->size - w->at.off), err);
    if (st == WRIT_OK && !writ_all_zero(view(w)))
        st = writ_walk_damage(w, "there are bytes behind the last commit of the segment", err);
    if (st != WRIT_OK) {
        writ_fd_close(fd);
        return st;
    }
    writ_fd_close(w->fd);
    w->fd = fd;
    w->size = size;
    w->win_len = 0;
    w->at.segment++;
    w->at.off = WRIT_SEGMENT_HEAD;
    *moved = true;
    return WRIT_OK;
}

enum writ_status writ_walk_next(struct writ_walk *w, struct writ_frame *out, struct writ_err *err)
{
    struct writ_frame f;
    enum writ_frame_verdict v;
    bool moved;

    for (;;) {
        WRIT_TRY(look(w, &v, &f, err));
        if (v == WRIT_FRAME_GOOD)
            break;
        if (v != WRIT_FRAME_NONE)
            return WRIT_NOT_FOUND;
        WRIT_TRY(advance(w, &moved, err));
        if (!moved)
            return WRIT_NOT_FOUND;
    }
    if (w->at.linked && (f.seq != w->at.seq || f.first != w->at.next ||
                         memcmp(f.prev.b, w->at.prev.b, WRIT_HASH_LEN) != 0))
        return writ_walk_damage(w, "this commit does not follow the one before it", err);
    w->frame_off = w->at.off;
    w->at.off += f.len;
    w->at.linked = true;
    w->at.seq = f.seq + 1;
    w->at.next = f.size;
    w->at.prev = f.sum;
    *out = f;
    return WRIT_OK;
}

/* Segments behind this one are only prepared, so that they hold zeros; and none is missing. */
static enum writ_status check_prepared(struct writ_walk *w, uint8_t *chunk, size_t n,
                                       struct writ_err *err)
{
    uint32_t last;

    WRIT_TRY(writ_segment_last(w->dir, &last, err));
    for (uint32_t number = w->at.segment + 1; number <= last; number++) {
        WRIT_AUTO_FD fd = -1;
        uint64_t size;
        w->damaged = number;
        enum writ_status st = writ_segment_open(w->dir, number, O_RDONLY, &fd, &size, err);
        if (st == WRIT_NOT_FOUND)
            return writ_fail(err, WRIT_CORRUPT, "%s/commit: segment %u of %u is missing",
                             w->dir->path, (unsigned)number, (unsigned)last);
        if (st != WRIT_OK)
            return st;
        for (uint64_t off = WRIT_SEGMENT_HEAD; off < size; off += n) {
            size_t got;
            if (!writ_pread(fd, chunk, n, off, &got))
                return fail_read(w, err);
            if (!writ_all_zero(writ_slice(chunk, got)))
                return writ_fail_at(err, WRIT_CORRUPT, (size_t)off,
                                    "%s/commit: segment %u is not empty, but the log ends at entry "
                                    "%llu in segment %u",
                                    w->dir->path, (unsigned)number, (unsigned long long)w->at.next,
                                    (unsigned)w->at.segment);
        }
    }
    return WRIT_OK;
}

/* A frame of a later commit somewhere in `s`, which begins behind at.off. */
static bool later_frame(const struct writ_walk *w, struct writ_slice s)
{
    size_t hashed = 0;

    for (size_t i = WRIT_FRAME_ALIGN; i < s.len; i += WRIT_FRAME_ALIGN) {
        struct writ_frame f;
        struct writ_slice at = writ_slice_from(s, i);
        if (at.ptr[0] == 0 || writ_frame_shape(at, &f) != WRIT_FRAME_GOOD)
            continue;
        if (f.seq <= w->at.seq && w->at.linked)
            continue; /* what was committed before cannot stand here; it is somebody's text */
        hashed += f.len;
        if (hashed > SEARCH_BUDGET || writ_frame_parse(at, &f) == WRIT_FRAME_GOOD)
            return true;
    }
    return false;
}

enum writ_status writ_walk_rest(struct writ_walk *w, uint64_t *dirty, struct writ_err *err)
{
    struct writ_slice rest = { NULL, 0 };

    if (w->at.off < w->size) {
        WRIT_TRY(load(w, (size_t)(w->size - w->at.off), err));
        rest = view(w);
    }
    size_t used = rest.len;
    if (writ_all_zero(rest))
        used = 0;
    while (used > 0 && rest.ptr[used - 1] == 0)
        used--;
    bool later = used != 0 && later_frame(w, rest);
    if (w->win_cap > WRIT_FRAME_MAX) { /* a whole segment is too much to hold on to */
        free(w->win);
        w->win = NULL;
        w->win_cap = w->win_len = 0;
    }
    if (later)
        return writ_walk_damage(w, "this commit is damaged, and others follow it", err);
    uint8_t *chunk = malloc(WINDOW);
    if (chunk == NULL)
        return writ_fail_nomem(err);
    enum writ_status st = check_prepared(w, chunk, WINDOW, err);
    free(chunk);
    if (st == WRIT_OK)
        *dirty = used;
    return st;
}
