#include "ledger/note.h"

#include "base/text.h"
#include "ledger/tree.h"

#include "base/banned.h"

/* One line without its LF. */
static bool take_line(struct writ_slice *rest, struct writ_slice *line)
{
    const uint8_t *lf = rest->len != 0 ? memchr(rest->ptr, '\n', rest->len) : NULL;

    if (lf == NULL)
        return false;
    *line = writ_slice(rest->ptr, (size_t)(lf - rest->ptr));
    *rest = writ_slice_from(*rest, line->len + 1);
    return true;
}

static bool parse_hash(struct writ_slice text, struct writ_hash *out)
{
    WRIT_AUTO_BUF raw;

    writ_buf_init(&raw, 64);
    if (text.len > 64 || writ_base64_decode(&raw, text) != WRIT_OK || raw.len != WRIT_HASH_LEN)
        return false;
    memcpy(out->b, raw.ptr, WRIT_HASH_LEN);
    return true;
}

enum writ_status writ_checkpoint_parse(struct writ_slice text, struct writ_checkpoint *out,
                                       struct writ_err *err)
{
    struct writ_slice rest = text, line;
    struct writ_checkpoint c;
    struct writ_hash empty = writ_tree_empty();

    if (!take_line(&rest, &c.origin) || !writ_origin_valid(c.origin))
        return writ_fail_at(err, WRIT_FORMAT, 0, "the first line of a checkpoint is its origin");
    size_t at = text.len - rest.len;
    if (!take_line(&rest, &line) || writ_u64_parse(line, &c.size) != WRIT_OK || c.size > INT64_MAX)
        return writ_fail_at(err, WRIT_FORMAT, at, "the second line of a checkpoint is its size");
    at = text.len - rest.len;
    if (!take_line(&rest, &line) || !parse_hash(line, &c.root))
        return writ_fail_at(err, WRIT_FORMAT, at, "the third line of a checkpoint is its root");
    if (c.size == 0 && !writ_hash_eq(&c.root, &empty))
        return writ_fail_at(err, WRIT_FORMAT, at, "this is not the root of the empty tree");
    while (rest.len != 0) {
        at = text.len - rest.len;
        if (!take_line(&rest, &line) || line.len == 0)
            return writ_fail_at(err, WRIT_FORMAT, at, "a checkpoint is made of non-empty lines");
    }
    *out = c;
    return WRIT_OK;
}

enum writ_status writ_checkpoint_peek(struct writ_slice note, struct writ_checkpoint *out,
                                      struct writ_err *err)
{
    size_t end = note.len;

    while (end >= 2 && (note.ptr[end - 1] != '\n' || note.ptr[end - 2] != '\n'))
        end--;
    if (end < 2)
        return writ_fail(err, WRIT_FORMAT, "a note ends in a blank line and signature lines");
    return writ_checkpoint_parse(writ_slice(note.ptr, end - 1), out, err);
}

enum writ_status writ_checkpoint_open(struct writ_slice note, const struct writ_note_key *key,
                                      struct writ_checkpoint *out, struct writ_err *err)
{
    struct writ_slice text;
    struct writ_checkpoint c;
    enum writ_status st = writ_note_open(note, key, &text, err);

    /* That it is of another log says more than that this key did not sign it. */
    if (st == WRIT_SIGNATURE && writ_checkpoint_peek(note, &c, NULL) == WRIT_OK &&
        !writ_slice_is(c.origin, key->name))
        return writ_fail(err, st, "checkpoint of %.*s, not of %s", WRIT_FMT(c.origin), key->name);
    if (st != WRIT_OK)
        return st;
    WRIT_TRY(writ_checkpoint_parse(text, &c, err));
    if (!writ_slice_is(c.origin, key->name))
        return writ_fail(err, WRIT_SIGNATURE, "checkpoint of %.*s, not of %s", WRIT_FMT(c.origin),
                         key->name);
    *out = c;
    return WRIT_OK;
}

enum writ_status writ_checkpoint_sign(const struct writ_checkpoint *c,
                                      const struct writ_note_key *name, const struct writ_key *key,
                                      struct writ_buf *out, struct writ_err *err)
{
    WRIT_AUTO_BUF text;

    writ_buf_init(&text, WRIT_ORIGIN_MAX + 128);
    if (!writ_origin_valid(c->origin) || !writ_slice_is(c->origin, name->name))
        return writ_fail(err, WRIT_ARG, "the origin of a checkpoint is the name of its key");
    if (c->size > INT64_MAX)
        return writ_fail(err, WRIT_ARG, "a tree has at most 2^63-1 leaves");
    if (writ_buf_addf(&text, "%.*s\n%llu\n", WRIT_FMT(c->origin), (unsigned long long)c->size) !=
            WRIT_OK ||
        writ_base64_encode(&text, writ_slice(c->root.b, WRIT_HASH_LEN)) != WRIT_OK ||
        writ_buf_add_byte(&text, '\n') != WRIT_OK)
        return writ_fail_nomem(err);
    return writ_note_sign(writ_buf_slice(&text), name, key, out, err);
}
