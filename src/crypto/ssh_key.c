#include "crypto/ssh.h"

#include <stdio.h>

#include "base/text.h"
#include "key_internal.h"
#include "ssh_blob.h"

#include "base/banned.h"

static const struct writ_ssh_kind KINDS[] = {
    { "ssh-ed25519", WRIT_KEY_ED25519, false },
    { "ecdsa-sha2-nistp256", WRIT_KEY_P256, false },
    { "sk-ssh-ed25519@openssh.com", WRIT_KEY_ED25519, true },
    { "sk-ecdsa-sha2-nistp256@openssh.com", WRIT_KEY_P256, true },
};

static const struct writ_ssh_kind *kind_of(struct writ_slice type)
{
    for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++)
        if (writ_slice_is(type, KINDS[i].type))
            return &KINDS[i];
    return NULL;
}

enum writ_status writ_ssh_blob_parts(struct writ_slice blob, struct writ_ssh_parts *out,
                                     struct writ_err *err)
{
    struct writ_reader r = writ_reader(blob);
    struct writ_ssh_parts parts = { .kind = kind_of(writ_read_str32(&r)) };

    if (r.bad)
        return writ_fail(err, WRIT_FORMAT, "SSH key: incomplete");
    if (parts.kind == NULL)
        return writ_fail(err, WRIT_FORMAT,
                         "SSH key: type not accepted; use ed25519, ecdsa with nistp256, or a "
                         "security key of these kinds");
    if (parts.kind->kind == WRIT_KEY_P256 && !writ_slice_is(writ_read_str32(&r), "nistp256"))
        return writ_fail(err, WRIT_FORMAT, "SSH key: curve is not nistp256");
    parts.public_part = writ_read_str32(&r);
    if (parts.kind->hardware)
        parts.application = writ_read_str32(&r);
    if (r.bad || r.rest.len != 0)
        return writ_fail(err, WRIT_FORMAT, "SSH key: incomplete, or with bytes too many");
    *out = parts;
    return WRIT_OK;
}

enum writ_status writ_ssh_key_from_blob(struct writ_slice blob, struct writ_ssh_key *out,
                                        struct writ_err *err)
{
    struct writ_ssh_parts parts;
    WRIT_AUTO_KEY *usable = NULL;
    WRIT_AUTO_BUF print;
    struct writ_ssh_key key = { .blob_len = blob.len };

    writ_buf_init(&print, sizeof(key.fingerprint));
    if (blob.len > sizeof(key.blob))
        return writ_fail(err, WRIT_LIMIT, "SSH key: longer than %zu bytes", sizeof(key.blob));
    WRIT_TRY(writ_ssh_blob_parts(blob, &parts, err));
    /* A key that could never verify is refused now, not when the first signature comes. */
    WRIT_TRY(writ_key_public(parts.kind->kind, parts.public_part, &usable, err));
    struct writ_hash h = writ_sha256(blob);
    if (writ_base64_encode(&print, writ_slice(h.b, sizeof(h.b))) != WRIT_OK)
        return writ_fail_nomem(err);
    memcpy(key.blob, blob.ptr, blob.len);
    (void)snprintf(key.type, sizeof(key.type), "%s", parts.kind->type);
    /* 32 bytes take 43 digits and one '=', which ssh-keygen leaves out. */
    (void)snprintf(key.fingerprint, sizeof(key.fingerprint), "SHA256:%.43s",
                   (const char *)print.ptr);
    *out = key;
    return WRIT_OK;
}

/* Up to the next space or the end; the space is dropped. */
static struct writ_slice next_word(struct writ_slice *rest)
{
    const uint8_t *space = rest->len == 0 ? NULL : memchr(rest->ptr, ' ', rest->len);
    size_t n = space == NULL ? rest->len : (size_t)(space - rest->ptr);
    struct writ_slice word = writ_slice(rest->ptr, n);

    *rest = writ_slice_from(*rest, n + 1);
    return word;
}

enum writ_status writ_ssh_key_parse(struct writ_slice line, struct writ_ssh_key *out,
                                    struct writ_err *err)
{
    WRIT_AUTO_BUF blob;
    struct writ_ssh_key key;

    writ_buf_init(&blob, WRIT_SSH_LINE_MAX);
    if (line.len > WRIT_SSH_LINE_MAX)
        return writ_fail_at(err, WRIT_LIMIT, WRIT_SSH_LINE_MAX,
                            "SSH key: line longer than %d bytes", WRIT_SSH_LINE_MAX);
    if (line.len != 0 && line.ptr[line.len - 1] == '\n')
        line.len--;
    for (size_t i = 0; i < line.len; i++)
        if (line.ptr[i] < 0x20 || line.ptr[i] == 0x7f)
            return writ_fail_at(err, WRIT_FORMAT, i, "SSH key: more than one line of text");
    struct writ_slice rest = line, type = next_word(&rest);
    if (kind_of(type) == NULL)
        return writ_fail(err, WRIT_FORMAT,
                         "SSH key: must begin with ssh-ed25519, ecdsa-sha2-nistp256, or the "
                         "sk- form of one of these");
    enum writ_status st = writ_base64_decode(&blob, next_word(&rest));
    if (st == WRIT_NOMEM)
        return writ_fail_nomem(err);
    if (st != WRIT_OK)
        return writ_fail_at(err, WRIT_FORMAT, type.len + 1, "SSH key: not base64");
    WRIT_TRY(writ_ssh_key_from_blob(writ_buf_slice(&blob), &key, err));
    if (!writ_slice_is(type, key.type))
        return writ_fail(err, WRIT_FORMAT, "SSH key: line says %.*s, the key itself says %s",
                         WRIT_FMT(type), key.type);
    *out = key;
    return WRIT_OK;
}

enum writ_status writ_ssh_key_line(const struct writ_ssh_key *key, struct writ_buf *out)
{
    size_t before = out->len;
    enum writ_status st = writ_buf_add_cstr(out, key->type);

    if (st == WRIT_OK)
        st = writ_buf_add_byte(out, ' ');
    if (st == WRIT_OK)
        st = writ_base64_encode(out, writ_slice(key->blob, key->blob_len));
    if (st != WRIT_OK)
        out->len = before;
    return st;
}

bool writ_ssh_key_eq(const struct writ_ssh_key *a, const struct writ_ssh_key *b)
{
    return writ_slice_eq(writ_slice(a->blob, a->blob_len), writ_slice(b->blob, b->blob_len));
}
