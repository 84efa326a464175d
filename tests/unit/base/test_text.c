#include "test.h"

#include "base/text.h"

#include "base/banned.h"

typedef enum writ_status (*codec)(struct writ_buf *, struct writ_slice);

static enum writ_status hex_decode(struct writ_buf *out, struct writ_slice in)
{
    uint8_t raw[64];
    size_t n = in.len / 2;

    enum writ_status st = writ_hex_decode(in, raw, n);
    return st == WRIT_OK ? writ_buf_add(out, writ_slice(raw, n)) : st;
}

/* RFC 4648 section 10, and bytes that need the last two digits of each alphabet. */
static const struct pair {
    codec encode, decode;
    const char *raw;
    size_t raw_len;
    const char *text;
} PAIRS[] = {
    { writ_base64_encode, writ_base64_decode, "", 0, "" },
    { writ_base64_encode, writ_base64_decode, "f", 1, "Zg==" },
    { writ_base64_encode, writ_base64_decode, "fo", 2, "Zm8=" },
    { writ_base64_encode, writ_base64_decode, "foo", 3, "Zm9v" },
    { writ_base64_encode, writ_base64_decode, "foobar", 6, "Zm9vYmFy" },
    { writ_base64_encode, writ_base64_decode, "\xfb\xff\xbf\x00", 4, "+/+/AA==" },
    { writ_base64url_encode, writ_base64url_decode, "", 0, "" },
    { writ_base64url_encode, writ_base64url_decode, "f", 1, "Zg" },
    { writ_base64url_encode, writ_base64url_decode, "fo", 2, "Zm8" },
    { writ_base64url_encode, writ_base64url_decode, "fooba", 5, "Zm9vYmE" },
    { writ_base64url_encode, writ_base64url_decode, "\xfb\xff\xbf\x00", 4, "-_-_AA" },
    { writ_hex_encode, hex_decode, "", 0, "" },
    { writ_hex_encode, hex_decode, "\x00\x9f\xff", 3, "009fff" },
};

static void test_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(PAIRS); i++) {
        const struct pair *p = &PAIRS[i];
        WRIT_AUTO_BUF text, raw;
        writ_buf_init(&text, 64);
        writ_buf_init(&raw, 64);
        assert_int_equal(p->encode(&text, writ_slice(p->raw, p->raw_len)), WRIT_OK);
        if (!writ_slice_is(writ_buf_slice(&text), p->text))
            fail_msg("row %zu: encoded to %.*s, not %s", i, (int)text.len, (const char *)text.ptr,
                     p->text);
        assert_int_equal(p->decode(&raw, writ_cstr(p->text)), WRIT_OK);
        if (!writ_slice_eq(writ_buf_slice(&raw), writ_slice(p->raw, p->raw_len)))
            fail_msg("row %zu: decoded wrongly", i);
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *rule;
        codec decode;
        const char *text;
    } rows[] = {
        { "padding is required", writ_base64_decode, "Zg" },
        { "half the padding", writ_base64_decode, "Zg=" },
        { "padding only", writ_base64_decode, "====" },
        { "three pads", writ_base64_decode, "Z===" },
        { "padding in the middle", writ_base64_decode, "Zg==Zg==" },
        { "spare bits, one byte", writ_base64_decode, "Zh==" },
        { "spare bits, two bytes", writ_base64_decode, "Zm9=" },
        { "line break", writ_base64_decode, "Zm9v\nZm9v" },
        { "space", writ_base64_decode, "Zm9 " },
        { "url digit in standard", writ_base64_decode, "-_-_" },
        { "byte beyond ASCII", writ_base64_decode, "Zm9\xc3" },
        { "padding in url", writ_base64url_decode, "Zg==" },
        { "spare bits in url, one byte", writ_base64url_decode, "Zh" },
        { "spare bits in url, two bytes", writ_base64url_decode, "Zm9" },
        { "a single digit", writ_base64url_decode, "Z" },
        { "standard digit in url", writ_base64url_decode, "+/+/" },
        { "upper case hex", hex_decode, "9F" },
        { "odd hex", hex_decode, "9f0" },
        { "hex with prefix", hex_decode, "0x9f" },
        { "hex beyond f", hex_decode, "9g" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        WRIT_AUTO_BUF out;
        writ_buf_init(&out, 64);
        assert_int_equal(writ_buf_add_cstr(&out, "kept"), WRIT_OK);
        if (rows[i].decode(&out, writ_cstr(rows[i].text)) != WRIT_FORMAT)
            fail_msg("%s: accepted", rows[i].rule);
        if (!writ_slice_is(writ_buf_slice(&out), "kept"))
            fail_msg("%s: output touched", rows[i].rule);
    }
}

