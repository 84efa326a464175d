#include "authority/request.h"

#include "base/json.h"
#include "base/text.h"

#include "base/banned.h"

enum writ_status writ_payload_digest(struct writ_slice salt, struct writ_slice json,
                                     struct writ_hash *out, struct writ_err *err)
{
    WRIT_AUTO_BUF canonical;
    WRIT_AUTO_JSON *value = NULL;
    struct writ_sha256 sha;

    writ_buf_init(&canonical, WRIT_ARGUMENTS_MAX * 2);
    if (json.len == 0)
        json = WRIT_LIT("{}");
    WRIT_TRY(writ_json_parse(json, WRIT_ARGUMENTS_MAX, &value, err));
    WRIT_TRY(writ_json_canonical(value, &canonical, err));
    writ_sha256_init(&sha);
    writ_sha256_add(&sha, salt);
    writ_sha256_add(&sha, writ_buf_slice(&canonical));
    *out = writ_sha256_done(&sha);
    return WRIT_OK;
}

/* A line of a signed text: no part may hold the line feed that ends it. */
static enum writ_status add_line(struct writ_buf *out, struct writ_slice s)
{
    if (s.len != 0 && memchr(s.ptr, '\n', s.len) != NULL)
        return WRIT_FORMAT;
    WRIT_TRY(writ_buf_add(out, s));
    return writ_buf_add_byte(out, '\n');
}

static enum writ_status add_hex_line(struct writ_buf *out, struct writ_slice s)
{
    WRIT_TRY(writ_hex_encode(out, s));
    return writ_buf_add_byte(out, '\n');
}

enum writ_status writ_action_text(const struct writ_action_request *r, struct writ_slice cell,
                                  struct writ_buf *out)
{
    WRIT_TRY(writ_buf_add(out, WRIT_LIT("writ.action/v1\n")));
    WRIT_TRY(add_line(out, cell));
    WRIT_TRY(add_line(out, r->agent));
    WRIT_TRY(add_line(out, r->instance));
    WRIT_TRY(add_line(out, r->grant));
    WRIT_TRY(add_line(out, r->txn));
    WRIT_TRY(add_line(out, r->action));
    WRIT_TRY(add_hex_line(out, writ_slice(r->digest.b, sizeof(r->digest.b))));
    WRIT_TRY(add_line(out, r->tool));
    WRIT_TRY(add_hex_line(out, r->nonce));
    return writ_buf_addf(out, "%llu\n", (unsigned long long)r->issued);
}

enum writ_status writ_session_text(const struct writ_session_request *r, struct writ_slice cell,
                                   struct writ_buf *out)
{
    WRIT_TRY(writ_buf_add(out, WRIT_LIT("writ.session/v1\n")));
    WRIT_TRY(add_line(out, cell));
    WRIT_TRY(add_line(out, r->agent));
    WRIT_TRY(add_line(out, r->instance));
    WRIT_TRY(add_line(out, r->gateway));
    WRIT_TRY(add_line(out, r->transport));
    WRIT_TRY(add_line(out, r->client));
    WRIT_TRY(add_hex_line(out, r->challenge));
    return writ_buf_addf(out, "%llu\n", (unsigned long long)r->issued);
}

void writ_action_verify(struct writ_action_request *r, struct writ_slice cell,
                        const struct writ_key *key)
{
    WRIT_AUTO_BUF text;

    writ_buf_init(&text, 4096);
    r->verified = WRIT_UNCHECKED;
    if (r->arguments.ptr != NULL &&
        writ_payload_digest(r->salt, r->arguments, &r->digest, NULL) != WRIT_OK)
        return;
    r->verified = WRIT_CHECK_FAILED;
    if (key != NULL && r->signature.len != 0 && writ_action_text(r, cell, &text) == WRIT_OK &&
        writ_key_verify(key, writ_buf_slice(&text), r->signature) == WRIT_OK)
        r->verified = WRIT_CHECK_GOOD;
}

void writ_session_verify(struct writ_session_request *r, struct writ_slice cell,
                         const struct writ_key *key)
{
    WRIT_AUTO_BUF text;

    writ_buf_init(&text, 8192);
    r->verified = WRIT_CHECK_FAILED;
    if (key != NULL && writ_session_text(r, cell, &text) == WRIT_OK &&
        writ_key_verify(key, writ_buf_slice(&text), r->signature) == WRIT_OK)
        r->verified = WRIT_CHECK_GOOD;
}

static enum writ_status verify_agent(const struct writ_change_request *r)
{
    WRIT_AUTO_BUF text, signature;

    writ_buf_init(&text, 65536);
    writ_buf_init(&signature, 128);
    WRIT_TRY(writ_base64url_decode(&signature, r->signature));
    WRIT_TRY(writ_buf_add(&text, WRIT_LIT("writ.grant/v1\n")));
    WRIT_TRY(writ_buf_add(&text, r->text));
    return writ_key_verify(r->key, writ_buf_slice(&text), writ_buf_slice(&signature));
}

void writ_change_verify(struct writ_change_request *r)
{
    enum writ_status st;

    if (!r->by_agent) {
        st = writ_sshsig_verify(r->signature, r->name_space, r->text, &r->ssh, &r->why);
    } else {
        st = verify_agent(r);
        if (st != WRIT_OK)
            (void)writ_fail(&r->why, WRIT_SIGNATURE,
                            "the signature is not one by agent %.*s over this text",
                            WRIT_FMT(r->by));
    }
    r->verified = st == WRIT_OK ? WRIT_CHECK_GOOD : WRIT_CHECK_FAILED;
}
