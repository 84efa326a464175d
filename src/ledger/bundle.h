/*
 * bundle: reading what was published: the checkpoint as it lies there, tiles, entry bundles.
 *
 * Source:    c2sp.org/tlog-tiles (standards D.5).
 * Units:     indices count entries.
 * Limits:    WRIT_NOTE_MAX for the checkpoint, WRIT_BUNDLE_MAX for a bundle.
 * Errors:    WRIT_NOT_FOUND beyond the checkpoint; WRIT_CORRUPT names the file; WRIT_IO,
 *            WRIT_NOMEM. Signatures are not checked here.
 * Ownership: writ_bundles owns its buffer and lends entries until the next call.
 * Threads:   one writ_bundles, one thread.
 */
#ifndef WRIT_LEDGER_BUNDLE_H
#define WRIT_LEDGER_BUNDLE_H

#include "tile.h"

struct writ_bundles {
    const struct writ_dir *dir;
    uint64_t size; /* of the checkpoint, when last looked at */
    struct writ_buf bytes;
    uint64_t first; /* index of the first entry in `bytes` */
    unsigned count; /* entries in `bytes`; 0 when nothing is loaded */
    uint64_t in;    /* index of the entry at the front of `rest` */
    struct writ_slice rest;
    unsigned malformed; /* good entries in front of the first bad one, when that was why */
};

void writ_bundles_init(struct writ_bundles *b, const struct writ_dir *dir);
void writ_bundles_release(struct writ_bundles *b);
WRIT_MUST_CHECK enum writ_status writ_bundles_get(struct writ_bundles *b, uint64_t index,
                                                  struct writ_slice *entry, struct writ_err *err);

/* Size and root of the published checkpoint, whoever signed it; the origin is not set. */
WRIT_MUST_CHECK enum writ_status
writ_head_unsigned(const struct writ_dir *dir, struct writ_checkpoint *out, struct writ_err *err);
/*
 * The bytes of tile or bundle `n` of `level` with at least `width` hashes or entries, from the
 * partial file of that width or, when that is gone, the full one; cut to `width` for tiles.
 */
WRIT_MUST_CHECK enum writ_status writ_tile_read(const struct writ_dir *dir, int level, uint64_t n,
                                                unsigned width, struct writ_buf *out,
                                                struct writ_err *err);

#endif
