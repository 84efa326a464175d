#include "ledger/proof_file.h"

#include "base/text.h"

#include "base/banned.h"

static const char HEAD[] = "c2sp.org/tlog-proof@v1";

static bool take_line(struct writ_slice *rest, struct writ_slice *line)
{
    const uint8_t *lf = rest->len != 0 ? memchr(rest->ptr, '\n', rest->len) : NULL;

    if (lf == NULL)
        return false;
    *line = writ_slice(rest->ptr, (size_t)(lf - rest->ptr));
    *rest = writ_slice_from(*rest, line->len + 1);
    return true;
}

static enum writ_status decode(struct writ_slice line, struct writ_buf *raw)
{
    writ_buf_clear(raw);
    return writ_base64_decode(raw, line);
}

/* The lines after the index, up to and with the blank one. */
static enum writ_status parse_hashes(struct writ_slice text, struct writ_slice *rest,
                                     struct writ_proof *out, struct writ_err *err)
{
    WRIT_AUTO_BUF raw;
    struct writ_slice line;

    writ_buf_init(&raw, WRIT_PROOF_FILE_MAX);
    out->len = 0;
    for (;;) {
        size_t at = text.len - rest->len;
        if (!take_line(rest, &line))
            return writ_fail_at(err, WRIT_FORMAT, at, "a blank line ends the proof");
        if (line.len == 0)
            return WRIT_OK;
        if (out->len == WRIT_PROOF_MAX)
            return writ_fail_at(err, WRIT_LIMIT, at, "a proof has at most %d hashes",
                                WRIT_PROOF_MAX);
        if (decode(line, &raw) != WRIT_OK || raw.len != WRIT_HASH_LEN)
            return writ_fail_at(err, WRIT_FORMAT, at, "a line of the proof is a base64 hash");
        memcpy(out->hash[out->len++].b, raw.ptr, WRIT_HASH_LEN);
    }
}

bool writ_proof_file_is(struct writ_slice text)
{
    struct writ_slice line;

    return take_line(&text, &line) && writ_slice_is(line, HEAD);
}

enum writ_status writ_proof_file_parse(struct writ_slice text, struct writ_proof_file *out,
                                       struct writ_err *err)
{
    WRIT_AUTO_BUF raw;
    struct writ_slice rest = text, line;
    struct writ_proof_file p;

    memset(&p, 0, sizeof(p));
    writ_buf_init(&raw, WRIT_PROOF_FILE_MAX);
    if (text.len > WRIT_PROOF_FILE_MAX)
        return writ_fail(err, WRIT_LIMIT, "a proof file is at most %d bytes", WRIT_PROOF_FILE_MAX);
    if (!take_line(&rest, &line) || !writ_slice_is(line, HEAD))
        return writ_fail_at(err, WRIT_FORMAT, 0, "the first line of a proof file is %s", HEAD);
    size_t at = text.len - rest.len;
    bool more = take_line(&rest, &line);
    if (more && writ_slice_starts(line, WRIT_LIT("extra "))) {
        p.extra = writ_slice_from(line, 6);
        if (p.extra.len == 0 || decode(p.extra, &raw) != WRIT_OK)
            return writ_fail_at(err, WRIT_FORMAT, at, "the extra data are not base64");
        at = text.len - rest.len;
        more = take_line(&rest, &line);
    }
    if (!more || !writ_slice_starts(line, WRIT_LIT("index ")) ||
        writ_u64_parse(writ_slice_from(line, 6), &p.index) != WRIT_OK)
        return writ_fail_at(err, WRIT_FORMAT, at, "the index line is missing or malformed");
    WRIT_TRY(parse_hashes(text, &rest, &p.proof, err));
    if (rest.len == 0)
        return writ_fail_at(err, WRIT_FORMAT, text.len, "the checkpoint is missing");
    if (rest.len > WRIT_NOTE_MAX)
        return writ_fail(err, WRIT_LIMIT, "a checkpoint is at most %d bytes", WRIT_NOTE_MAX);
    p.checkpoint = rest;
    *out = p;
    return WRIT_OK;
}

static enum writ_status write_all(const struct writ_proof_file *p, struct writ_buf *out)
{
    WRIT_TRY(writ_buf_addf(out, "%s\n", HEAD));
    if (p->extra.len != 0) {
        WRIT_TRY(writ_buf_add_cstr(out, "extra "));
        WRIT_TRY(writ_buf_add(out, p->extra));
        WRIT_TRY(writ_buf_add_byte(out, '\n'));
    }
    WRIT_TRY(writ_buf_addf(out, "index %llu\n", (unsigned long long)p->index));
    for (size_t i = 0; i < p->proof.len; i++) {
        WRIT_TRY(writ_base64_encode(out, writ_slice(p->proof.hash[i].b, WRIT_HASH_LEN)));
        WRIT_TRY(writ_buf_add_byte(out, '\n'));
    }
    WRIT_TRY(writ_buf_add_byte(out, '\n'));
    return writ_buf_add(out, p->checkpoint);
}

enum writ_status writ_proof_file_write(const struct writ_proof_file *p, struct writ_buf *out)
{
    size_t before = out->len;

    if (p->proof.len > WRIT_PROOF_MAX || p->checkpoint.len == 0)
        return WRIT_ARG;
    enum writ_status st = write_all(p, out);
    if (st != WRIT_OK)
        out->len = before;
    return st;
}

enum writ_status writ_proof_file_check(const struct writ_proof_file *p, struct writ_slice entry,
                                       const struct writ_note_key *key, struct writ_err *err)
{
    struct writ_checkpoint c;
    struct writ_hash leaf = writ_tree_leaf(entry);

    WRIT_TRY(writ_checkpoint_open(p->checkpoint, key, &c, err));
    if (p->index >= c.size)
        return writ_fail(err, WRIT_CORRUPT, "entry %llu is not in a log of %llu",
                         (unsigned long long)p->index, (unsigned long long)c.size);
    if (writ_tree_check_inclusion(p->index, c.size, &leaf, &p->proof, &c.root) != WRIT_OK)
        return writ_fail(err, WRIT_CORRUPT,
                         "the proof does not lead from these bytes as entry %llu to the signed "
                         "root: the entry, its index or the proof is another",
                         (unsigned long long)p->index);
    return WRIT_OK;
}
