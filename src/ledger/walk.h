/*
 * walk: commit segments on disk, and a walk over their frames from the first to the last.
 *
 * Source:    docs/FORMATS.md section 9.
 * Units:     bytes; segments are numbered from 1.
 * Limits:    WRIT_FRAME_MAX bytes a frame; memory is one window of a segment.
 * Errors:    WRIT_CORRUPT names the file, the byte and the entry; WRIT_IO, WRIT_NOMEM. When the
 *            disk has no room for a new segment: WRIT_LIMIT, and nothing is left behind.
 * Ownership: a walk owns its descriptor and its window; frames borrow from the window until the
 *            next call. The directory is borrowed.
 * Threads:   a walk belongs to one thread; many walks may read while one process writes.
 */
#ifndef WRIT_LEDGER_WALK_H
#define WRIT_LEDGER_WALK_H

#include "file.h"
#include "frame.h"

/* "commit/00000001.seg" */
void writ_segment_path(char out[WRIT_REL_MAX], uint32_t number);
/*
 * Makes segment `number` with its header and zeros to `size`, durable and in place, over an
 * unused one if there is one. *fd is open for writing.
 */
WRIT_MUST_CHECK enum writ_status writ_segment_make(const struct writ_dir *dir, uint32_t number,
                                                   uint64_t size, int *fd, struct writ_err *err);
/* Opens with open(2) `flags` and checks the header; WRIT_NOT_FOUND when it is not there. */
WRIT_MUST_CHECK enum writ_status writ_segment_open(const struct writ_dir *dir, uint32_t number,
                                                   int flags, int *fd, uint64_t *size,
                                                   struct writ_err *err);

/* A place between two frames, and what the next frame must say of itself. */
struct writ_mark {
    uint32_t segment;
    uint64_t off;
    uint64_t next; /* index of the next entry */
    bool linked;   /* seq and prev are known; not so after a jump */
    uint64_t seq;
    struct writ_hash prev;
};

struct writ_walk {
    const struct writ_dir *dir;
    struct writ_mark at;
    uint32_t damaged;   /* the segment that WRIT_CORRUPT was about */
    uint64_t frame_off; /* where the last frame began, in segment at.segment */
    int fd;
    uint64_t size; /* of the segment */
    uint8_t *win;  /* bytes of the segment from win_off on */
    size_t win_cap, win_len;
    uint64_t win_off;
};

void writ_walk_init(struct writ_walk *w, const struct writ_dir *dir);
void writ_walk_release(struct writ_walk *w);
#define WRIT_AUTO_WALK __attribute__((cleanup(writ_walk_release))) struct writ_walk

/* The beginning of the log. */
struct writ_mark writ_mark_start(void);
/* Goes to `m`, which this or another walk has been at. */
WRIT_MUST_CHECK enum writ_status writ_walk_goto(struct writ_walk *w, const struct writ_mark *m,
                                                struct writ_err *err);
/*
 * The next frame, with its checksum, its order and its link to the one before checked.
 * WRIT_NOT_FOUND where no good frame stands: the end of the log, if writ_walk_rest agrees.
 */
WRIT_MUST_CHECK enum writ_status writ_walk_next(struct writ_walk *w, struct writ_frame *out,
                                                struct writ_err *err);
/*
 * After WRIT_NOT_FOUND: what stands behind the last frame. WRIT_OK: nothing but zeros for
 * *dirty == 0, else a torn frame within the next *dirty bytes. WRIT_CORRUPT: a good frame stands
 * further on, so this is no end but damage.
 */
WRIT_MUST_CHECK enum writ_status writ_walk_rest(struct writ_walk *w, uint64_t *dirty,
                                                struct writ_err *err);
/* Up to `n` bytes from where the walk stands, as they are; borrowed like a frame. */
WRIT_MUST_CHECK enum writ_status writ_walk_bytes(struct writ_walk *w, size_t n,
                                                 struct writ_slice *out, struct writ_err *err);
/* WRIT_CORRUPT with the place of the walk in words. */
enum writ_status writ_walk_damage(struct writ_walk *w, const char *what, struct writ_err *err);
/* The same for the frame that was read last. */
enum writ_status writ_walk_damage_in(struct writ_walk *w, const struct writ_frame *f,
                                     const char *what, struct writ_err *err);

/* The highest number of a segment there is, whether all before it are there or not; 0: none. */
WRIT_MUST_CHECK enum writ_status writ_segment_last(const struct writ_dir *dir, uint32_t *out,
                                                   struct writ_err *err);

#endif
