#include "verify.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"

#include "base/banned.h"

#define STRAYS_DEPTH 9 /* tile, level, six groups of digits, partial */

/* The bytes of the first `n` entries of a bundle. */
static size_t bundle_prefix(struct writ_slice data, unsigned n)
{
    struct writ_slice rest = data, entry;
    bool bad;

    for (unsigned i = 0; i < n && writ_bundle_next(&rest, &entry, &bad); i++)
        continue;
    return data.len - rest.len;
}

/* The entry of a bundle that holds byte `off`, and its bytes where they are whole. */
static unsigned bundle_entry_at(struct writ_slice data, size_t off, struct writ_slice *entry)
{
    struct writ_slice rest = data, got = { NULL, 0 };
    unsigned i = 0;
    bool bad;

    for (; writ_bundle_next(&rest, &got, &bad) && data.len - rest.len <= off; i++)
        continue;
    *entry = got;
    return i;
}

static size_t first_difference(struct writ_slice a, struct writ_slice b)
{
    size_t i = 0;

    while (i < a.len && i < b.len && a.ptr[i] == b.ptr[i])
        i++;
    return i;
}

bool writ_check_leaf(struct writ_check *c, uint64_t index, struct writ_hash *out)
{
    WRIT_AUTO_BUF tile;
    uint64_t n = index / WRIT_TILE_WIDTH;
    unsigned at = (unsigned)(index % WRIT_TILE_WIDTH), width;

    writ_buf_init(&tile, WRIT_TILE_BYTES);
    width = writ_tile_width(0, n, c->head.size);
    if (at >= width || writ_tile_read(c->dir, 0, n, width, &tile, NULL) != WRIT_OK)
        return false;
    memcpy(out->b, tile.ptr + at * (size_t)WRIT_HASH_LEN, WRIT_HASH_LEN);
    return true;
}

/*
 * Bundle and commit differ at entry `index`; `in_file` is the bundle's. The tile says which of
 * the two was changed. Without commits the bundle is compared with itself and cannot differ.
 */
static enum writ_status blame_entry(struct writ_check *c, const char *rel, uint64_t index,
                                    struct writ_slice in_file, struct writ_err *err)
{
    char segment[WRIT_REL_MAX];
    struct writ_hash published, got = writ_tree_leaf(in_file);

    if (in_file.len == 0 || !writ_check_leaf(c, index, &published) ||
        memcmp(got.b, published.b, WRIT_HASH_LEN) != 0)
        return writ_check_damage(c, rel, index, "not what was committed", err);
    writ_segment_path(segment, c->segment_of[index % WRIT_TILE_WIDTH]);
    return writ_check_damage(c, segment, index, "not what was published", err);
}

/* In a copy without commits: does the tile above vouch for this tile of level 0? */
static bool parent_agrees(struct writ_check *c, uint64_t n, struct writ_slice tile)
{
    WRIT_AUTO_BUF above;
    struct writ_hash h[WRIT_TILE_WIDTH];
    unsigned at = (unsigned)(n % WRIT_TILE_WIDTH);

    writ_buf_init(&above, WRIT_TILE_BYTES);
    unsigned width = writ_tile_width(1, n / WRIT_TILE_WIDTH, c->head.size);
    if (tile.len != WRIT_TILE_BYTES || at >= width ||
        writ_tile_read(c->dir, 1, n / WRIT_TILE_WIDTH, width, &above, NULL) != WRIT_OK)
        return false;
    memcpy(h, tile.ptr, sizeof(h));
    struct writ_hash up = writ_tile_mth(h, WRIT_TILE_WIDTH);
    return memcmp(above.ptr + at * (size_t)WRIT_HASH_LEN, up.b, WRIT_HASH_LEN) == 0;
}

static enum writ_status blame(struct writ_check *c, int level, uint64_t n, const char *rel,
                              struct writ_slice want, struct writ_err *err)
{
    struct writ_slice have = writ_buf_slice(&c->file), entry;
    size_t off = first_difference(want, have);

