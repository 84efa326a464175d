#include "ledger/note.h"

#include "base/text.h"
#include "note_parts.h"

#include "base/banned.h"

#define NOTE_PUBLIC_LEN 32

bool writ_origin_valid(struct writ_slice name)
{
    if (name.len == 0 || name.len > WRIT_ORIGIN_MAX)
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] <= 0x20 || name.ptr[i] >= 0x7f || name.ptr[i] == '+')
            return false;
    return true;
}

static uint32_t key_id(struct writ_slice name, uint8_t type, const uint8_t pub[NOTE_PUBLIC_LEN])
{
    const uint8_t sep[2] = { 0x0a, type };
    struct writ_sha256 c;

    writ_sha256_init(&c);
    writ_sha256_add(&c, name);
    writ_sha256_add(&c, writ_slice(sep, sizeof(sep)));
    writ_sha256_add(&c, writ_slice(pub, NOTE_PUBLIC_LEN));
    struct writ_hash h = writ_sha256_done(&c);
    struct writ_reader r = writ_reader(writ_slice(h.b, 4));
    return writ_read_be32(&r);
}

/* Cuts what stands before `sep` off the front of *rest, and the separator too. */
static bool cut(struct writ_slice *rest, uint8_t sep, struct writ_slice *before)
{
    const uint8_t *at = rest->len != 0 ? memchr(rest->ptr, sep, rest->len) : NULL;

    if (at == NULL)
        return false;
    *before = writ_slice(rest->ptr, (size_t)(at - rest->ptr));
    *rest = writ_slice_from(*rest, before->len + 1);
    return true;
}

enum writ_status writ_note_key_parse(struct writ_slice vkey, struct writ_note_key *out,
                                     struct writ_err *err)
{
    WRIT_AUTO_BUF blob;
    struct writ_slice rest = vkey, name, hex;
    struct writ_note_key k;
    uint8_t id[4];

    writ_buf_init(&blob, 256);
    memset(&k, 0, sizeof(k));
    if (!cut(&rest, '+', &name) || !cut(&rest, '+', &hex) || !writ_origin_valid(name))
        return writ_fail(err, WRIT_FORMAT, "verifier key is not name+id+key");
    if (writ_hex_decode(hex, id, sizeof(id)) != WRIT_OK)
        return writ_fail_at(err, WRIT_FORMAT, name.len + 1,
                            "key id is not 8 lower-case hex digits");
    if (writ_base64_decode(&blob, rest) != WRIT_OK)
        return writ_fail_at(err, WRIT_FORMAT, vkey.len - rest.len, "key is not base64");
    if (blob.len != 1 + sizeof(k.pub) ||
        (blob.ptr[0] != WRIT_NOTE_LOG && blob.ptr[0] != WRIT_NOTE_COSIGN))
        return writ_fail_at(err, WRIT_FORMAT, vkey.len - rest.len, "not an Ed25519 key of a note");
    memcpy(k.name, name.ptr, name.len);
    k.type = blob.ptr[0];
    memcpy(k.pub, blob.ptr + 1, sizeof(k.pub));
    k.id = key_id(name, k.type, k.pub);
    struct writ_reader r = writ_reader(writ_slice(id, sizeof(id)));
    if (writ_read_be32(&r) != k.id)
        return writ_fail_at(err, WRIT_FORMAT, name.len + 1, "key id is not that of this key");
    *out = k;
    return WRIT_OK;
}

enum writ_status writ_note_key_make(struct writ_slice name, uint8_t type,
                                    const struct writ_key *key, struct writ_note_key *out,
                                    struct writ_err *err)
{
    struct writ_note_key k;

    memset(&k, 0, sizeof(k));
    if (!writ_origin_valid(name))
        return writ_fail(err, WRIT_ARG,
                         "a name is 1 to %d printable ASCII bytes without space and plus",
                         WRIT_ORIGIN_MAX);
    if (type != WRIT_NOTE_LOG && type != WRIT_NOTE_COSIGN)
        return writ_fail(err, WRIT_ARG, "key type 0x%02x does not sign notes", (unsigned)type);
    if (!writ_key_ed25519_public(key, k.pub))
        return writ_fail(err, WRIT_ARG, "notes are signed with Ed25519 keys only");
    memcpy(k.name, name.ptr, name.len);
    k.type = type;
    k.id = key_id(name, type, k.pub);
    *out = k;
    return WRIT_OK;
}

enum writ_status writ_note_key_text(const struct writ_note_key *key, struct writ_buf *out)
{
    uint8_t blob[1 + sizeof(key->pub)];
    size_t before = out->len;

    blob[0] = key->type;
    memcpy(blob + 1, key->pub, sizeof(key->pub));
    enum writ_status st = writ_buf_addf(out, "%s+%08x+", key->name, (unsigned)key->id);
    if (st == WRIT_OK)
        st = writ_base64_encode(out, writ_slice(blob, sizeof(blob)));
    if (st != WRIT_OK)
        out->len = before;
    return st;
}

