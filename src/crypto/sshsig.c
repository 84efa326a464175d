#include "crypto/ssh.h"

#include <openssl/sha.h>

#include "base/text.h"
#include "key_internal.h"
#include "ssh_blob.h"

#include "base/banned.h"

#define ARMOR_BEGIN    "-----BEGIN SSH SIGNATURE-----\n"
#define ARMOR_END      "-----END SSH SIGNATURE-----"
#define MAGIC          "SSHSIG"
#define SSHSIG_VERSION 1
/* ssh-keygen writes 70; other makers keep to the 76 of RFC 2045. */
#define ARMOR_LINE_MAX 76
#define FLAG_TOUCHED   0x01 /* PROTOCOL.u2f: user presence */

/* PROTOCOL.sshsig, section 2. */
struct sshsig {
    struct writ_slice public_key, name_space, hash_name, signature;
};

/* What stands inside `signature`. */
struct sig_parts {
    uint8_t raw[WRIT_SIGNATURE_LEN];
    uint8_t flags; /* hardware keys only, as is the counter */
    uint32_t counter;
};

static enum writ_status unarmor(struct writ_slice text, struct writ_buf *blob, struct writ_err *err)
{
    WRIT_AUTO_BUF digits;
    struct writ_slice begin = WRIT_LIT(ARMOR_BEGIN), end = WRIT_LIT(ARMOR_END);

    writ_buf_init(&digits, WRIT_SSHSIG_MAX);
    if (text.len > WRIT_SSHSIG_MAX)
        return writ_fail_at(err, WRIT_LIMIT, WRIT_SSHSIG_MAX, "SSH signature: longer than %d bytes",
                            WRIT_SSHSIG_MAX);
    if (!writ_slice_starts(text, begin))
        return writ_fail(err, WRIT_FORMAT, "SSH signature: no BEGIN SSH SIGNATURE line");
    size_t at = begin.len;
    for (;;) {
        struct writ_slice rest = writ_slice_from(text, at);
        const uint8_t *nl = rest.len == 0 ? NULL : memchr(rest.ptr, '\n', rest.len);
        struct writ_slice line = nl == NULL ? rest : writ_slice(rest.ptr, (size_t)(nl - rest.ptr));
        if (writ_slice_eq(line, end)) {
            if (at + line.len + (nl != NULL) != text.len)
                return writ_fail_at(err, WRIT_FORMAT, at, "SSH signature: text after its end");
            break;
        }
        if (nl == NULL || line.len == 0 || line.len > ARMOR_LINE_MAX)
            return writ_fail_at(err, WRIT_FORMAT, at, "SSH signature: cut short, or not armored");
        if (writ_buf_add(&digits, line) != WRIT_OK)
            return writ_fail_nomem(err);
        at += line.len + 1;
    }
    enum writ_status st = writ_base64_decode(blob, writ_buf_slice(&digits));
    if (st == WRIT_FORMAT)
        return writ_fail(err, WRIT_FORMAT, "SSH signature: not base64");
    return st == WRIT_OK ? WRIT_OK : writ_fail_nomem(err);
}

static enum writ_status read_sshsig(struct writ_slice blob, struct sshsig *out,
                                    struct writ_err *err)
{
    struct writ_reader r = writ_reader(blob);
    struct sshsig s;

    if (!writ_slice_is(writ_read_bytes(&r, sizeof(MAGIC) - 1), MAGIC))
        return writ_fail(err, WRIT_FORMAT, "SSH signature: does not begin with SSHSIG");
    if (writ_read_be32(&r) != SSHSIG_VERSION)
        return writ_fail(err, WRIT_FORMAT, "SSH signature: unknown version");
    s.public_key = writ_read_str32(&r);
    s.name_space = writ_read_str32(&r);
    struct writ_slice reserved = writ_read_str32(&r);
    s.hash_name = writ_read_str32(&r);
    s.signature = writ_read_str32(&r);
    if (r.bad || r.rest.len != 0)
        return writ_fail(err, WRIT_FORMAT, "SSH signature: incomplete, or with bytes too many");
    /* What a later version may mean by it is not known here. */
    if (reserved.len != 0)
        return writ_fail(err, WRIT_FORMAT, "SSH signature: the reserved field is not empty");
    if (!writ_slice_is(s.hash_name, "sha256") && !writ_slice_is(s.hash_name, "sha512"))
        return writ_fail(err, WRIT_FORMAT, "SSH signature: hash is neither sha256 nor sha512");
    *out = s;
    return WRIT_OK;
}