static void test_limits(void **state)
{
    WRIT_AUTO_BUF out;
    uint8_t raw[2] = { 1, 2 };

    (void)state;
    writ_buf_init(&out, 3);
    assert_int_equal(writ_hex_encode(&out, WRIT_LIT("ab")), WRIT_LIMIT);
    assert_int_equal(writ_base64_encode(&out, WRIT_LIT("a")), WRIT_LIMIT);
    assert_int_equal(writ_base64_decode(&out, WRIT_LIT("Zm9vZg==")), WRIT_LIMIT);
    assert_int_equal(writ_json_quote(&out, WRIT_LIT("ab")), WRIT_LIMIT);
    assert_int_equal(out.len, 0);
    assert_int_equal(writ_hex_encode(&out, writ_slice("a", SIZE_MAX)), WRIT_LIMIT);
    /* A wrong digit at the end leaves the first byte alone too. */
    assert_int_equal(writ_hex_decode(WRIT_LIT("ffzz"), raw, 2), WRIT_FORMAT);
    assert_int_equal(raw[0], 1);
    assert_int_equal(writ_hex_decode(WRIT_LIT("ff"), raw, 2), WRIT_FORMAT);
}

static void test_utf8(void **state)
{
    static const struct {
        const char *rule, *text;
        size_t well; /* offset of the first bad byte, or the length */
    } rows[] = {
        { "empty", "", 0 },
        { "ASCII", "abc", 3 },
        { "two, three and four bytes", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9 },
        { "the last code point", "\xf4\x8f\xbf\xbf", 4 },
        { "one beyond it", "\xf4\x90\x80\x80", 0 },
        { "overlong slash, two bytes", "a\xc0\xaf", 1 },
        { "overlong, two bytes of c1", "\xc1\xbf", 0 },
        { "overlong, three bytes", "\xe0\x9f\xbf", 0 },
        { "overlong, four bytes", "\xf0\x8f\xbf\xbf", 0 },
        { "the code point before the surrogates", "\xed\x9f\xbf", 3 },
        { "a surrogate", "\xed\xa0\x80", 0 },
        { "a continuation alone", "ab\x80", 2 },
        { "cut in two bytes", "ab\xc3", 2 },
        { "cut in three bytes", "\xe2\x82", 0 },
        { "cut in four bytes", "\xf0\x9f\x98", 0 },
        { "third byte wrong", "\xe2\x82\x28", 0 },
        { "fourth byte wrong", "\xf0\x9f\x98\x28", 0 },
        { "fe and ff never occur", "\xfe", 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (writ_utf8_check(writ_cstr(rows[i].text)) != rows[i].well)
            fail_msg("%s: got %zu", rows[i].rule, writ_utf8_check(writ_cstr(rows[i].text)));
}

static void test_u64(void **state)
{
    static const struct {
        const char *text;
        bool good;
        uint64_t v;
    } rows[] = {
        { "0", true, 0 },
        { "7", true, 7 },
        { "18446744073709551615", true, UINT64_MAX },
        { "18446744073709551616", false, 0 },
        { "99999999999999999999", false, 0 },
        { "", false, 0 },
        { "00", false, 0 },
        { "01", false, 0 },
        { "+1", false, 0 },
        { "-1", false, 0 },
        { " 1", false, 0 },
        { "1 ", false, 0 },
        { "1e3", false, 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint64_t v = 42;
        enum writ_status st = writ_u64_parse(writ_cstr(rows[i].text), &v);
        if ((st == WRIT_OK) != rows[i].good || v != (rows[i].good ? rows[i].v : 42))
            fail_msg("\"%s\"", rows[i].text);
    }
}

static void test_time(void **state)
{
    static const struct {
        const char *rule, *text;
        uint64_t us; /* UINT64_MAX: refused */
        const char *again;
    } rows[] = {
        { "the beginning", "1970-01-01T00:00:00Z", 0, NULL },
        { "a day of now", "2026-11-23T20:15:04Z", UINT64_C(1795464904000000), NULL },
        { "microseconds", "2023-11-14T22:13:20.000001Z", UINT64_C(1700000000000001), NULL },
        { "fewer decimals are completed", "2023-11-14T22:13:20.5Z", UINT64_C(1700000000500000),
          "2023-11-14T22:13:20.500000Z" },
        { "zero decimals vanish", "2023-11-14T22:13:20.000Z", UINT64_C(1700000000000000),
          "2023-11-14T22:13:20Z" },
        { "leap day", "2024-02-29T00:00:00Z", UINT64_C(1709164800000000), NULL },
        { "leap day of a 400th year", "2000-02-29T23:59:59Z", UINT64_C(951868799000000), NULL },
        { "the end", "9999-12-31T23:59:59.999999Z", UINT64_C(253402300799999999), NULL },
        { "no leap day", "2023-02-29T00:00:00Z", UINT64_MAX, NULL },
        { "no leap day in 2100", "2100-02-29T00:00:00Z", UINT64_MAX, NULL },
        { "before 1970", "1969-12-31T23:59:59Z", UINT64_MAX, NULL },
        { "31 April", "2026-04-31T00:00:00Z", UINT64_MAX, NULL },
        { "month 0", "2026-00-01T00:00:00Z", UINT64_MAX, NULL },
        { "month 13", "2026-13-01T00:00:00Z", UINT64_MAX, NULL },
        { "day 0", "2026-01-00T00:00:00Z", UINT64_MAX, NULL },
        { "hour 24", "2026-01-01T24:00:00Z", UINT64_MAX, NULL },
        { "minute 60", "2026-01-01T00:60:00Z", UINT64_MAX, NULL },
        { "leap second", "2016-12-31T23:59:60Z", UINT64_MAX, NULL },
        { "no zone", "2026-01-01T00:00:00", UINT64_MAX, NULL },
        { "another zone", "2026-01-01T00:00:00+00:00", UINT64_MAX, NULL },
        { "lower case", "2026-01-01t00:00:00z", UINT64_MAX, NULL },
        { "space for T", "2026-01-01 00:00:00Z", UINT64_MAX, NULL },
        { "seven decimals", "2026-01-01T00:00:00.0000001Z", UINT64_MAX, NULL },
        { "a point without decimals", "2026-01-01T00:00:00.Z", UINT64_MAX, NULL },
        { "a sign in a field", "2026-01-01T00:00:+1Z", UINT64_MAX, NULL },
        { "text after", "2026-01-01T00:00:00ZZ", UINT64_MAX, NULL },
        { "empty", "", UINT64_MAX, NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint64_t us = UINT64_MAX;
        char text[WRIT_TIME_TEXT];
        enum writ_status st = writ_time_parse(writ_cstr(rows[i].text), &us);
        if (us != rows[i].us || (st == WRIT_OK) != (rows[i].us != UINT64_MAX))
            fail_msg("%s: got %llu", rows[i].rule, (unsigned long long)us);
        if (st != WRIT_OK)
            continue;
        writ_time_format(us, text);
        if (strcmp(text, rows[i].again != NULL ? rows[i].again : rows[i].text) != 0)
            fail_msg("%s: written as %s", rows[i].rule, text);
    }
}

static void test_time_every_day(void **state)
{
    char text[WRIT_TIME_TEXT], before[WRIT_TIME_TEXT] = "";
    uint64_t us, day = UINT64_C(86400000000);

    (void)state;
    for (uint64_t t = 0; t < 140u * 366u * day; t += day) { /* over 2000 and 2100 */
        writ_time_format(t, text);
        assert_int_equal(writ_time_parse(writ_cstr(text), &us), WRIT_OK);
        assert_true(us == t);
        assert_true(strcmp(before, text) < 0);
        memcpy(before, text, sizeof(before));
    }
    writ_time_format(UINT64_MAX, text);
    assert_string_equal(text, "9999-12-31T23:59:59.999999Z");
}

static void test_quote(void **state)
{
    static const struct {
        const char *rule, *in;
        size_t len;
        const char *want;
    } rows[] = {
        { "empty", "", 0, "\"\"" },
        { "plain", "abc", 3, "\"abc\"" },
        { "quote and backslash", "a\"\\b", 4, "\"a\\\"\\\\b\"" },
        { "the five short escapes", "\b\t\n\f\r", 5, "\"\\b\\t\\n\\f\\r\"" },
        { "others in lower case hex", "\x01\x1f\x00", 3, "\"\\u0001\\u001f\\u0000\"" },
        { "slash and DEL stay", "/\x7f", 2, "\"/\x7f\"" },
        { "UTF-8 stays", "\xe2\x82\xac", 3, "\"\xe2\x82\xac\"" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        WRIT_AUTO_BUF out;
        writ_buf_init(&out, 64);
        assert_int_equal(writ_json_quote(&out, writ_slice(rows[i].in, rows[i].len)), WRIT_OK);
        if (!writ_slice_is(writ_buf_slice(&out), rows[i].want))
            fail_msg("%s: got %.*s", rows[i].rule, (int)out.len, (const char *)out.ptr);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_ways),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_u64),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_time_every_day),
        cmocka_unit_test(test_quote),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
