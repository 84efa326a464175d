#include "test.h"

#include <inttypes.h>

#include "base/json.h"

#include "base/banned.h"

#define NO_OFFSET SIZE_MAX

static void test_refused(void **state)
{
    static const struct {
        const char *rule, *text;
        size_t len; /* 0: NUL-terminated */
        size_t offset;
    } rows[] = {
        { "empty", "", 0, 0 },
        { "white space only", "  \n", 0, 3 },
        { "text after the value", "{} {}", 0, 3 },
        { "duplicate key", "{\"a\":1,\"a\":2}", 0, NO_OFFSET },
        { "duplicate key in another spelling", "{\"a\":1,\"\\u0061\":2}", 0, NO_OFFSET },
        { "duplicate key below", "[{\"x\":{\"b\":1,\"b\":1}}]", 0, NO_OFFSET },
        { "raw NUL in a string", "\"a\0b\"", 5, 2 },
        { "raw NUL outside", "[1,\0]", 5, 3 },
        { "NUL after the value", "1\0", 2, 1 },
        { "escaped NUL", "\"ab\\u0000\"", 0, 3 },
        { "escaped NUL in a key", "{\"\\u0000a\":1}", 0, 2 },
        { "high surrogate alone", "\"\\ud800\"", 0, 1 },
        { "high surrogate before text", "\"\\ud800abcdef\"", 0, 1 },
        { "two high surrogates", "\"\\ud800\\ud800\"", 0, 1 },
        { "low surrogate alone", "\"\\udc00\"", 0, 1 },
        { "surrogate cut by the end", "\"\\ud800\\udc", 0, 1 },
        { "invalid UTF-8", "[\"a\xff\"]", 0, 3 },
        { "overlong UTF-8", "\"\xc0\xaf\"", 0, 1 },
        { "encoded surrogate", "\"\xed\xa0\x80\"", 0, 1 },
        { "UTF-8 cut by the quote", "\"\xe2\x82\"", 0, 1 },
        { "byte order mark", "\xef\xbb\xbf{}", 0, 0 },
        { "control character in a string", "\"a\nb\"", 0, 2 },
        { "unknown escape", "\"\\x41\"", 0, 1 },
        { "short unicode escape", "\"\\u12\"", 0, 1 },
        { "unicode escape not hex", "\"\\u12g4\"", 0, 1 },
        { "string without an end", "[\"abc", 0, 1 },
        { "backslash at the end", "\"\\", 0, 1 },
        { "single quotes", "['a']", 0, 1 },
        { "comma before the end", "[1,]", 0, 3 },
        { "comma at the start", "[,1]", 0, 1 },
        { "two commas", "[1,,2]", 0, 3 },
        { "comma before the end of an object", "{\"a\":1,}", 0, 7 },
        { "no comma", "[1 2]", 0, 3 },
        { "no colon", "{\"a\" 1}", 0, 5 },
        { "no value", "{\"a\":}", 0, 5 },
        { "no key", "{1:2}", 0, 1 },
        { "wrong bracket", "[1}", 0, 2 },
        { "wrong brace", "{\"a\":1]", 0, 6 },
        { "open array", "[[1]", 0, 4 },
        { "closing alone", "]", 0, 0 },
        { "comment", "[1]//", 0, 3 },
        { "NaN", "NaN", 0, 0 },
        { "Infinity", "-Infinity", 0, 1 },
        { "word cut", "[tru]", 0, 1 },
        { "word in capitals", "True", 0, 0 },
        { "word with a tail", "nullx", 0, 4 },
        { "leading zero", "[01]", 0, 1 },
        { "minus and leading zero", "-01", 0, 1 },
        { "plus", "+1", 0, 0 },
        { "minus alone", "[-]", 0, 2 },
        { "point without digits before", ".5", 0, 0 },
        { "point without digits after", "5.", 0, 2 },
        { "exponent without digits", "5e", 0, 2 },
        { "exponent with a sign only", "5e+", 0, 3 },
        { "hexadecimal", "0x10", 0, 1 },
        { "2^63", "9223372036854775808", 0, 0 },
        { "-2^63-1", "[-9223372036854775809]", 0, 1 },
        { "2^64", "18446744073709551616", 0, 0 },
        { "forty digits", "1234567890123456789012345678901234567890", 0, 0 },
        { "more digits than a double keeps", "0.1000000000000000055", 0, 0 },
        { "seventeen digits between two doubles", "0.10000000000000001", 0, 0 },
        { "2^53+1 as a real", "9007199254740993.0", 0, 0 },
        { "2^63 as a real", "9.223372036854775808e18", 0, 0 },
        { "1e20: canonical form too long to read again", "[1e20]", 0, 1 },
        { "overflow", "1e400", 0, 0 },
        { "just beyond the largest double", "1.7976931348623159e308", 0, 0 },
        { "exponent beyond int", "1e99999999999999999999", 0, 0 },
        { "underflow to zero", "1e-400", 0, 0 },
        { "subnormal that is not the shortest", "4.9e-324", 0, 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t len = rows[i].len != 0 ? rows[i].len : strlen(rows[i].text);
        json_t *out = NULL;
        struct writ_err err = { .status = WRIT_OK };
        enum writ_status st = writ_json_parse(writ_slice(rows[i].text, len), 1000, &out, &err);
        if (st != WRIT_FORMAT || out != NULL)
            fail_msg("%s: %s", rows[i].rule, writ_status_text(st));
        if (rows[i].offset != NO_OFFSET && err.offset != rows[i].offset)
            fail_msg("%s: offset %zu, expected %zu", rows[i].rule, err.offset, rows[i].offset);
        if (err.text[0] == '\0')
            fail_msg("%s: no message", rows[i].rule);
    }
}

static void test_accepted(void **state)
{
    static const struct {
        const char *rule, *text;
        json_type type;
    } rows[] = {
        { "null", "null", JSON_NULL },
        { "white space around", " \t\r\n true \n", JSON_TRUE },
        { "empty object", "{ }", JSON_OBJECT },
        { "empty array", "[ ]", JSON_ARRAY },
        { "empty key", "{\"\":0}", JSON_OBJECT },
        { "nested", "{\"a\":[{\"b\":[1,2,{}]},null],\"c\":false}", JSON_OBJECT },
        { "surrogate pair", "\"\\ud83d\\ude00\"", JSON_STRING },
        { "surrogate pair in capitals", "\"\\uD83D\\uDE00\"", JSON_STRING },
        { "every escape", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"", JSON_STRING },
        { "UTF-8", "\"\xf0\x9f\x98\x80\xe2\x82\xac\"", JSON_STRING },
        { "2^63-1", "9223372036854775807", JSON_INTEGER },
        { "-2^63", "-9223372036854775808", JSON_INTEGER },
        { "minus zero", "-0", JSON_INTEGER },
        { "zero in many places", "0.000e-500", JSON_REAL },
        { "trailing zeros", "1.50000000000000000000000000", JSON_REAL },
        { "seventeen digits, shortest", "0.30000000000000004", JSON_REAL },
        { "largest double", "1.7976931348623157e308", JSON_REAL },
        { "smallest double", "5e-324", JSON_REAL },
        { "1e21 keeps its exponent", "1E+21", JSON_REAL },
        { "whole real below 2^63", "9.2e18", JSON_REAL },
        { "2^-44, whose neighbours lie unevenly", "5.684341886080802e-14", JSON_REAL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        WRIT_AUTO_JSON *out = NULL;
        struct writ_err err = { .text = "" };
        if (writ_json_parse(writ_cstr(rows[i].text), 1000, &out, &err) != WRIT_OK)
            fail_msg("%s: %s", rows[i].rule, err.text);
        if (json_typeof(out) != rows[i].type)
            fail_msg("%s: type %d", rows[i].rule, (int)json_typeof(out));
    }
}

static void nest(struct writ_buf *b, size_t depth, const char *open, const char *close)
{
    writ_buf_clear(b);
    for (size_t i = 0; i < depth; i++)
        assert_int_equal(writ_buf_add_cstr(b, open), WRIT_OK);
    assert_int_equal(writ_buf_add_cstr(b, "1"), WRIT_OK);
    for (size_t i = 0; i < depth; i++)
        assert_int_equal(writ_buf_add_cstr(b, close), WRIT_OK);
}

static void test_depth(void **state)
{
    static const struct {
        const char *rule, *open, *close;
        size_t depth;
        enum writ_status want;
    } rows[] = {
        { "arrays to the limit", "[", "]", WRIT_JSON_DEPTH, WRIT_OK },
        { "arrays beyond it", "[", "]", WRIT_JSON_DEPTH + 1, WRIT_LIMIT },
        { "objects to the limit", "{\"a\":", "}", WRIT_JSON_DEPTH, WRIT_OK },
        { "objects beyond it", "{\"a\":", "}", WRIT_JSON_DEPTH + 1, WRIT_LIMIT },
        { "both by turns", "[{\"a\":", "}]", WRIT_JSON_DEPTH / 2, WRIT_OK },
        { "far beyond", "[", "]", 100000, WRIT_LIMIT },
    };
    WRIT_AUTO_BUF text;

    (void)state;
    writ_buf_init(&text, 1 << 20);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        WRIT_AUTO_JSON *out = NULL;
        nest(&text, rows[i].depth, rows[i].open, rows[i].close);
        enum writ_status st = writ_json_parse(writ_buf_slice(&text), 1 << 20, &out, NULL);
        if (st != rows[i].want)
            fail_msg("%s: %s", rows[i].rule, writ_status_text(st));
    }
}

static void test_size(void **state)
{
    WRIT_AUTO_JSON *out = NULL;
    json_t *before = NULL;

    (void)state;
    assert_int_equal(writ_json_parse(WRIT_LIT("[1,2]"), 4, &before, NULL), WRIT_LIMIT);
    assert_null(before);
    assert_int_equal(writ_json_parse(WRIT_LIT("[1,2]"), 5, &out, NULL), WRIT_OK);
    assert_int_equal(writ_json_parse_object(WRIT_LIT("[1,2]"), 5, &before, NULL), WRIT_FORMAT);
    assert_null(before);
}

static const char DOC[] = "{\"name\":\"bot\",\"none\":null,\"n\":7,\"neg\":-1,\"big\":"
                          "9223372036854775807,\"yes\":true,\"no\":false,\"real\":1.5}";

static void test_readers(void **state)
{
    WRIT_AUTO_JSON *doc = NULL;
    struct writ_slice s;
    uint64_t v = 0;
    bool b = false;

    (void)state;
    assert_int_equal(writ_json_parse_object(writ_cstr(DOC), 1000, &doc, NULL), WRIT_OK);
    assert_int_equal(writ_json_str(doc, "agent", "name", &s, NULL), WRIT_OK);
    assert_true(writ_slice_is(s, "bot"));
    assert_int_equal(writ_json_opt_str(doc, "agent", "name", &s, NULL), WRIT_OK);
    assert_true(writ_slice_is(s, "bot"));
    assert_int_equal(writ_json_opt_str(doc, "agent", "none", &s, NULL), WRIT_OK);
    assert_null(s.ptr);
    assert_int_equal(writ_json_opt_str(doc, "agent", "absent", &s, NULL), WRIT_OK);
    assert_null(s.ptr);
    assert_int_equal(writ_json_u64(doc, "agent", "n", 7, 7, &v, NULL), WRIT_OK);
    assert_int_equal(v, 7);
    assert_int_equal(writ_json_u64(doc, "agent", "big", 0, UINT64_MAX, &v, NULL), WRIT_OK);
    assert_true(v == INT64_MAX);
    assert_int_equal(writ_json_opt_bool(doc, "agent", "yes", false, &b, NULL), WRIT_OK);
    assert_true(b);
    assert_int_equal(writ_json_opt_bool(doc, "agent", "no", true, &b, NULL), WRIT_OK);
    assert_false(b);
    assert_int_equal(writ_json_opt_bool(doc, "agent", "absent", true, &b, NULL), WRIT_OK);
    assert_true(b);
    assert_true(writ_slice_is(writ_json_text(writ_json_get(doc, writ_slice("namexx", 4))), "bot"));
    assert_null(writ_json_get(doc, writ_slice(NULL, 0)));
    assert_int_equal(writ_json_text(writ_json_get(doc, WRIT_LIT("n"))).len, 0);
    assert_int_equal(writ_json_text(NULL).len, 0);
}

static void test_readers_refuse(void **state)
{
    WRIT_AUTO_JSON *doc = NULL;
    struct writ_slice s = WRIT_LIT("kept");
    struct writ_err err;
    uint64_t v = 42;
    bool b = true;
    const char *const some[] = { "name", "none", "n", "neg", "big", "yes", "no", NULL };
    const char *const all[] = { "name", "none", "n", "neg", "big", "yes", "no", "real", NULL };

    (void)state;
    assert_int_equal(writ_json_parse_object(writ_cstr(DOC), 1000, &doc, NULL), WRIT_OK);
    assert_int_equal(writ_json_str(doc, "agent", "absent", &s, &err), WRIT_FORMAT);
    assert_string_equal(err.text, "agent: field \"absent\" is missing");
    assert_int_equal(writ_json_str(doc, "agent", "n", &s, &err), WRIT_FORMAT);
    assert_string_equal(err.text, "agent: field \"n\" must be a string");
    assert_int_equal(writ_json_str(doc, "agent", "none", &s, NULL), WRIT_FORMAT);
    assert_int_equal(writ_json_opt_str(doc, "agent", "n", &s, NULL), WRIT_FORMAT);
    assert_true(writ_slice_is(s, "kept"));
    assert_int_equal(writ_json_u64(doc, "agent", "n", 8, 9, &v, &err), WRIT_FORMAT);
    assert_string_equal(err.text, "agent: field \"n\" must be from 8 to 9");
    assert_int_equal(writ_json_u64(doc, "agent", "n", 0, 6, &v, NULL), WRIT_FORMAT);
    assert_int_equal(writ_json_u64(doc, "agent", "neg", 0, 9, &v, NULL), WRIT_FORMAT);
    assert_int_equal(writ_json_u64(doc, "agent", "real", 0, 9, &v, NULL), WRIT_FORMAT);
    assert_int_equal(writ_json_u64(doc, "agent", "absent", 0, 9, &v, NULL), WRIT_FORMAT);
    assert_int_equal(v, 42);
    assert_int_equal(writ_json_opt_bool(doc, "agent", "n", false, &b, NULL), WRIT_FORMAT);
    assert_int_equal(writ_json_opt_bool(doc, "agent", "none", false, &b, NULL), WRIT_FORMAT);
    assert_true(b);
    assert_int_equal(writ_json_only(doc, "agent", all, NULL), WRIT_OK);
    assert_int_equal(writ_json_only(doc, "agent", some, &err), WRIT_FORMAT);
    assert_string_equal(err.text, "agent: unknown field \"real\"");
    assert_int_equal(writ_json_only(json_object_get(doc, "n"), "n", all, NULL), WRIT_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused), cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_depth),   cmocka_unit_test(test_size),
        cmocka_unit_test(test_readers), cmocka_unit_test(test_readers_refuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