    if (level == WRIT_LEVEL_ENTRIES) {
        unsigned i = bundle_entry_at(want, off, &entry);
        (void)bundle_entry_at(have, bundle_prefix(have, i), &entry);
        return blame_entry(c, rel, n * WRIT_TILE_WIDTH + i, entry, err);
    }
    uint64_t index = (n * WRIT_TILE_WIDTH + off / WRIT_HASH_LEN) << (8 * level);
    if (level == 0 && !c->commits && parent_agrees(c, n, have)) {
        char bundle[WRIT_REL_MAX];
        writ_tile_path(bundle, WRIT_LEVEL_ENTRIES, n, WRIT_TILE_WIDTH);
        return writ_check_damage(c, bundle, index, "not what its tile says", err);
    }
    return writ_check_damage(c, rel, index, "not the hashes of what is below it", err);
}

/*
 * The file at `width` shows `want`, or begins with it where `more` is allowed. WRIT_NOT_FOUND
 * when there is no such file.
 */
static enum writ_status compare(struct writ_check *c, int level, uint64_t n, unsigned width,
                                struct writ_slice want, bool more, struct writ_err *err)
{
    char rel[WRIT_REL_MAX];

    writ_tile_path(rel, level, n, width);
    writ_buf_clear(&c->file);
    enum writ_status st = writ_file_read(c->dir, rel, WRIT_BUNDLE_MAX, &c->file, err);
    if (st == WRIT_LIMIT)
        return writ_check_damage(c, rel, UINT64_MAX, "longer than any such file", err);
    if (st != WRIT_OK)
        return st;
    struct writ_slice have = writ_buf_slice(&c->file);
    if (more ? writ_slice_starts(have, want) : writ_slice_eq(have, want))
        return WRIT_OK;
    return blame(c, level, n, rel, want, err);
}

/* Partial files are kept until the full one is there, so there may be many. */
static enum writ_status compare_partials(struct writ_check *c, int level, uint64_t n,
                                         unsigned width, struct writ_slice data,
                                         struct writ_err *err)
{
    char rel[WRIT_REL_MAX];

