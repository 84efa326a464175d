/*
 * tile: names and contents of tiles and entry bundles, and the right edge of the tree in tiles.
 *
 * Source:    c2sp.org/tlog-tiles (standards D.5).
 * Units:     hashes and entries; level 0 holds leaf hashes.
 * Limits:    a bundle is at most WRIT_BUNDLE_MAX bytes.
 * Errors:    WRIT_NOMEM, and what a sink answers.
 * Ownership: writ_edges owns the bytes of its bundle.
 * Threads:   pure functions; one writ_edges, one thread.
 */
#ifndef WRIT_LEDGER_TILE_H
#define WRIT_LEDGER_TILE_H

#include "file.h"
#include "ledger/log.h"

#define WRIT_TILE_WIDTH  256
#define WRIT_TILE_LEVELS 8 /* 256^8 = 2^64 */
#define WRIT_TILE_BYTES  ((size_t)WRIT_TILE_WIDTH * WRIT_HASH_LEN)
#define WRIT_BUNDLE_MAX  ((size_t)WRIT_TILE_WIDTH * (2 + WRIT_ENTRY_MAX))

/* In place of a level: the bundle that goes with a tile of level 0. */
#define WRIT_LEVEL_ENTRIES (-1)

/* "tile/0/x001/067" for WRIT_TILE_WIDTH, "tile/0/x001/067.p/8" for less. */
void writ_tile_path(char out[WRIT_REL_MAX], int level, uint64_t n, unsigned width);
/* "tile/0/x001/067.p": where the partial ones are. */
void writ_tile_partial_dir(char out[WRIT_REL_MAX], int level, uint64_t n);
/* How many hashes tile `n` of `level` holds in a tree of `size` leaves: 0 to 256. */
unsigned writ_tile_width(int level, uint64_t n, uint64_t size);

/* The next entry of a bundle; false at its end, and with *bad set when it is malformed. */
bool writ_bundle_next(struct writ_slice *rest, struct writ_slice *entry, bool *bad);
/* MTH of `n` hashes, 1 to 256. */
struct writ_hash writ_tile_mth(const struct writ_hash *h, unsigned n);

/* Receives tiles and bundles as they become complete. */
struct writ_tile_sink {
    enum writ_status (*put)(void *ctx, int level, uint64_t n, unsigned width,
                            struct writ_slice data, struct writ_err *err);
    void *ctx;
};

/* The incomplete tile of each level, and the incomplete bundle. */
struct writ_edges {
    uint64_t size;
    struct writ_buf bundle;
    unsigned width[WRIT_TILE_LEVELS];
    struct writ_hash hash[WRIT_TILE_LEVELS][WRIT_TILE_WIDTH];
};

void writ_edges_init(struct writ_edges *e);
void writ_edges_release(struct writ_edges *e);
WRIT_MUST_CHECK enum writ_status writ_edges_copy(struct writ_edges *to,
                                                 const struct writ_edges *from);
/* `sink` may be NULL. On failure *e is unusable until it is copied over. */
WRIT_MUST_CHECK enum writ_status writ_edges_add(struct writ_edges *e, struct writ_slice entry,
                                                const struct writ_hash *leaf,
                                                const struct writ_tile_sink *sink,
                                                struct writ_err *err);
/* Gives the incomplete ones to the sink. */
WRIT_MUST_CHECK enum writ_status writ_edges_flush(const struct writ_edges *e,
                                                  const struct writ_tile_sink *sink,
                                                  struct writ_err *err);
struct writ_hash writ_edges_root(const struct writ_edges *e);

#endif
