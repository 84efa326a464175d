#include "json_scan.h"

#include <assert.h>
#include <math.h>

#include "base/json.h"
#include "base/text.h"
#include "number.h"

#include "base/banned.h"

/*
 * The whole grammar is checked here and not only what jansson leaves out. So every refusal has
 * an exact offset, and what jansson then still refuses is a duplicate key or a lack of memory,
 * which its own error codes do not tell apart from bad syntax.
 */
struct scan {
    const uint8_t *p;
    size_t len, at;
    struct writ_err *err;
};

/* What may come next. */
enum expect { EXPECT_VALUE, EXPECT_VALUE_OR_END, EXPECT_KEY, EXPECT_KEY_OR_END, EXPECT_COMMA };

static_assert(WRIT_JSON_DEPTH <= 32, "one bit a level in a uint32_t");

static enum writ_status bad(const struct scan *s, size_t at, const char *what)
{
    return writ_fail_at(s->err, WRIT_FORMAT, at, "malformed JSON at byte %zu: %s", at, what);
}

/* 0 at the end: a NUL in the text is refused wherever it could be taken for that. */
static uint8_t peek(const struct scan *s)
{
    return s->at < s->len ? s->p[s->at] : 0;
}

static void skip_space(struct scan *s)
{
    while (s->at < s->len && (s->p[s->at] == ' ' || s->p[s->at] == '\n' || s->p[s->at] == '\t' ||
                              s->p[s->at] == '\r'))
        s->at++;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* The four digits after "\u", in either case; beyond 0xffff when they are not digits. */
static uint32_t hex4(const struct scan *s, size_t at)
{
    uint32_t v = 0;

    if (at > s->len || s->len - at < 4)
        return UINT32_MAX;
    for (size_t i = at; i < at + 4; i++) {
        uint8_t c = s->p[i], low = (uint8_t)(c | 0x20);
        if (is_digit(c))
            v = v << 4 | (uint32_t)(c - '0');
        else if (low >= 'a' && low <= 'f')
            v = v << 4 | (uint32_t)(low - 'a' + 10);
        else
            return UINT32_MAX;
    }
    return v;
}

/* At the backslash. */
static enum writ_status scan_escape(struct scan *s)
{
    size_t start = s->at;
    uint8_t c = start + 1 < s->len ? s->p[start + 1] : 0;

    if (c != 'u') {
        if (c == 0 || strchr("\"\\/bfnrt", c) == NULL)
            return bad(s, start, "unknown escape");
        s->at += 2;
        return WRIT_OK;
    }
    uint32_t unit = hex4(s, start + 2);
    if (unit > 0xffff)
        return bad(s, start, "\\u needs four hexadecimal digits");
    if (unit == 0)
        return bad(s, start, "NUL in a string");
    s->at += 6;
    if (unit < 0xd800 || unit > 0xdfff)
        return WRIT_OK;
    uint32_t second = UINT32_MAX;
    if (unit < 0xdc00 && s->len - s->at >= 6 && s->p[s->at] == '\\' && s->p[s->at + 1] == 'u')
        second = hex4(s, s->at + 2);
    if (second < 0xdc00 || second > 0xdfff)
        return bad(s, start, "half of a surrogate pair");
    s->at += 6;
    return WRIT_OK;
}

/* At the opening quote. */
static enum writ_status scan_string(struct scan *s)
{
    size_t start = s->at++;
    bool ascii = true;

    for (;;) {
        if (s->at == s->len)
            return bad(s, start, "string without an end");
        uint8_t c = s->p[s->at];
        if (c == '"')
            break;
        if (c < 0x20)
            return bad(s, s->at, "control character in a string");
        if (c == '\\') {
            WRIT_TRY(scan_escape(s));
            continue;
        }
        ascii &= c < 0x80;
        s->at++;
    }
    if (!ascii) {
        struct writ_slice inside = writ_slice(s->p + start + 1, s->at - start - 1);
        size_t well = writ_utf8_check(inside);
        if (well != inside.len)
            return bad(s, start + 1 + well, "not UTF-8");
    }
    s->at++;
    return WRIT_OK;
}

static enum writ_status check_integer(const struct scan *s, size_t start)
{
    uint64_t v = 0;
    bool negative = s->p[start] == '-';

    if (s->at - start <= 18) /* fits without looking */
        return WRIT_OK;
    for (size_t i = start + negative; i < s->at; i++)
        if (__builtin_mul_overflow(v, 10u, &v) ||
            __builtin_add_overflow(v, (uint64_t)(s->p[i] - '0'), &v))
            return bad(s, start, "integer of more than 64 bits");
    if (v > (uint64_t)INT64_MAX + negative)
        return bad(s, start, "integer of more than 64 bits");
    return WRIT_OK;
}

/*
 * A double keeps the token when its own shortest form is the same number. Up to 15 digits
 * always survive in the middle of the range. Whole numbers from 2^63 to 10^21 are refused:
 * their canonical form is written without an exponent and would be an integer too long to read.
 */
static enum writ_status check_real(const struct scan *s, size_t start)
{
    struct writ_slice token = writ_slice(s->p + start, s->at - start);
    struct writ_digits want, got;

    if (!writ_digits_of_token(token, &want))
        return bad(s, start, "number with more digits than can be kept");
    if (want.count == 0 || (want.count <= 15 && want.point > -300 && want.point < 19))
        return WRIT_OK;
    double v = writ_digits_to_double(&want);
    if (!isfinite(v))
        return bad(s, start, "number out of range");
    if (fabs(v) >= 0x1p63 && fabs(v) < 1e21)
        return bad(s, start, "whole number of more than 64 bits");
    writ_digits_of_double(v, &got);
    if (want.count != got.count || want.point != got.point ||
        memcmp(want.d, got.d, (size_t)want.count) != 0)
        return bad(s, start, "number that cannot be kept exactly");
    return WRIT_OK;
}

static enum writ_status skip_digits(struct scan *s)
{
    size_t from = s->at;

    while (is_digit(peek(s)))
        s->at++;
    return s->at != from ? WRIT_OK : bad(s, from, "expected a digit");
}

/* At the sign or the first digit. */
static enum writ_status scan_number(struct scan *s)
{
    size_t start = s->at;
    bool real = false;

    if (peek(s) == '-')
        s->at++;
    size_t first = s->at;
    WRIT_TRY(skip_digits(s));
    if (s->p[first] == '0' && s->at - first > 1)
        return bad(s, first, "number with a leading zero");
    if (peek(s) == '.') {
        real = true;
        s->at++;
        WRIT_TRY(skip_digits(s));
    }
    if (peek(s) == 'e' || peek(s) == 'E') {
        real = true;
        s->at++;
        if (peek(s) == '+' || peek(s) == '-')
            s->at++;
        WRIT_TRY(skip_digits(s));
    }
    return real ? check_real(s, start) : check_integer(s, start);
}

static enum writ_status scan_word(struct scan *s, const char *word)
{
    struct writ_slice w = writ_cstr(word);

    if (!writ_slice_starts(writ_slice(s->p + s->at, s->len - s->at), w))
        return bad(s, s->at, "expected a value");
    s->at += w.len;
    return WRIT_OK;
}

static enum writ_status scan_scalar(struct scan *s)
{
    uint8_t c = peek(s);

    if (c == '"')
        return scan_string(s);
    if (c == '-' || is_digit(c))
        return scan_number(s);
    if (c == 't')
        return scan_word(s, "true");
    return scan_word(s, c == 'f' ? "false" : "null");
}

static enum writ_status scan_key(struct scan *s)
{
    if (peek(s) != '"')
        return bad(s, s->at, "expected a key in quotes");
    WRIT_TRY(scan_string(s));
    skip_space(s);
    if (peek(s) != ':')
        return bad(s, s->at, "expected ':'");
    s->at++;
    return WRIT_OK;
}

/* Bit d-1 of *objects says that level d is an object and not an array. */
static enum writ_status scan_open(struct scan *s, unsigned *depth, uint32_t *objects)
{
    if (*depth == WRIT_JSON_DEPTH)
        return writ_fail_at(s->err, WRIT_LIMIT, s->at, "JSON nested deeper than %d levels",
                            WRIT_JSON_DEPTH);
    uint32_t bit = UINT32_C(1) << *depth;
    *objects = s->p[s->at] == '{' ? *objects | bit : *objects & ~bit;
    ++*depth;
    s->at++;
    return WRIT_OK;
}

static enum writ_status scan_comma(struct scan *s, bool object, enum expect *next)
{
    if (peek(s) != ',')
        return bad(s, s->at, object ? "expected ',' or '}'" : "expected ',' or ']'");
    s->at++;
    *next = object ? EXPECT_KEY : EXPECT_VALUE;
    return WRIT_OK;
}

static enum writ_status scan_value(struct scan *s)
{
    enum expect next = EXPECT_VALUE;
    unsigned depth = 0;
    uint32_t objects = 0;

    do {
        skip_space(s);
        bool object = depth != 0 && (objects >> (depth - 1) & 1) != 0;
        uint8_t c = peek(s);
        bool may_close = depth != 0 && next != EXPECT_KEY && next != EXPECT_VALUE;
        if (may_close && c == (object ? '}' : ']')) {
            depth--;
            s->at++;
            next = EXPECT_COMMA;
        } else if (next == EXPECT_COMMA) {
            WRIT_TRY(scan_comma(s, object, &next));
        } else if (next == EXPECT_KEY || next == EXPECT_KEY_OR_END) {
            WRIT_TRY(scan_key(s));
            next = EXPECT_VALUE;
        } else if (c == '{' || c == '[') {
            WRIT_TRY(scan_open(s, &depth, &objects));
            next = c == '{' ? EXPECT_KEY_OR_END : EXPECT_VALUE_OR_END;
        } else {
            WRIT_TRY(scan_scalar(s));
            next = EXPECT_COMMA;
        }
    } while (depth != 0 || next != EXPECT_COMMA);
    return WRIT_OK;
}

enum writ_status writ_json_scan(struct writ_slice in, struct writ_err *err)
{
    struct scan s = { in.ptr, in.len, 0, err };

    WRIT_TRY(scan_value(&s));
    skip_space(&s);
    if (s.at != s.len)
        return bad(&s, s.at, "text after the value");
    return WRIT_OK;
}