/* The first byte that a note's text may not hold, or len. */
static size_t first_bad_byte(struct writ_slice s)
{
    size_t good = writ_utf8_check(s);

    for (size_t i = 0; i < good; i++)
        if (s.ptr[i] < 0x20 && s.ptr[i] != '\n')
            return i;
    return good;
}

enum writ_status writ_note_sign(struct writ_slice text, const struct writ_note_key *name,
                                const struct writ_key *key, struct writ_buf *out,
                                struct writ_err *err)
{
    uint8_t pub[NOTE_PUBLIC_LEN], blob[4 + WRIT_SIGNATURE_LEN];
    size_t before = out->len;

    if (name->type != WRIT_NOTE_LOG || !writ_key_ed25519_public(key, pub) ||
        memcmp(pub, name->pub, sizeof(pub)) != 0)
        return writ_fail(err, WRIT_ARG, "the key does not belong to the name %s", name->name);
    if (text.len == 0 || text.ptr[text.len - 1] != '\n' || first_bad_byte(text) != text.len)
        return writ_fail(err, WRIT_ARG, "the text of a note is UTF-8 lines, each ended by LF");
    if (text.len > WRIT_NOTE_MAX - WRIT_ORIGIN_MAX - 128)
        return writ_fail(err, WRIT_LIMIT, "a note is at most %d bytes", WRIT_NOTE_MAX);
    writ_put_be32(blob, name->id);
    WRIT_TRY(writ_key_sign(key, text, blob + 4, err));
    enum writ_status st = writ_buf_add(out, text);
    if (st == WRIT_OK)
        st = writ_buf_addf(out, "\n%s%s ", WRIT_NOTE_DASH, name->name);
    if (st == WRIT_OK)
        st = writ_base64_encode(out, writ_slice(blob, sizeof(blob)));
    if (st == WRIT_OK)
        st = writ_buf_add_byte(out, '\n');
    if (st != WRIT_OK) {
        out->len = before;
        return writ_fail(err, st, "no room for the signed note");
    }
    return WRIT_OK;
}

/* Spaces beyond ASCII, as three-byte or two-byte UTF-8, which a key name may not hold either. */
static bool space_at(struct writ_slice s, size_t i)
{
    const uint8_t *p = s.ptr + i;
    size_t left = s.len - i;

    if (p[0] <= 0x20)
        return true;
    if (left >= 2 && p[0] == 0xc2)
        return p[1] == 0x85 || p[1] == 0xa0;
    if (left < 3 || p[0] < 0xe1 || p[0] > 0xe3)
        return false;
    unsigned cp = (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
    return cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200a) || cp == 0x2028 || cp == 0x2029 ||
           cp == 0x202f || cp == 0x205f || cp == 0x3000;
}

static bool signer_name_valid(struct writ_slice name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] == '+' || space_at(name, i))
            return false;
    return name.len != 0;
}

/* One signature line without its LF; *blob receives the key id and what follows it. */
static bool signature_line(struct writ_slice line, struct writ_slice *name, struct writ_buf *blob)
{
    struct writ_slice dash = WRIT_LIT(WRIT_NOTE_DASH);

    if (!writ_slice_starts(line, dash))
        return false;
    line = writ_slice_from(line, dash.len);
    writ_buf_clear(blob);
    return cut(&line, ' ', name) && signer_name_valid(*name) &&
           writ_base64_decode(blob, line) == WRIT_OK && blob->len > 4;
}

enum writ_status writ_note_cosign_message(struct writ_slice text, uint64_t time,
                                          struct writ_buf *out)
{
    WRIT_TRY(writ_buf_addf(out, "cosignature/v1\ntime %llu\n", (unsigned long long)time));
    return writ_buf_add(out, text);
}

static enum writ_status public_key(const struct writ_note_key *key, struct writ_key **out,
                                   struct writ_err *err)
{
    WRIT_AUTO_BUF text;

    writ_buf_init(&text, WRIT_KEY_TEXT);
    if (writ_buf_add_cstr(&text, "ed25519:") != WRIT_OK ||
        writ_base64url_encode(&text, writ_slice(key->pub, sizeof(key->pub))) != WRIT_OK)
        return writ_fail_nomem(err);
    return writ_key_parse(writ_buf_slice(&text), out, err);
}

