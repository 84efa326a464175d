#include "bundle.h"

#include "log_state.h"

#include "base/banned.h"

void writ_bundles_init(struct writ_bundles *b, const struct writ_dir *dir)
{
    memset(b, 0, sizeof(*b));
    b->dir = dir;
    writ_buf_init(&b->bytes, WRIT_BUNDLE_MAX);
}

void writ_bundles_release(struct writ_bundles *b)
{
    writ_buf_release(&b->bytes);
}

static enum writ_status read_note(const struct writ_dir *dir, struct writ_buf *note,
                                  struct writ_err *err)
{
    enum writ_status st = writ_file_read(dir, WRIT_CHECKPOINT_FILE, WRIT_NOTE_MAX, note, err);

    if (st == WRIT_NOT_FOUND)
        return writ_fail(err, st, "%s/%s is missing", dir->path, WRIT_CHECKPOINT_FILE);
    return st;
}

enum writ_status writ_log_checkpoint(const char *dir, struct writ_buf *note, struct writ_err *err)
{
    WRIT_AUTO_DIR d = WRIT_DIR_NONE;

    WRIT_TRY(writ_dir_open(dir, &d, err));
    return read_note(&d, note, err);
}

enum writ_status writ_head_unsigned(const struct writ_dir *dir, struct writ_checkpoint *out,
                                    struct writ_err *err)
{
    WRIT_AUTO_BUF note;
    struct writ_checkpoint c;

    writ_buf_init(&note, WRIT_NOTE_MAX);
    WRIT_TRY(read_note(dir, &note, err));
    if (writ_checkpoint_peek(writ_buf_slice(&note), &c, NULL) != WRIT_OK)
        return writ_fail(err, WRIT_CORRUPT, "%s/%s is not a checkpoint", dir->path,
                         WRIT_CHECKPOINT_FILE);
    c.origin = (struct writ_slice){ NULL, 0 }; /* the note is about to go */
    *out = c;
    return WRIT_OK;
}

enum writ_status writ_tile_read(const struct writ_dir *dir, int level, uint64_t n, unsigned width,
                                struct writ_buf *out, struct writ_err *err)
{
    char rel[WRIT_REL_MAX];
    size_t before = out->len, want = width * (size_t)WRIT_HASH_LEN;
    size_t max = level == WRIT_LEVEL_ENTRIES ? WRIT_BUNDLE_MAX : WRIT_TILE_BYTES;

    writ_tile_path(rel, level, n, width);
    enum writ_status st = writ_file_read(dir, rel, max, out, err);
    if (st == WRIT_NOT_FOUND && width < WRIT_TILE_WIDTH) {
        writ_tile_path(rel, level, n, WRIT_TILE_WIDTH);
        st = writ_file_read(dir, rel, max, out, err);
    }
    if (st == WRIT_NOT_FOUND)
        return writ_fail(err, WRIT_CORRUPT, "%s/%s is missing", dir->path, rel);
    if (st == WRIT_LIMIT)
        return writ_fail(err, WRIT_CORRUPT, "%s/%s is too long", dir->path, rel);
    if (st != WRIT_OK || level == WRIT_LEVEL_ENTRIES)
        return st;
    if (out->len - before < want) {
        out->len = before;
        return writ_fail(err, WRIT_CORRUPT, "%s/%s is too short", dir->path, rel);
    }
    out->len = before + want;
    return WRIT_OK;
}

/* Checks that the bundle has the entries it must have, before any is given away. */
static enum writ_status load(struct writ_bundles *b, uint64_t n, unsigned width,
                             struct writ_err *err)
{
    struct writ_slice entry;
    unsigned have = 0;
    bool bad = false;

    b->count = b->malformed = 0;
    writ_buf_clear(&b->bytes);
    WRIT_TRY(writ_tile_read(b->dir, WRIT_LEVEL_ENTRIES, n, width, &b->bytes, err));
    for (struct writ_slice rest = writ_buf_slice(&b->bytes);
         have <= WRIT_TILE_WIDTH && writ_bundle_next(&rest, &entry, &bad);)
        have++;
    if (bad || (have != width && have != WRIT_TILE_WIDTH)) {
        b->malformed = have;
        return writ_fail(err, WRIT_CORRUPT, "%s: entry bundle %llu is malformed at entry %llu",
                         b->dir->path, (unsigned long long)n,
                         (unsigned long long)n * WRIT_TILE_WIDTH + have);
    }
    b->first = b->in = n * WRIT_TILE_WIDTH;
    b->count = width;
    b->rest = writ_buf_slice(&b->bytes);
    return WRIT_OK;
}

enum writ_status writ_bundles_get(struct writ_bundles *b, uint64_t index, struct writ_slice *entry,
                                  struct writ_err *err)
{
    struct writ_slice got = { NULL, 0 };
    bool bad = false;

    if (index >= b->size) {
        struct writ_checkpoint c;
        WRIT_TRY(writ_head_unsigned(b->dir, &c, err));
        b->size = c.size;
        if (index >= b->size)
            return WRIT_NOT_FOUND;
    }
    if (b->count == 0 || index < b->first || index >= b->first + b->count) {
        uint64_t n = index / WRIT_TILE_WIDTH;
        WRIT_TRY(load(b, n, writ_tile_width(0, n, b->size), err));
    }
    if (index < b->in) {
        b->in = b->first;
        b->rest = writ_buf_slice(&b->bytes);
    }
    while (b->in <= index && writ_bundle_next(&b->rest, &got, &bad))
        b->in++;
    *entry = got;
    return WRIT_OK;
}