    writ_tile_partial_dir(rel, level, n);
    if (faccessat(c->dir->fd, rel, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? WRIT_OK : writ_fail_sys(err, "open %s/%s", c->dir->path, rel);
    for (unsigned w = 1; w < WRIT_TILE_WIDTH && w <= width; w++) {
        size_t len =
            level == WRIT_LEVEL_ENTRIES ? bundle_prefix(data, w) : w * (size_t)WRIT_HASH_LEN;
        enum writ_status st = compare(c, level, n, w, writ_slice(data.ptr, len), false, err);
        if (st != WRIT_OK && st != WRIT_NOT_FOUND)
            return st;
    }
    return WRIT_OK;
}

/* What the checkpoint needs must be there: the partial file of its width, or the full one. */
static enum writ_status demand(struct writ_check *c, int level, uint64_t n, unsigned width,
                               struct writ_err *err)
{
    char rel[WRIT_REL_MAX];

    writ_tile_path(rel, level, n, width);
    if (faccessat(c->dir->fd, rel, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return WRIT_OK;
    return writ_check_damage(c, rel, (n * WRIT_TILE_WIDTH) << (level > 0 ? 8 * level : 0),
                             "missing", err);
}

enum writ_status writ_check_tile(void *ctx, int level, uint64_t n, unsigned width,
                                 struct writ_slice data, struct writ_err *err)
{
    struct writ_check *c = ctx;
    unsigned needed = writ_tile_width(level, n, c->head.size);

    WRIT_TRY(compare_partials(c, level, n, width, data, err));
    /* A full file where we know only a part: the writer went on while we read. */
    enum writ_status st = compare(c, level, n, WRIT_TILE_WIDTH, data, width < WRIT_TILE_WIDTH, err);
    if (st != WRIT_NOT_FOUND || needed == 0)
        return st == WRIT_NOT_FOUND ? WRIT_OK : st;
    return demand(c, level, n, needed, err);
}

/* The size of the log now, which a writer may have moved since the walk ended. */
static uint64_t size_now(struct writ_check *c)
{
    struct writ_checkpoint head;
    struct writ_frame f;
    uint64_t size = c->edges.size;

    if (c->commits) {
        while (writ_walk_next(&c->walk, &f, NULL) == WRIT_OK)
            continue;
        return c->walk.at.next > size ? c->walk.at.next : size;
    }
    if (writ_head_unsigned(c->dir, &head, NULL) == WRIT_OK && head.size > size)
        size = head.size;
    return size;
}

/* "x001/067.p/8" below "tile/LEVEL": a name that a tree of `size` has. */
static bool in_range(const char *rel, uint64_t size)
{
    struct writ_slice name = writ_cstr(rel);
    char want[WRIT_REL_MAX];
    uint64_t n = 0, level = 0, width = WRIT_TILE_WIDTH;
    const char *p = rel + 5; /* "tile/" */
    bool entries = strncmp(p, "entries/", 8) == 0;

    if (!entries) {
        if (*p < '0' || *p > '7' || p[1] != '/')
            return false;
        level = (uint64_t)(*p - '0');
    }
    for (p += entries ? 8 : 2; *p != '\0' && *p != '.'; p++)
        if (*p >= '0' && *p <= '9')
            n = n * 10 + (uint64_t)(*p - '0');
    if (*p == '.' && (strlen(p) < 4 || writ_u64_parse(writ_cstr(p + 3), &width) != WRIT_OK))
        return false;
    if (width == 0 || width > WRIT_TILE_WIDTH || (*p == '.' && width == WRIT_TILE_WIDTH))
        return false;
    /* Names that only look alike are told apart by writing the right one. */
    int l = entries ? WRIT_LEVEL_ENTRIES : (int)level;
    writ_tile_path(want, l, n, (unsigned)width);
    return writ_slice_is(name, want) && width <= writ_tile_width(l, n, size);
}

static enum writ_status strays_in(struct writ_check *c, const char *rel, unsigned depth,
                                  uint64_t *size, struct writ_err *err)
{
    char path[WRIT_REL_MAX + 256];
    struct dirent *de;
    enum writ_status st = WRIT_OK;

    int fd = openat(c->dir->fd, rel, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOTDIR) {
        if (!in_range(rel, *size) && !in_range(rel, *size = size_now(c)))
            return writ_check_damage(c, rel, UINT64_MAX, "no tile of this log", err);
        return WRIT_OK;
    }
    if (fd < 0)
        return errno == ENOENT ? WRIT_OK : writ_fail_sys(err, "open %s/%s", c->dir->path, rel);
    DIR *d = fdopendir(fd);
    if (d == NULL) {
        writ_fd_close(fd);
        return writ_fail_nomem(err);
    }
    while (st == WRIT_OK && (de = readdir(d)) != NULL) {
        if (strcmp(de->d_name, ".") == 0 || strcmp(de->d_name, "..") == 0)
            continue;
        int n = snprintf(path, sizeof(path), "%s/%s", rel, de->d_name);
        if (n < 0 || (size_t)n >= WRIT_REL_MAX || depth == STRAYS_DEPTH)
            st = writ_check_damage(c, rel, UINT64_MAX, "holds what is no tile of this log", err);
        else
            st = strays_in(c, path, depth + 1, size, err);
    }
    (void)closedir(d);
    return st;
}

enum writ_status writ_check_strays(struct writ_check *c, struct writ_err *err)
{
    uint64_t size = c->edges.size;

    return strays_in(c, "tile", 0, &size, err);
}
