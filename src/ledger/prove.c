#include "ledger/log.h"

#include "bundle.h"

#include "base/banned.h"

/* Tiles of one directory, as a source of subtree hashes; the last tile of each level is kept. */
struct tiles {
    struct writ_dir dir;
    uint64_t size; /* of the published tree */
    struct {
        bool have;
        uint64_t n;
        struct writ_buf bytes;
    } kept[WRIT_TILE_LEVELS];
};

static void tiles_drop(struct tiles *t)
{
    for (int l = 0; l < WRIT_TILE_LEVELS; l++)
        writ_buf_release(&t->kept[l].bytes);
    writ_dir_close(&t->dir);
}

#define AUTO_TILES __attribute__((cleanup(tiles_drop))) struct tiles

static enum writ_status tiles_open(struct tiles *t, const char *dir, uint64_t size,
                                   struct writ_err *err)
{
    struct writ_checkpoint c;

    for (int l = 0; l < WRIT_TILE_LEVELS; l++)
        writ_buf_init(&t->kept[l].bytes, WRIT_TILE_BYTES);
    WRIT_TRY(writ_dir_open(dir, &t->dir, err));
    WRIT_TRY(writ_head_unsigned(&t->dir, &c, err));
    if (size > c.size)
        return writ_fail(err, WRIT_NOT_FOUND, "%s has published %llu entries, not yet %llu", dir,
                         (unsigned long long)c.size, (unsigned long long)size);
    t->size = c.size;
    return WRIT_OK;
}

/* Node (level, index) is the MTH of 2^(level % 8) hashes of one tile of level / 8. */
static enum writ_status tiles_node(void *ctx, unsigned level, uint64_t index, struct writ_hash *out,
                                   struct writ_err *err)
{
    struct tiles *t = ctx;
    unsigned l = level / 8, hashes = 1u << level % 8;
    struct writ_hash h[WRIT_TILE_WIDTH];

    uint64_t n = index >> (8 - level % 8);
    unsigned at = (unsigned)(index << level % 8) % WRIT_TILE_WIDTH;
    unsigned width = writ_tile_width((int)l, n, t->size);
    if (l >= WRIT_TILE_LEVELS || at + hashes > width)
        return writ_fail(err, WRIT_NOT_FOUND, "no published tile covers the node");
    if (!t->kept[l].have || t->kept[l].n != n) {
        t->kept[l].have = false;
        writ_buf_clear(&t->kept[l].bytes);
        WRIT_TRY(writ_tile_read(&t->dir, (int)l, n, width, &t->kept[l].bytes, err));
        t->kept[l].have = true;
        t->kept[l].n = n;
    }
    memcpy(h, t->kept[l].bytes.ptr + at * (size_t)WRIT_HASH_LEN, hashes * sizeof(h[0]));
    *out = writ_tile_mth(h, hashes);
    return WRIT_OK;
}

enum writ_status writ_log_prove_inclusion(const char *dir, uint64_t index, uint64_t size,
                                          struct writ_proof *out, struct writ_err *err)
{
    AUTO_TILES t = { .dir = WRIT_DIR_NONE };
    const struct writ_tree_source src = { tiles_node, &t };

    WRIT_TRY(tiles_open(&t, dir, size, err));
    return writ_tree_prove_inclusion(&src, index, size, out, err);
}

enum writ_status writ_log_prove_consistency(const char *dir, uint64_t from, uint64_t to,
                                            struct writ_proof *out, struct writ_err *err)
{
    AUTO_TILES t = { .dir = WRIT_DIR_NONE };
    const struct writ_tree_source src = { tiles_node, &t };

    WRIT_TRY(tiles_open(&t, dir, to, err));
    return writ_tree_prove_consistency(&src, from, to, out, err);
}

enum writ_status writ_log_root_at(const char *dir, uint64_t size, struct writ_hash *out,
                                  struct writ_err *err)
{
    AUTO_TILES t = { .dir = WRIT_DIR_NONE };
    const struct writ_tree_source src = { tiles_node, &t };

    WRIT_TRY(tiles_open(&t, dir, size, err));
    return writ_tree_root_at(&src, size, out, err);
}
