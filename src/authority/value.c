#include "value.h"

#include <stdlib.h>

#include "base/text.h"
#include "uri.h"

#include "base/banned.h"

/* Behind the point: a millionth is the smallest amount. */
#define DECIMALS_MAX 6

static const char *const KINDS[] = { "",    "text",  "bool",     "number", "path",
                                     "url", "email", "datetime", "list" };

enum value_kind value_kind_parse(struct writ_slice name)
{
    for (int i = VALUE_TEXT; i <= VALUE_LIST; i++)
        if (writ_slice_is(name, KINDS[i]))
            return (enum value_kind)i;
    return VALUE_NONE;
}

const char *value_kind_text(enum value_kind k)
{
    return KINDS[k];
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* Splits "-12.50e3"-free decimals: sign, digits before and behind the point, trimmed. */
struct decimal {
    bool negative;
    struct writ_slice whole, fraction;
};

static bool decimal_split(struct writ_slice s, struct decimal *out)
{
    struct decimal d = { false, { NULL, 0 }, { NULL, 0 } };
    size_t i = 0;

    if (s.len != 0 && s.ptr[0] == '-') {
        d.negative = true;
        i++;
    }
    size_t start = i;
    while (i < s.len && is_digit(s.ptr[i]))
        i++;
    d.whole = writ_slice(s.ptr + start, i - start);
    if (d.whole.len == 0)
        return false;
    if (i < s.len) {
        if (s.ptr[i++] != '.')
            return false;
        start = i;
        while (i < s.len && is_digit(s.ptr[i]))
            i++;
        d.fraction = writ_slice(s.ptr + start, i - start);
        if (d.fraction.len == 0 || i != s.len)
            return false;
    }
    while (d.whole.len > 1 && d.whole.ptr[0] == '0')
        d.whole = writ_slice_from(d.whole, 1);
    while (d.fraction.len != 0 && d.fraction.ptr[d.fraction.len - 1] == '0')
        d.fraction.len--;
    if (d.fraction.len == 0 && writ_slice_is(d.whole, "0"))
        d.negative = false;
    *out = d;
    return true;
}

/*
 * The shortest decimal that reads back, without exponent. 2^53 and more stand for whole numbers
 * that were not written so; they, and what needs more than six digits behind the point, have no
 * form here.
 */
static bool real_text(double v, char *out, size_t max)
{
    if (!(v > -9007199254740992.0 && v < 9007199254740992.0))
        return false;
    for (int digits = 0; digits <= DECIMALS_MAX; digits++) {
        (void)snprintf(out, max, "%.*f", digits, v);
        if (strtod(out, NULL) == v)
            return true;
    }
    return false;
}

bool number_read(const json_t *json, struct writ_arena *arena, struct writ_slice *out)
{
    char plain[64];
    struct writ_slice s;
    struct decimal d;

    if (json_is_integer(json)) {
        (void)snprintf(plain, sizeof(plain), "%lld", (long long)json_integer_value(json));
        s = writ_cstr(plain);
    } else if (json_is_real(json)) {
        if (!real_text(json_real_value(json), plain, sizeof(plain)))
            return false;
        s = writ_cstr(plain);
    } else if (json_is_string(json)) {
        s = writ_json_text(json);
    } else {
        return false;
    }
    if (s.len > 48 || !decimal_split(s, &d) || d.fraction.len > DECIMALS_MAX)
        return false;
    uint8_t *text = writ_arena_alloc(arena, s.len + 1);
    if (text == NULL)
        return false;
    size_t n = 0;
    if (d.negative)
        text[n++] = '-';
    memcpy(text + n, d.whole.ptr, d.whole.len);
    n += d.whole.len;
    if (d.fraction.len != 0) {
        text[n++] = '.';
        memcpy(text + n, d.fraction.ptr, d.fraction.len);
        n += d.fraction.len;
    }
    *out = writ_slice(text, n);
    return true;
}

static int number_compare(struct writ_slice a, struct writ_slice b)
{
    struct decimal x, y;

    /* Both are canonical, so both split. */
    if (!decimal_split(a, &x) || !decimal_split(b, &y))
        return writ_slice_cmp(a, b);
    if (x.negative != y.negative)
        return x.negative ? -1 : 1;
    int sign = x.negative ? -1 : 1;
    if (x.whole.len != y.whole.len)
        return x.whole.len < y.whole.len ? -sign : sign;
    int c = writ_slice_cmp(x.whole, y.whole);
    if (c == 0)
        c = writ_slice_cmp(x.fraction, y.fraction);
    return c < 0 ? -sign : c > 0 ? sign : 0;
}

bool number_micros(struct writ_slice number, uint64_t *out)
{
    struct decimal d;
    uint64_t v = 0;

    if (!decimal_split(number, &d) || d.negative || d.whole.len > 12 || d.fraction.len > 6)
        return false;
    for (size_t i = 0; i < d.whole.len; i++)
        v = v * 10 + (uint64_t)(d.whole.ptr[i] - '0');
    for (size_t i = 0; i < 6; i++)
        v = v * 10 + (i < d.fraction.len ? (uint64_t)(d.fraction.ptr[i] - '0') : 0);
    *out = v;
    return true;
}

static bool email_read(struct writ_slice s, struct writ_arena *arena, struct writ_slice *out)
{
    size_t at = s.len;

    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] <= 0x20 || s.ptr[i] == 0x7f || (s.ptr[i] == '@' && at != s.len))
            return false;
        if (s.ptr[i] == '@')
            at = i;
    }
    if (at == 0 || at + 1 >= s.len)
        return false;
    struct writ_slice copy;
    uint8_t *text = writ_arena_alloc(arena, s.len);
    if (text == NULL)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        text[i] = i > at && c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
    }
    copy = writ_slice(text, s.len);
    *out = copy;
    return true;
}