/* RFC 4251 section 5 mpint: big endian, two's complement, as short as can be. Positive only. */
static bool read_scalar(struct writ_reader *r, uint8_t out[WRIT_P256_SCALAR])
{
    struct writ_slice n = writ_read_str32(r);

    if (r->bad || n.len == 0 || (n.ptr[0] & 0x80) != 0)
        return false;
    if (n.ptr[0] == 0) {
        if (n.len == 1 || (n.ptr[1] & 0x80) == 0)
            return false;
        n = writ_slice_from(n, 1);
    }
    if (n.len > WRIT_P256_SCALAR)
        return false;
    memset(out, 0, WRIT_P256_SCALAR - n.len);
    memcpy(out + WRIT_P256_SCALAR - n.len, n.ptr, n.len);
    return true;
}

static bool read_raw(struct writ_slice body, enum writ_key_kind kind,
                     uint8_t raw[WRIT_SIGNATURE_LEN])
{
    struct writ_reader r = writ_reader(body);

    if (kind == WRIT_KEY_P256)
        return read_scalar(&r, raw) && read_scalar(&r, raw + WRIT_P256_SCALAR) && r.rest.len == 0;
    if (kind != WRIT_KEY_ED25519 || body.len != WRIT_SIGNATURE_LEN)
        return false;
    memcpy(raw, body.ptr, WRIT_SIGNATURE_LEN);
    return true;
}

static enum writ_status read_signature(struct writ_slice signature,
                                       const struct writ_ssh_kind *kind, struct sig_parts *out,
                                       struct writ_err *err)
{
    struct writ_reader r = writ_reader(signature);
    struct sig_parts parts = { .flags = 0 };

    /* The key decides how; a signature of another type than its key is malformed. */
    if (!writ_slice_is(writ_read_str32(&r), kind->type))
        return writ_fail(err, WRIT_FORMAT, "SSH signature: not of the type of its key, %s",
                         kind->type);
    struct writ_slice body = writ_read_str32(&r);
    if (kind->hardware) {
        parts.flags = writ_read_u8(&r);
        parts.counter = writ_read_be32(&r);
    }
    if (r.bad || r.rest.len != 0 || !read_raw(body, kind->kind, parts.raw))
        return writ_fail(err, WRIT_FORMAT, "SSH signature: its inside is malformed");
    *out = parts;
    return WRIT_OK;
}

/* PROTOCOL.sshsig, section 3: what is really signed. */
static enum writ_status signed_text(const struct sshsig *s, struct writ_slice message,
                                    struct writ_buf *out)
{
    uint8_t wide[SHA512_DIGEST_LENGTH];
    struct writ_hash narrow;
    struct writ_slice digest;

    if (writ_slice_is(s->hash_name, "sha512")) {
        const uint8_t *text = message.len != 0 ? message.ptr : (const uint8_t *)"";
        if (SHA512(text, message.len, wide) == NULL)
            return WRIT_NOMEM;
        digest = writ_slice(wide, sizeof(wide));
    } else {
        narrow = writ_sha256(message);
        digest = writ_slice(narrow.b, sizeof(narrow.b));
    }
    WRIT_TRY(writ_buf_add_cstr(out, MAGIC));
    WRIT_TRY(writ_buf_add_str32(out, s->name_space));
    WRIT_TRY(writ_buf_add_be32(out, 0)); /* reserved */
    WRIT_TRY(writ_buf_add_str32(out, s->hash_name));
    return writ_buf_add_str32(out, digest);
}

