/*
 * verify: the parts of writ_log_verify.
 *
 * Source:    docs/FORMATS.md section 9.
 * Units:     entries.
 * Limits:    those of the formats.
 * Errors:    WRIT_CORRUPT with file and index in check->out and words in *err; WRIT_IO,
 *            WRIT_NOMEM.
 * Ownership: the check owns its buffers.
 * Threads:   one check, one thread.
 */
#ifndef WRIT_LEDGER_VERIFY_H
#define WRIT_LEDGER_VERIFY_H

#include "bundle.h"
#include "walk.h"

struct writ_check {
    const struct writ_dir *dir;
    struct writ_log_check *out;
    struct writ_checkpoint head;
    bool commits; /* there are commit segments, and they are the truth; else the bundles are */
    struct writ_walk walk;
    struct writ_edges edges;
    bool wrong_root; /* the tree of the checkpoint's size is not the one that was signed */
    uint32_t segment_of[WRIT_TILE_WIDTH]; /* of the entries of the tile being filled */
    struct writ_buf file;                 /* what was read last */
};

/* Notes the damage and says it in words. `rel` is relative to the ledger's directory. */
enum writ_status writ_check_damage(struct writ_check *c, const char *rel, uint64_t index,
                                   const char *what, struct writ_err *err);
/* A sink: every file that shows this tile or bundle, whole or in part, shows these bytes. */
WRIT_MUST_CHECK enum writ_status writ_check_tile(void *ctx, int level, uint64_t n, unsigned width,
                                                 struct writ_slice data, struct writ_err *err);
/* No file stands among the tiles that the other checks have not looked at. */
WRIT_MUST_CHECK enum writ_status writ_check_strays(struct writ_check *c, struct writ_err *err);
/* The published hash of leaf `index`, if a tile shows one. */
WRIT_MUST_CHECK bool writ_check_leaf(struct writ_check *c, uint64_t index, struct writ_hash *out);

#endif