/* RFC 3339 with any offset, as twenty digits of microseconds, so that bytes order like time. */
static bool datetime_read(struct writ_slice s, struct writ_arena *arena, struct writ_slice *out)
{
    char utc[WRIT_TIME_TEXT];
    int64_t shift = 0;
    uint64_t us;

    if (s.len >= 25 && s.len <= sizeof(utc) && s.ptr[s.len - 3] == ':') {
        const uint8_t *o = s.ptr + s.len - 6;
        if ((o[0] != '+' && o[0] != '-') || !is_digit(o[1]) || !is_digit(o[2]) || !is_digit(o[4]) ||
            !is_digit(o[5]))
            return false;
        int64_t hours = (o[1] - '0') * 10 + o[2] - '0', minutes = (o[4] - '0') * 10 + o[5] - '0';
        if (hours > 23 || minutes > 59)
            return false;
        minutes += hours * 60;
        shift = (o[0] == '+' ? -minutes : minutes) * 60 * 1000000;
        memcpy(utc, s.ptr, s.len - 6);
        utc[s.len - 6] = 'Z';
        s = writ_slice(utc, s.len - 5);
    }
    if (writ_time_parse(s, &us) != WRIT_OK || (shift < 0 && us < (uint64_t)-shift))
        return false;
    us += (uint64_t)shift;
    char *text = writ_arena_alloc(arena, 24);
    if (text == NULL)
        return false;
    (void)snprintf(text, 24, "%020llu", (unsigned long long)us);
    *out = writ_slice(text, 20);
    return true;
}

/* An element of a list: its type by one letter, then its canonical form. */
static bool element_read(const json_t *json, struct writ_arena *arena, struct writ_slice *out)
{
    struct writ_slice s;
    uint8_t tag;

    if (json_is_string(json)) {
        s = writ_json_text(json);
        tag = 's';
    } else if (json_is_boolean(json)) {
        s = json_is_true(json) ? WRIT_LIT("true") : WRIT_LIT("false");
        tag = 'b';
    } else if (json_is_number(json)) {
        if (!number_read(json, arena, &s))
            return false;
        tag = 'n';
    } else {
        return false;
    }
    if (s.len > VALUE_MAX)
        return false;
    uint8_t *text = writ_arena_alloc(arena, s.len + 1);
    if (text == NULL)
        return false;
    text[0] = tag;
    if (s.len != 0)
        memcpy(text + 1, s.ptr, s.len);
    *out = writ_slice(text, s.len + 1);
    return true;
}

static bool list_read(const json_t *json, struct writ_arena *arena, struct value *out)
{
    size_t n = json_array_size(json), kept = 0;

    if (!json_is_array(json) || n > VALUES_MAX)
        return false;
    struct writ_slice *list = writ_arena_array(arena, n + 1, sizeof(*list));
    if (list == NULL)
        return false;
    for (size_t i = 0; i < n; i++) {
        struct writ_slice e;
        if (!element_read(json_array_get(json, i), arena, &e))
            return false;
        size_t at = kept;
        while (at > 0 && writ_slice_cmp(list[at - 1], e) > 0)
            at--;
        if (at > 0 && writ_slice_eq(list[at - 1], e))
            continue;
        memmove(&list[at + 1], &list[at], (kept - at) * sizeof(*list));
        list[at] = e;
        kept++;
    }
    *out = (struct value){ { NULL, 0 }, kept, list };
    return true;
}

bool value_read(enum value_kind kind, const json_t *json, struct writ_arena *arena,
                struct value *out)
{
    struct value v = { { NULL, 0 }, 0, NULL };
    struct writ_slice s = writ_json_text(json);
    bool fits = json_is_string(json) && s.len <= VALUE_MAX;
    bool ok = false;

    switch (kind) {
    case VALUE_NONE:
        break;
    case VALUE_TEXT:
        v.text = s;
        ok = fits;
        break;
    case VALUE_BOOL:
        v.text = json_is_true(json) ? WRIT_LIT("true") : WRIT_LIT("false");
        ok = json_is_boolean(json);
        break;
    case VALUE_NUMBER:
        ok = number_read(json, arena, &v.text);
        break;
    case VALUE_PATH:
        ok = fits && path_normalise(s, arena, &v.text, NULL) == WRIT_OK;
        break;
    case VALUE_URL:
        ok = fits && uri_normalise(s, arena, &v.text, NULL) == WRIT_OK;
        break;
    case VALUE_EMAIL:
        ok = fits && email_read(s, arena, &v.text);
        break;
    case VALUE_DATETIME:
        ok = fits && datetime_read(s, arena, &v.text);
        break;
    case VALUE_LIST:
        ok = list_read(json, arena, &v);
        break;
    }
    if (ok)
        *out = v;
    return ok;
}

size_t value_memory(enum value_kind kind)
{
    switch (kind) {
    case VALUE_NONE:
    case VALUE_TEXT:
    case VALUE_BOOL:
        return 0;
    case VALUE_NUMBER:
    case VALUE_PATH:
    case VALUE_URL:
    case VALUE_EMAIL:
    case VALUE_DATETIME:
        return 4096 + 3 * URI_MAX;
    case VALUE_LIST: /* each element with its letter, perhaps a number before that, aligned */
        return (VALUES_MAX + 1) * (sizeof(struct writ_slice) + VALUE_MAX + 128);
    }
    return 0;
}

int value_compare(enum value_kind kind, struct writ_slice a, struct writ_slice b)
{
    return kind == VALUE_NUMBER ? number_compare(a, b) : writ_slice_cmp(a, b);
}