/* `sig` is what follows the key id in the line. */
static enum writ_status verify_signature(struct writ_slice text, const struct writ_note_key *key,
                                         const struct writ_key *pub, struct writ_slice sig,
                                         uint64_t *time)
{
    WRIT_AUTO_BUF message;

    writ_buf_init(&message, text.len + 64);
    if (key->type == WRIT_NOTE_LOG) {
        *time = 0;
        return writ_key_verify(pub, text, sig);
    }
    /* longer ones belong to key types that we do not know */
    if (sig.len != 8 + WRIT_SIGNATURE_LEN)
        return WRIT_SIGNATURE;
    struct writ_reader r = writ_reader(sig);
    uint64_t when = writ_read_be64(&r);
    if (when == 0 || when > INT64_MAX)
        return WRIT_SIGNATURE;
    WRIT_TRY(writ_note_cosign_message(text, when, &message));
    WRIT_TRY(writ_key_verify(pub, writ_buf_slice(&message), r.rest));
    *time = when;
    return WRIT_OK;
}

enum writ_status writ_note_line_verify(struct writ_slice text, const struct writ_note_line *line,
                                       const struct writ_note_key *key, uint64_t *time,
                                       struct writ_err *err)
{
    WRIT_AUTO_KEY *pub = NULL;

    WRIT_TRY(public_key(key, &pub, err));
    enum writ_status st = verify_signature(text, key, pub, line->sig, time);
    if (st != WRIT_OK)
        return writ_fail_at(err, st == WRIT_NOMEM ? st : WRIT_SIGNATURE, line->at,
                            "the signature by %s is wrong", key->name);
    return WRIT_OK;
}

bool writ_note_line_is_by(const struct writ_note_line *line, const struct writ_note_key *key)
{
    return line->id == key->id && writ_slice_is(line->name, key->name);
}

/* Text with its last LF, and the signature lines: split at the last blank line. */
static bool split_note(struct writ_slice note, struct writ_slice *text, struct writ_slice *lines)
{
    for (size_t i = note.len; i >= 2; i--)
        if (note.ptr[i - 1] == '\n' && note.ptr[i - 2] == '\n') {
            *text = writ_slice(note.ptr, i - 1);
            *lines = writ_slice_from(note, i);
            return lines->len != 0 && note.ptr[note.len - 1] == '\n';
        }
    return false;
}

enum writ_status writ_note_walk_begin(struct writ_note_walk *w, struct writ_slice note,
                                      struct writ_err *err)
{
    if (note.len > WRIT_NOTE_MAX)
        return writ_fail(err, WRIT_LIMIT, "a note is at most %d bytes", WRIT_NOTE_MAX);
    if (first_bad_byte(note) != note.len)
        return writ_fail_at(err, WRIT_FORMAT, first_bad_byte(note), "a note is UTF-8 text");
    if (!split_note(note, &w->text, &w->rest))
        return writ_fail(err, WRIT_FORMAT, "a note ends in a blank line and signature lines");
    w->note = note;
    w->lines = 0;
    writ_buf_init(&w->blob, WRIT_NOTE_MAX);
    return WRIT_OK;
}

enum writ_status writ_note_walk_next(struct writ_note_walk *w, struct writ_note_line *out,
                                     struct writ_err *err)
{
    size_t at = w->note.len - w->rest.len;
    struct writ_slice line, name;

    if (!cut(&w->rest, '\n', &line))
        return WRIT_NOT_FOUND;
    if (++w->lines > WRIT_NOTE_LINES)
        return writ_fail_at(err, WRIT_LIMIT, at, "a note has at most %d signatures",
                            WRIT_NOTE_LINES);
    if (!signature_line(line, &name, &w->blob))
        return writ_fail_at(err, WRIT_FORMAT, at, "malformed signature line");
    struct writ_reader r = writ_reader(writ_buf_slice(&w->blob));
    uint32_t id = writ_read_be32(&r);
    *out = (struct writ_note_line){ writ_slice(line.ptr, line.len + 1), name, r.rest, id, at };
    return WRIT_OK;
}

void writ_note_walk_end(struct writ_note_walk *w)
{
    writ_buf_release(&w->blob);
}

enum writ_status writ_note_open(struct writ_slice note, const struct writ_note_key *key,
                                struct writ_slice *text, struct writ_err *err)
{
    WRIT_AUTO_NOTE_WALK w = { 0 };
    struct writ_note_line line;
    enum writ_status st;
    uint64_t time;
    size_t good = 0;

    WRIT_TRY(writ_note_walk_begin(&w, note, err));
    while ((st = writ_note_walk_next(&w, &line, err)) == WRIT_OK) {
        if (!writ_note_line_is_by(&line, key))
            continue; /* somebody else's signature says nothing to us */
        WRIT_TRY(writ_note_line_verify(w.text, &line, key, &time, err));
        good++;
    }
    if (st != WRIT_NOT_FOUND)
        return st;
    if (good == 0)
        return writ_fail(err, WRIT_SIGNATURE, "no signature by %s with the key %08x", key->name,
                         (unsigned)key->id);
    *text = w.text;
    return WRIT_OK;
}
