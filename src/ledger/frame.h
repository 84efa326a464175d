/*
 * frame: the bytes of commit segments: a segment's header, and one frame a commit. No I/O.
 *
 * Source:    docs/FORMATS.md section 9.
 * Units:     bytes; a frame is a multiple of WRIT_FRAME_ALIGN long.
 * Limits:    those of a batch (ledger/log.h); WRIT_FRAME_MAX follows from them.
 * Errors:    a verdict; these functions report nothing in words.
 * Ownership: a parsed frame borrows from the bytes.
 * Threads:   pure functions.
 */
#ifndef WRIT_LEDGER_FRAME_H
#define WRIT_LEDGER_FRAME_H

#include "ledger/log.h"

#define WRIT_FRAME_ALIGN 64
#define WRIT_FRAME_HEAD  64
#define WRIT_FRAME_TAIL  72
#define WRIT_FRAME_MIN   192
#define WRIT_FRAME_MAX                                                                          \
    ((WRIT_FRAME_HEAD + WRIT_BATCH_BYTES + (size_t)4 * WRIT_BATCH_MAX + WRIT_FRAME_TAIL + 63) / \
     64 * 64)

#define WRIT_SEGMENT_HEAD  64
#define WRIT_SEGMENT_BLOCK 4096 /* a segment is a whole number of these long */

struct writ_frame {
    uint64_t seq;           /* 0 for the first frame of the log */
    struct writ_hash prev;  /* sum of the frame before; zeros in the first */
    uint64_t first;         /* index of its first entry */
    uint32_t count;         /* entries */
    uint64_t size;          /* of the tree after this frame: first + count */
    struct writ_hash root;  /* of that tree */
    struct writ_hash sum;   /* SHA-256 over all bytes before it */
    size_t len;             /* of the whole frame */
    struct writ_slice body; /* count times a u32 length and that many bytes */
};

/* BAD is zero: what nobody recognised is not a frame. */
enum writ_frame_verdict {
    WRIT_FRAME_BAD = 0,
    WRIT_FRAME_GOOD = 1,
    WRIT_FRAME_NONE = 2, /* zeros where a frame would begin */
    WRIT_FRAME_MORE = 3, /* plausible so far, but out->len bytes are needed to say */
};

/* The length of the frame for these entries; WRIT_ARG or WRIT_LIMIT when a batch may not be so. */
WRIT_MUST_CHECK enum writ_status writ_frame_len(const struct writ_slice *entries, size_t n,
                                                size_t *len);
/*
 * Writes f->len bytes to `out`. Takes seq, prev, first, count, size, root and len from *f and
 * sets f->sum.
 */
void writ_frame_encode(struct writ_frame *f, const struct writ_slice *entries, uint8_t *out);
/* What begins at `at`. On GOOD *out is whole; on MORE only out->len is set. */
enum writ_frame_verdict writ_frame_parse(struct writ_slice at, struct writ_frame *out);
/* The same without the checksum: to say which entry of a damaged frame is the wrong one. */
enum writ_frame_verdict writ_frame_shape(struct writ_slice at, struct writ_frame *out);
bool writ_all_zero(struct writ_slice s);

/* The first WRIT_SEGMENT_HEAD bytes of segment `number`, which is `size` bytes long. */
void writ_segment_head_encode(uint32_t number, uint64_t size, uint8_t out[WRIT_SEGMENT_HEAD]);
bool writ_segment_head_valid(struct writ_slice head, uint32_t number, uint64_t size);

#endif
