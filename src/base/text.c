#include "base/text.h"

#include "base/banned.h"

static const char HEX_DIGITS[] = "0123456789abcdef";

void writ_hex(char *out, const uint8_t *in, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = HEX_DIGITS[in[i] >> 4];
        out[2 * i + 1] = HEX_DIGITS[in[i] & 15];
    }
    out[2 * n] = '\0';
}

enum writ_status writ_hex_encode(struct writ_buf *out, struct writ_slice in)
{
    size_t n;
    uint8_t *at;

    if (__builtin_mul_overflow(in.len, 2, &n))
        return WRIT_LIMIT;
    WRIT_TRY(writ_buf_reserve(out, n, &at));
    for (size_t i = 0; i < in.len; i++) {
        at[2 * i] = (uint8_t)HEX_DIGITS[in.ptr[i] >> 4];
        at[2 * i + 1] = (uint8_t)HEX_DIGITS[in.ptr[i] & 15];
    }
    out->len += n;
    return WRIT_OK;
}

/* 0..15, or 16 for anything that the encoder never writes. */
static unsigned hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10u;
    return 16;
}

enum writ_status writ_hex_decode(struct writ_slice in, uint8_t *out, size_t n)
{
    if (in.len % 2 != 0 || in.len / 2 != n)
        return WRIT_FORMAT;
    /* Everything is checked before the first byte is written: output untouched on failure. */
    for (size_t i = 0; i < in.len; i++)
        if (hex_value(in.ptr[i]) > 15)
            return WRIT_FORMAT;
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(hex_value(in.ptr[2 * i]) << 4 | hex_value(in.ptr[2 * i + 1]));
    return WRIT_OK;
}

/* How many ASCII bytes stand at `p`, eight at a time: records are nearly all ASCII. */
static size_t ascii_run(const uint8_t *p, size_t left)
{
    size_t n = 0;
    uint64_t word;

    for (; left - n >= sizeof(word); n += sizeof(word)) {
        memcpy(&word, p + n, sizeof(word));
        if ((word & UINT64_C(0x8080808080808080)) != 0)
            break;
    }
    while (n < left && p[n] < 0x80)
        n++;
    return n;
}

/* The length of the sequence at `p` that starts with a byte beyond ASCII; 0: malformed. */
static size_t sequence_len(const uint8_t *p, size_t left)
{
    /* RFC 3629 section 4: the second byte's range is what excludes overlong forms,
       surrogates and everything beyond U+10FFFF. */
    const uint8_t c = p[0];
    uint8_t low = 0x80, high = 0xbf;
    size_t more;

    if (c >= 0xc2 && c <= 0xdf) {
        more = 1;
    } else if (c >= 0xe0 && c <= 0xef) {
        more = 2;
        low = c == 0xe0 ? 0xa0 : 0x80;
        high = c == 0xed ? 0x9f : 0xbf;
    } else if (c >= 0xf0 && c <= 0xf4) {
        more = 3;
        low = c == 0xf0 ? 0x90 : 0x80;
        high = c == 0xf4 ? 0x8f : 0xbf;
    } else {
        return 0;
    }
    if (left <= more || p[1] < low || p[1] > high)
        return 0;
    for (size_t k = 2; k <= more; k++)
        if ((p[k] & 0xc0) != 0x80)
            return 0;
    return more + 1;
}

size_t writ_utf8_check(struct writ_slice in)
{
    const uint8_t *p = in.ptr;
    size_t i = 0;

    while (i < in.len) {
        size_t left = in.len - i;
        size_t n = p[i] < 0x80 ? ascii_run(p + i, left) : sequence_len(p + i, left);
        if (n == 0)
            return i;
        i += n;
    }
    return in.len;
}

enum writ_status writ_u64_parse(struct writ_slice in, uint64_t *out)
{
    uint64_t v = 0;

    if (in.len == 0 || (in.len > 1 && in.ptr[0] == '0'))
        return WRIT_FORMAT;
    for (size_t i = 0; i < in.len; i++) {
        uint8_t c = in.ptr[i];
        if (c < '0' || c > '9' || __builtin_mul_overflow(v, 10u, &v) ||
            __builtin_add_overflow(v, (uint64_t)(c - '0'), &v))
            return WRIT_FORMAT;
    }
    *out = v;
    return WRIT_OK;
}

/* RFC 8785 section 3.2.2.2: the letter after the backslash, 'u' for the long form, 0 for none. */
static uint8_t escape_letter(uint8_t c)
{
    if (c >= 0x20)
        return c == '"' || c == '\\' ? c : 0;
    switch (c) {
    case '\b':
        return 'b';
    case '\t':
        return 't';
    case '\n':
        return 'n';
    case '\f':
        return 'f';
    case '\r':
        return 'r';
    default: /* a byte, not one of our enums */
        return 'u';
    }
}

static enum writ_status quote_rest(struct writ_buf *out, struct writ_slice in)
{
    size_t from = 0;

    WRIT_TRY(writ_buf_add_byte(out, '"'));
    for (size_t i = 0; i < in.len; i++) {
        uint8_t c = in.ptr[i], letter = escape_letter(c);
        uint8_t long_form[6] = {
            '\\', 'u', '0', '0', (uint8_t)HEX_DIGITS[c >> 4], (uint8_t)HEX_DIGITS[c & 15]
        };
        uint8_t short_form[2] = { '\\', letter };

        if (letter == 0)
            continue;
        WRIT_TRY(writ_buf_add(out, writ_slice(in.ptr + from, i - from)));
        WRIT_TRY(writ_buf_add(out, letter == 'u' ? writ_slice(long_form, sizeof(long_form))
                                                 : writ_slice(short_form, sizeof(short_form))));
        from = i + 1;
    }
    WRIT_TRY(writ_buf_add(out, writ_slice_from(in, from)));
    return writ_buf_add_byte(out, '"');
}

enum writ_status writ_json_quote(struct writ_buf *out, struct writ_slice in)
{
    size_t before = out->len;
    enum writ_status st = quote_rest(out, in);

    if (st != WRIT_OK)
        out->len = before;
    return st;
}
