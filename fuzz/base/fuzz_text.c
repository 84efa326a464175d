/*
 * The first byte chooses the encoding. Any bytes are encoded and decoded to themselves; any text
 * that is accepted is what the encoder writes for what it means.
 */
#include <stdlib.h>

#include "base/json.h"
#include "base/text.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef enum writ_status (*codec)(struct writ_buf *, struct writ_slice);

static void check(bool good)
{
    if (!good)
        abort();
}

static enum writ_status hex_decode(struct writ_buf *out, struct writ_slice in)
{
    uint8_t *at;

    WRIT_TRY(writ_buf_reserve(out, in.len / 2, &at));
    WRIT_TRY(writ_hex_decode(in, at, in.len / 2));
    out->len += in.len / 2;
    return WRIT_OK;
}

static void both_ways(codec encode, codec decode, struct writ_slice in)
{
    WRIT_AUTO_BUF text, raw;

    writ_buf_init(&text, 1 << 20);
    writ_buf_init(&raw, 1 << 20);
    check(encode(&text, in) == WRIT_OK);
    check(decode(&raw, writ_buf_slice(&text)) == WRIT_OK);
    check(writ_slice_eq(writ_buf_slice(&raw), in));
    writ_buf_clear(&text);
    writ_buf_clear(&raw);
    if (decode(&raw, in) != WRIT_OK) {
        check(raw.len == 0);
        return;
    }
    check(encode(&text, writ_buf_slice(&raw)) == WRIT_OK);
    check(writ_slice_eq(writ_buf_slice(&text), in));
}

static void number(struct writ_slice in)
{
    WRIT_AUTO_BUF text;
    uint64_t v;

    writ_buf_init(&text, 64);
    if (writ_u64_parse(in, &v) != WRIT_OK)
        return;
    check(writ_buf_addf(&text, "%llu", (unsigned long long)v) == WRIT_OK);
    check(writ_slice_eq(writ_buf_slice(&text), in));
}

/* The one reader that accepts more than its writer writes: fewer decimals. */
static void instant(struct writ_slice in)
{
    char text[WRIT_TIME_TEXT];
    uint64_t us, again;

    if (writ_time_parse(in, &us) != WRIT_OK)
        return;
    writ_time_format(us, text);
    check(writ_time_parse(writ_cstr(text), &again) == WRIT_OK && again == us);
    check(in.len >= 20 && memcmp(in.ptr, text, 19) == 0);
}

/* A quoted string is JSON that means the string; a NUL is the one thing that is not read back. */
static void quote(struct writ_slice in)
{
    WRIT_AUTO_BUF text;
    WRIT_AUTO_JSON *read = NULL;

    writ_buf_init(&text, 1 << 20);
    if (writ_utf8_check(in) != in.len)
        return;
    check(writ_json_quote(&text, in) == WRIT_OK);
    bool nul = in.len != 0 && memchr(in.ptr, 0, in.len) != NULL;
    enum writ_status st = writ_json_parse(writ_buf_slice(&text), 1 << 20, &read, NULL);
    check(st == (nul ? WRIT_FORMAT : WRIT_OK));
    if (st == WRIT_OK)
        check(writ_slice_eq(writ_json_text(read), in));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct writ_slice in = writ_slice(data + 1, size - 1);
    switch (data[0]) {
    case 'h':
        both_ways(writ_hex_encode, hex_decode, in);
        break;
    case 'b':
        both_ways(writ_base64_encode, writ_base64_decode, in);
        break;
    case 'u':
        both_ways(writ_base64url_encode, writ_base64url_decode, in);
        break;
    case 'n':
        number(in);
        break;
    case 't':
        instant(in);
        break;
    default: /* a byte, not one of our enums */
        quote(in);
        break;
    }
    return 0;
}