/* PROTOCOL.u2f: a security key signs digests of the application and the text, and its state. */
static enum writ_status hardware_text(struct writ_slice application, const struct sig_parts *parts,
                                      struct writ_buf *text)
{
    struct writ_hash app = writ_sha256(application), inner = writ_sha256(writ_buf_slice(text));

    writ_buf_clear(text);
    WRIT_TRY(writ_buf_add(text, writ_slice(app.b, sizeof(app.b))));
    WRIT_TRY(writ_buf_add_byte(text, parts->flags));
    WRIT_TRY(writ_buf_add_be32(text, parts->counter));
    return writ_buf_add(text, writ_slice(inner.b, sizeof(inner.b)));
}

static enum writ_status verify_with(const struct sshsig *s, const struct writ_ssh_parts *key,
                                    struct writ_slice message, struct writ_err *err)
{
    struct sig_parts parts;
    WRIT_AUTO_BUF text;
    WRIT_AUTO_KEY *usable = NULL;

    writ_buf_init(&text, WRIT_SSHSIG_MAX);
    WRIT_TRY(read_signature(s->signature, key->kind, &parts, err));
    WRIT_TRY(writ_key_public(key->kind->kind, key->public_part, &usable, err));
    if (signed_text(s, message, &text) != WRIT_OK)
        return writ_fail_nomem(err);
    if (key->kind->hardware && hardware_text(key->application, &parts, &text) != WRIT_OK)
        return writ_fail_nomem(err);
    enum writ_status st =
        writ_key_verify(usable, writ_buf_slice(&text), writ_slice(parts.raw, sizeof(parts.raw)));
    if (st == WRIT_NOMEM)
        return writ_fail_nomem(err);
    if (st != WRIT_OK)
        return writ_fail(err, WRIT_SIGNATURE, "SSH signature: not over this text");
    if (key->kind->hardware && (parts.flags & FLAG_TOUCHED) == 0)
        return writ_fail(err, WRIT_REFUSED,
                         "SSH signature: made without a touch of the security key: sign again "
                         "with a key that was created without no-touch-required");
    return WRIT_OK;
}

enum writ_status writ_sshsig_verify(struct writ_slice armored, const char *name_space,
                                    struct writ_slice message, const struct writ_ssh_key *key,
                                    struct writ_err *err)
{
    WRIT_AUTO_BUF blob;
    struct sshsig s;
    struct writ_ssh_parts parts;

    writ_buf_init(&blob, WRIT_SSHSIG_MAX);
    WRIT_TRY(unarmor(armored, &blob, err));
    WRIT_TRY(read_sshsig(writ_buf_slice(&blob), &s, err));
    if (!writ_slice_eq(s.public_key, writ_slice(key->blob, key->blob_len)))
        return writ_fail(err, WRIT_SIGNATURE, "SSH signature: made by another key than %s",
                         key->fingerprint);
    /* An empty namespace would make signatures of every program good for every other. */
    if (name_space[0] == '\0')
        return writ_fail(err, WRIT_ARG, "SSH signature: no namespace asked for");
    if (!writ_slice_is(s.name_space, name_space))
        return writ_fail(err, WRIT_SIGNATURE,
                         "SSH signature: made for \"%.*s\", not for \"%s\": sign with -n %s",
                         WRIT_FMT(s.name_space), name_space, name_space);
    WRIT_TRY(writ_ssh_blob_parts(writ_slice(key->blob, key->blob_len), &parts, err));
    return verify_with(&s, &parts, message, err);
}

enum writ_status writ_sshsig_key(struct writ_slice armored, struct writ_ssh_key *out,
                                 struct writ_err *err)
{
    WRIT_AUTO_BUF blob;
    struct sshsig s;

    writ_buf_init(&blob, WRIT_SSHSIG_MAX);
    WRIT_TRY(unarmor(armored, &blob, err));
    WRIT_TRY(read_sshsig(writ_buf_slice(&blob), &s, err));
    return writ_ssh_key_from_blob(s.public_key, out, err);
}
