#include "tile.h"

#include <stdio.h>

#include "base/banned.h"

/* "tile/0/x001/067": the number in groups of three digits, all but the last marked with x. */
static int stem(char out[WRIT_REL_MAX], int level, uint64_t n)
{
    unsigned group[8];
    size_t groups = 0;
    int len;

    do {
        group[groups++] = (unsigned)(n % 1000);
        n /= 1000;
    } while (n != 0);
    if (level == WRIT_LEVEL_ENTRIES)
        len = snprintf(out, WRIT_REL_MAX, "tile/entries");
    else
        len = snprintf(out, WRIT_REL_MAX, "tile/%d", level);
    while (groups-- > 0)
        len += snprintf(out + len, WRIT_REL_MAX - (size_t)len, groups != 0 ? "/x%03u" : "/%03u",
                        group[groups]);
    return len;
}

void writ_tile_path(char out[WRIT_REL_MAX], int level, uint64_t n, unsigned width)
{
    int len = stem(out, level, n);

    if (width < WRIT_TILE_WIDTH)
        (void)snprintf(out + len, WRIT_REL_MAX - (size_t)len, ".p/%u", width);
}

void writ_tile_partial_dir(char out[WRIT_REL_MAX], int level, uint64_t n)
{
    int len = stem(out, level, n);

    (void)snprintf(out + len, WRIT_REL_MAX - (size_t)len, ".p");
}

unsigned writ_tile_width(int level, uint64_t n, uint64_t size)
{
    uint64_t hashes = level <= 0 ? size : level < WRIT_TILE_LEVELS ? size >> (8 * level) : 0;
    uint64_t tiles = hashes / WRIT_TILE_WIDTH;

    if (n < tiles)
        return WRIT_TILE_WIDTH;
    return n == tiles ? (unsigned)(hashes % WRIT_TILE_WIDTH) : 0;
}

bool writ_bundle_next(struct writ_slice *rest, struct writ_slice *entry, bool *bad)
{
    struct writ_reader r = writ_reader(*rest);

    *bad = false;
    if (rest->len == 0)
        return false;
    struct writ_slice got = writ_read_bytes(&r, writ_read_be16(&r));
    if (r.bad || got.len == 0) {
        *bad = true;
        return false;
    }
    *entry = got;
    *rest = r.rest;
    return true;
}

struct writ_hash writ_tile_mth(const struct writ_hash *h, unsigned n)
{
    struct writ_hash level[WRIT_TILE_WIDTH];
    struct writ_hash acc = { { 0 } };
    bool have = false;

    /*
     * Level by level in place: 2^k nodes of one level become 2^(k-1) of the next; a node left
     * over at the right belongs to a smaller subtree, which is folded in from the right.
     */
    memcpy(level, h, n * sizeof(level[0]));
    for (; n > 1; n /= 2) {
        if (n % 2 != 0) {
            acc = have ? writ_tree_node(&level[n - 1], &acc) : level[n - 1];
            have = true;
        }
        for (size_t i = 0; i < n / 2; i++)
            level[i] = writ_tree_node(&level[2 * i], &level[2 * i + 1]);
    }
    return have ? writ_tree_node(&level[0], &acc) : level[0];
}

void writ_edges_init(struct writ_edges *e)
{
    memset(e, 0, sizeof(*e));
    writ_buf_init(&e->bundle, WRIT_BUNDLE_MAX);
}

void writ_edges_release(struct writ_edges *e)
{
    writ_buf_release(&e->bundle);
}

enum writ_status writ_edges_copy(struct writ_edges *to, const struct writ_edges *from)
{
    writ_buf_clear(&to->bundle);
    WRIT_TRY(writ_buf_add(&to->bundle, writ_buf_slice(&from->bundle)));
    to->size = from->size;
    memcpy(to->width, from->width, sizeof(to->width));
    for (int l = 0; l < WRIT_TILE_LEVELS; l++)
        memcpy(to->hash[l], from->hash[l], from->width[l] * sizeof(to->hash[l][0]));
    return WRIT_OK;
}

/* Level 0 has become complete: hand it on, and with it what it completes above. */
static enum writ_status carry(struct writ_edges *e, const struct writ_tile_sink *sink,
                              struct writ_err *err)
{
    if (sink != NULL)
        WRIT_TRY(sink->put(sink->ctx, WRIT_LEVEL_ENTRIES, (e->size - 1) / WRIT_TILE_WIDTH,
                           WRIT_TILE_WIDTH, writ_buf_slice(&e->bundle), err));
    writ_buf_clear(&e->bundle);
    for (int l = 0; l < WRIT_TILE_LEVELS && e->width[l] == WRIT_TILE_WIDTH; l++) {
        if (sink != NULL)
            WRIT_TRY(sink->put(sink->ctx, l, ((e->size >> (8 * l)) - 1) / WRIT_TILE_WIDTH,
                               WRIT_TILE_WIDTH, writ_slice(e->hash[l], WRIT_TILE_BYTES), err));
        struct writ_hash up = writ_tile_mth(e->hash[l], WRIT_TILE_WIDTH);
        e->width[l] = 0;
        if (l + 1 < WRIT_TILE_LEVELS)
            e->hash[l + 1][e->width[l + 1]++] = up;
    }
    return WRIT_OK;
}

enum writ_status writ_edges_add(struct writ_edges *e, struct writ_slice entry,
                                const struct writ_hash *leaf, const struct writ_tile_sink *sink,
                                struct writ_err *err)
{
    if (writ_buf_add_be16(&e->bundle, (uint16_t)entry.len) != WRIT_OK ||
        writ_buf_add(&e->bundle, entry) != WRIT_OK)
        return writ_fail_nomem(err);
    e->hash[0][e->width[0]++] = *leaf;
    e->size++;
    return e->width[0] == WRIT_TILE_WIDTH ? carry(e, sink, err) : WRIT_OK;
}

enum writ_status writ_edges_flush(const struct writ_edges *e, const struct writ_tile_sink *sink,
                                  struct writ_err *err)
{
    if (e->width[0] != 0)
        WRIT_TRY(sink->put(sink->ctx, WRIT_LEVEL_ENTRIES, e->size / WRIT_TILE_WIDTH, e->width[0],
                           writ_buf_slice(&e->bundle), err));
    for (int l = 0; l < WRIT_TILE_LEVELS; l++)
        if (e->width[l] != 0)
            WRIT_TRY(sink->put(sink->ctx, l, (e->size >> (8 * l)) / WRIT_TILE_WIDTH, e->width[l],
                               writ_slice(e->hash[l], e->width[l] * sizeof(e->hash[l][0])), err));
    return WRIT_OK;
}

struct writ_hash writ_edges_root(const struct writ_edges *e)
{
    struct writ_hash acc = writ_tree_empty();
    bool have = false;

    /* Higher levels stand further left, so the fold goes from level 0 up, like a carry. */
    for (int l = 0; l < WRIT_TILE_LEVELS; l++) {
        unsigned end = e->width[l];
        for (unsigned bit = 1; bit <= end; bit *= 2) {
            if ((end & bit) == 0)
                continue;
            unsigned start = end & ~(2 * bit - 1);
            struct writ_hash piece = writ_tile_mth(&e->hash[l][start], bit);
            acc = have ? writ_tree_node(&piece, &acc) : piece;
            have = true;
        }
    }
    return acc;
}
