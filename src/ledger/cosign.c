#include "ledger/cosign.h"

#include "base/text.h"
#include "note_parts.h"

#include "base/banned.h"

/* The text of a note whose signature lines all have the right form; they are not verified. */
static enum writ_status walk_all(struct writ_slice note, struct writ_slice *text,
                                 struct writ_err *err)
{
    WRIT_AUTO_NOTE_WALK w = { 0 };
    struct writ_note_line line;
    enum writ_status st;

    WRIT_TRY(writ_note_walk_begin(&w, note, err));
    do
        st = writ_note_walk_next(&w, &line, err);
    while (st == WRIT_OK);
    if (st != WRIT_NOT_FOUND)
        return st;
    *text = w.text;
    return WRIT_OK;
}

static enum writ_status add_line(struct writ_buf *out, const char *name, struct writ_slice blob)
{
    WRIT_TRY(writ_buf_addf(out, WRIT_NOTE_DASH "%s ", name));
    WRIT_TRY(writ_base64_encode(out, blob));
    return writ_buf_add_byte(out, '\n');
}

enum writ_status writ_cosign_line(struct writ_slice note, const struct writ_note_key *name,
                                  const struct writ_key *key, uint64_t time, struct writ_buf *out,
                                  struct writ_err *err)
{
    WRIT_AUTO_BUF message;
    uint8_t pub[32], blob[4 + 8 + WRIT_SIGNATURE_LEN];
    struct writ_checkpoint c;
    struct writ_slice text;
    size_t before = out->len;

    writ_buf_init(&message, WRIT_NOTE_MAX + 64);
    if (name->type != WRIT_NOTE_COSIGN || !writ_key_ed25519_public(key, pub) ||
        memcmp(pub, name->pub, sizeof(pub)) != 0)
        return writ_fail(err, WRIT_ARG, "the key does not belong to the witness %s", name->name);
    if (time == 0 || time > INT64_MAX)
        return writ_fail(err, WRIT_ARG, "a cosignature has a time from 1 to 2^63-1");
    WRIT_TRY(walk_all(note, &text, err));
    WRIT_TRY(writ_checkpoint_parse(text, &c, err));
    if (writ_note_cosign_message(text, time, &message) != WRIT_OK)
        return writ_fail_nomem(err);
    writ_put_be32(blob, name->id);
    writ_put_be64(blob + 4, time);
    WRIT_TRY(writ_key_sign(key, writ_buf_slice(&message), blob + 12, err));
    enum writ_status st = add_line(out, name->name, writ_slice(blob, sizeof(blob)));
    if (st != WRIT_OK) {
        out->len = before;
        return writ_fail(err, st, "no room for the cosignature");
    }
    return WRIT_OK;
}

enum writ_status writ_cosign_append(struct writ_slice note, struct writ_slice lines,
                                    struct writ_buf *out, struct writ_err *err)
{
    WRIT_AUTO_BUF both;
    struct writ_slice text, grown;

    writ_buf_init(&both, WRIT_NOTE_MAX);
    WRIT_TRY(walk_all(note, &text, err));
    enum writ_status st = writ_buf_add(&both, note);
    if (st == WRIT_OK)
        st = writ_buf_add(&both, lines);
    if (st != WRIT_OK)
        return writ_fail(err, st, "a note is at most %d bytes", WRIT_NOTE_MAX);
    WRIT_TRY(walk_all(writ_buf_slice(&both), &grown, err));
    /* A blank line in `lines` would make the signatures of before a part of the text. */
    if (grown.len != text.len)
        return writ_fail_at(err, WRIT_FORMAT, note.len, "these are not signature lines only");
    st = writ_buf_add(out, writ_buf_slice(&both));
    return st == WRIT_OK ? st : writ_fail(err, st, "no room for the note");
}

enum writ_status writ_cosign_without(struct writ_slice note, const struct writ_note_key *name,
                                     struct writ_buf *out, struct writ_err *err)
{
    WRIT_AUTO_NOTE_WALK w = { 0 };
    WRIT_AUTO_BUF kept;
    struct writ_note_line line;
    enum writ_status st;

    writ_buf_init(&kept, WRIT_NOTE_MAX);
    WRIT_TRY(writ_note_walk_begin(&w, note, err));
    /* the text and the blank line */
    if (writ_buf_add(&kept, writ_slice(note.ptr, w.text.len + 1)) != WRIT_OK)
        return writ_fail_nomem(err);
    size_t head = kept.len;
    while ((st = writ_note_walk_next(&w, &line, err)) == WRIT_OK)
        if (!writ_note_line_is_by(&line, name) && writ_buf_add(&kept, line.whole) != WRIT_OK)
            return writ_fail_nomem(err);
    if (st != WRIT_NOT_FOUND)
        return st;
    if (kept.len == head)
        return writ_fail(err, WRIT_FORMAT, "nobody but %s signed the note", name->name);
    st = writ_buf_add(out, writ_buf_slice(&kept));
    return st == WRIT_OK ? st : writ_fail(err, st, "no room for the note");
}

enum writ_status writ_cosign_collect(struct writ_slice note, const struct writ_note_key *witnesses,
                                     size_t n, uint64_t *times, struct writ_err *err)
{
    WRIT_AUTO_NOTE_WALK w = { 0 };
    struct { /* a line is by one witness at most, so there are no more than lines */
        size_t witness;
        uint64_t time;
    } good[WRIT_NOTE_LINES];
    size_t good_len = 0;
    struct writ_note_line line;
    struct writ_checkpoint c;
    enum writ_status st;

    WRIT_TRY(writ_note_walk_begin(&w, note, err));
    WRIT_TRY(writ_checkpoint_parse(w.text, &c, err));
    while ((st = writ_note_walk_next(&w, &line, err)) == WRIT_OK) {
        size_t i = 0;
        while (i < n && !writ_note_line_is_by(&line, &witnesses[i]))
            i++;
        if (i == n || witnesses[i].type != WRIT_NOTE_COSIGN)
            continue;
        WRIT_TRY(writ_note_line_verify(w.text, &line, &witnesses[i], &good[good_len].time, err));
        good[good_len++].witness = i;
    }
    if (st != WRIT_NOT_FOUND)
        return st;
    memset(times, 0, n * sizeof(times[0]));
    for (size_t i = 0; i < good_len; i++)
        if (times[good[i].witness] < good[i].time)
            times[good[i].witness] = good[i].time;
    return WRIT_OK;
}

enum writ_status writ_cosign_verify(struct writ_slice note, const struct writ_note_key *witness,
                                    uint64_t *time, struct writ_err *err)
{
    uint64_t when;

    WRIT_TRY(writ_cosign_collect(note, witness, 1, &when, err));
    if (when == 0)
        return writ_fail(err, WRIT_SIGNATURE, "no cosignature by %s", witness->name);
    *time = when;
    return WRIT_OK;
}
