#include "gateway/state.h"

#include "base/text.h"

#include "base/banned.h"

#define PREFIX      "writ.v1."
#define PURPOSE     "writ.requestState/v1\n" /* the key seals nothing else, and cannot be made to */
#define PAYLOAD_MAX (1 + WRIT_STATE_APPROVAL_MAX + WRIT_HASH_LEN + 8)

static enum writ_status seal_of(const uint8_t key[WRIT_STATE_KEY_LEN], struct writ_slice payload,
                                struct writ_hash *out)
{
    WRIT_AUTO_BUF text;

    writ_buf_init(&text, sizeof(PURPOSE) + PAYLOAD_MAX);
    WRIT_TRY(writ_buf_add(&text, WRIT_LIT(PURPOSE)));
    WRIT_TRY(writ_buf_add(&text, payload));
    *out = writ_hmac_sha256(writ_slice(key, WRIT_STATE_KEY_LEN), writ_buf_slice(&text));
    return WRIT_OK;
}

enum writ_status writ_state_seal(const uint8_t key[WRIT_STATE_KEY_LEN],
                                 const struct writ_state *state, struct writ_buf *out)
{
    WRIT_AUTO_BUF payload;
    WRIT_AUTO_BUF text;
    struct writ_slice approval =
        writ_slice(state->approval, strnlen(state->approval, sizeof(state->approval)));
    struct writ_hash mac;

    writ_buf_init(&payload, PAYLOAD_MAX);
    writ_buf_init(&text, WRIT_STATE_MAX);
    if (approval.len == 0 || approval.len > WRIT_STATE_APPROVAL_MAX)
        return WRIT_ARG;
    WRIT_TRY(writ_buf_add_byte(&payload, (uint8_t)approval.len));
    WRIT_TRY(writ_buf_add(&payload, approval));
    WRIT_TRY(writ_buf_add(&payload, writ_slice(state->params.b, WRIT_HASH_LEN)));
    WRIT_TRY(writ_buf_add_be64(&payload, state->expires));
    WRIT_TRY(seal_of(key, writ_buf_slice(&payload), &mac));
    WRIT_TRY(writ_buf_add_cstr(&text, PREFIX));
    WRIT_TRY(writ_base64url_encode(&text, writ_buf_slice(&payload)));
    WRIT_TRY(writ_buf_add_byte(&text, '.'));
    WRIT_TRY(writ_base64url_encode(&text, writ_slice(mac.b, WRIT_HASH_LEN)));
    return writ_buf_add(out, writ_buf_slice(&text));
}

bool writ_state_is_ours(struct writ_slice text)
{
    return writ_slice_starts(text, WRIT_LIT(PREFIX));
}

/* Takes the text apart and checks the seal; *payload is what was sealed. */
static enum writ_status unseal(const uint8_t key[WRIT_STATE_KEY_LEN], struct writ_slice text,
                               struct writ_buf *payload)
{
    struct writ_slice body = writ_slice_from(text, strlen(PREFIX));
    const uint8_t *dot = body.len != 0 ? memchr(body.ptr, '.', body.len) : NULL;
    WRIT_AUTO_BUF mac;
    struct writ_hash want, got;

    writ_buf_init(&mac, WRIT_HASH_LEN);
    if (dot == NULL)
        return WRIT_SIGNATURE;
    size_t at = (size_t)(dot - body.ptr);
    enum writ_status st = writ_base64url_decode(payload, writ_slice(body.ptr, at));
    if (st == WRIT_OK)
        st = writ_base64url_decode(&mac, writ_slice_from(body, at + 1));
    if (st != WRIT_OK || mac.len != WRIT_HASH_LEN)
        return st == WRIT_NOMEM ? st : WRIT_SIGNATURE;
    memcpy(got.b, mac.ptr, WRIT_HASH_LEN);
    WRIT_TRY(seal_of(key, writ_buf_slice(payload), &want));
    return writ_hash_eq(&want, &got) ? WRIT_OK : WRIT_SIGNATURE;
}

enum writ_status writ_state_open(const uint8_t key[WRIT_STATE_KEY_LEN], struct writ_slice text,
                                 const struct writ_hash *params, uint64_t now,
                                 struct writ_state *out)
{
    WRIT_AUTO_BUF payload;
    struct writ_state s = { .expires = 0 };

    writ_buf_init(&payload, PAYLOAD_MAX);
    if (!writ_state_is_ours(text))
        return WRIT_NOT_FOUND;
    if (text.len > WRIT_STATE_MAX)
        return WRIT_SIGNATURE;
    WRIT_TRY(unseal(key, text, &payload));

    struct writ_reader r = writ_reader(writ_buf_slice(&payload));
    struct writ_slice approval = writ_read_bytes(&r, writ_read_u8(&r));
    struct writ_slice digest = writ_read_bytes(&r, WRIT_HASH_LEN);
    s.expires = writ_read_be64(&r);
    if (r.bad || r.rest.len != 0 || approval.len == 0 || approval.len > WRIT_STATE_APPROVAL_MAX)
        return WRIT_SIGNATURE;
    memcpy(s.approval, approval.ptr, approval.len);
    memcpy(s.params.b, digest.ptr, WRIT_HASH_LEN);
    if (!writ_hash_eq(&s.params, params))
        return WRIT_CONFLICT;
    if (now >= s.expires)
        return WRIT_TIME;
    *out = s;
    return WRIT_OK;
}
