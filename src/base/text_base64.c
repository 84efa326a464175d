#include "base/text.h"

#include "base/banned.h"

/*
 * OpenSSL's and most other decoders accept spare bits, missing padding or line breaks, which
 * lets one signature or digest be written in several ways. This one has exactly one text for
 * each byte string.
 */

struct alphabet {
    const char *digits; /* 64 of them */
    bool padded;
};

static const struct alphabet STANDARD = {
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", true
};
static const struct alphabet URL = {
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", false
};

static enum writ_status encode(struct writ_buf *out, struct writ_slice in,
                               const struct alphabet *abc)
{
    size_t n, tail = in.len % 3;
    uint8_t *at;

    if (__builtin_mul_overflow(in.len / 3, 4, &n))
        return WRIT_LIMIT;
    if (tail != 0 && __builtin_add_overflow(n, abc->padded ? 4 : tail + 1, &n))
        return WRIT_LIMIT;
    WRIT_TRY(writ_buf_reserve(out, n, &at));
    for (size_t i = 0; i < in.len; i += 3) {
        size_t have = in.len - i < 3 ? in.len - i : 3;
        uint32_t v = (uint32_t)in.ptr[i] << 16;
        if (have > 1)
            v |= (uint32_t)in.ptr[i + 1] << 8;
        if (have > 2)
            v |= in.ptr[i + 2];
        for (size_t k = 0; k < 4; k++) {
            if (k <= have)
                *at++ = (uint8_t)abc->digits[v >> (18 - 6 * k) & 63];
            else if (abc->padded)
                *at++ = '=';
        }
    }
    out->len += n;
    return WRIT_OK;
}

/* 0..63, or 64 for a byte outside the alphabet; `c62` and `c63` are the last two digits. */
static uint32_t digit_value(uint8_t c, char c62, char c63)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26u;
    if (c >= '0' && c <= '9')
        return c - '0' + 52u;
    if (c == (uint8_t)c62)
        return 62;
    return c == (uint8_t)c63 ? 63 : 64;
}

static enum writ_status decode(struct writ_buf *out, struct writ_slice in,
                               const struct alphabet *abc)
{
    uint8_t *at;
    uint32_t v = 0;

    if (abc->padded) {
        if (in.len % 4 != 0)
            return WRIT_FORMAT;
        for (int pad = 0; pad < 2 && in.len != 0 && in.ptr[in.len - 1] == '='; pad++)
            in.len--;
    }
    if (in.len % 4 == 1)
        return WRIT_FORMAT;
    size_t tail = in.len % 4, n = in.len / 4 * 3 + (tail != 0 ? tail - 1 : 0);
    WRIT_TRY(writ_buf_reserve(out, n, &at));
    for (size_t i = 0; i < in.len; i++) {
        uint32_t digit = digit_value(in.ptr[i], abc->digits[62], abc->digits[63]);
        if (digit > 63)
            return WRIT_FORMAT;
        v = v << 6 | digit;
        if (i % 4 == 3) {
            *at++ = (uint8_t)(v >> 16);
            *at++ = (uint8_t)(v >> 8);
            *at++ = (uint8_t)v;
            v = 0;
        }
    }
    /* The last digit of a short group has two or four bits that stand for nothing. */
    if (tail == 2) {
        if ((v & 0xf) != 0)
            return WRIT_FORMAT;
        *at++ = (uint8_t)(v >> 4);
    } else if (tail == 3) {
        if ((v & 0x3) != 0)
            return WRIT_FORMAT;
        *at++ = (uint8_t)(v >> 10);
        *at++ = (uint8_t)(v >> 2);
    }
    out->len += n;
    return WRIT_OK;
}

enum writ_status writ_base64_encode(struct writ_buf *out, struct writ_slice in)
{
    return encode(out, in, &STANDARD);
}

enum writ_status writ_base64_decode(struct writ_buf *out, struct writ_slice in)
{
    return decode(out, in, &STANDARD);
}

enum writ_status writ_base64url_encode(struct writ_buf *out, struct writ_slice in)
{
    return encode(out, in, &URL);
}

enum writ_status writ_base64url_decode(struct writ_buf *out, struct writ_slice in)
{
    return decode(out, in, &URL);
}
