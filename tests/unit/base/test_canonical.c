#include "test.h"

#include <math.h>

#include "base/json.h"

#include "base/banned.h"

static void canonical_is(const char *rule, const json_t *v, const char *want)
{
    WRIT_AUTO_BUF out;
    struct writ_err err = { .text = "" };

    writ_buf_init(&out, 4096);
    if (writ_json_canonical(v, &out, &err) != WRIT_OK)
        fail_msg("%s: %s", rule, err.text);
    if (!writ_slice_is(writ_buf_slice(&out), want))
        fail_msg("%s: got %.*s, expected %s", rule, (int)out.len, (const char *)out.ptr, want);
}

/* RFC 8785 appendix B: bits of the double, and its text. */
static void test_rfc8785_numbers(void **state)
{
    static const struct {
        uint64_t bits;
        const char *text;
    } rows[] = {
        { UINT64_C(0x0000000000000000), "0" },
        { UINT64_C(0x8000000000000000), "0" },
        { UINT64_C(0x0000000000000001), "5e-324" },
        { UINT64_C(0x8000000000000001), "-5e-324" },
        { UINT64_C(0x7fefffffffffffff), "1.7976931348623157e+308" },
        { UINT64_C(0xffefffffffffffff), "-1.7976931348623157e+308" },
        { UINT64_C(0x4340000000000000), "9007199254740992" },
        { UINT64_C(0xc340000000000000), "-9007199254740992" },
        { UINT64_C(0x4430000000000000), "295147905179352830000" },
        { UINT64_C(0x44b52d02c7e14af5), "9.999999999999997e+22" },
        { UINT64_C(0x44b52d02c7e14af6), "1e+23" },
        { UINT64_C(0x44b52d02c7e14af7), "1.0000000000000001e+23" },
        { UINT64_C(0x444b1ae4d6e2ef4e), "999999999999999700000" },
        { UINT64_C(0x444b1ae4d6e2ef4f), "999999999999999900000" },
        { UINT64_C(0x444b1ae4d6e2ef50), "1e+21" },
        { UINT64_C(0x3eb0c6f7a0b5ed8c), "9.999999999999997e-7" },
        { UINT64_C(0x3eb0c6f7a0b5ed8d), "0.000001" },
        { UINT64_C(0x41b3de4355555553), "333333333.3333332" },
        { UINT64_C(0x41b3de4355555554), "333333333.33333325" },
        { UINT64_C(0x41b3de4355555555), "333333333.3333333" },
        { UINT64_C(0x41b3de4355555556), "333333333.3333334" },
        { UINT64_C(0x41b3de4355555557), "333333333.33333343" },
        { UINT64_C(0xbecbf647612f3696), "-0.0000033333333333333333" },
        { UINT64_C(0x43143ff3c1cb0959), "1424953923781206.2" },
        /* Powers of two whose nearest short decimal lies on the narrow side, and subnormals. */
        { UINT64_C(0x3d30000000000000), "5.684341886080802e-14" },
        { UINT64_C(0x0010000000000000), "2.2250738585072014e-308" },
        { UINT64_C(0x000fffffffffffff), "2.225073858507201e-308" },
        { UINT64_C(0x0000000000000002), "1e-323" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        double d;
        memcpy(&d, &rows[i].bits, sizeof(d));
        WRIT_AUTO_JSON *v = json_real(d);
        canonical_is("appendix B", v, rows[i].text);
    }
}

static void test_forms(void **state)
{
    static const struct {
        const char *rule, *in, *want;
    } rows[] = {
        { "RFC 8785 3.2.2",
          "{\"numbers\":[333333333.3333333,1E30,4.50,2e-3,0.000000000000000000000000001],"
          "\"string\":\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\","
          "\"literals\":[null,true,false]}",
          "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
          "\"string\":\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}" },
        { "RFC 8785 3.2.3: keys by UTF-16 units",
          "{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\",\"\\ufb33\":\"Hebrew Letter\","
          "\"1\":\"One\",\"\\ud83d\\ude00\":\"Emoji\",\"\\u0080\":\"Control\","
          "\"\\u00f6\":\"Latin\"}",
          "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\","
          "\"\xc3\xb6\":\"Latin\",\"\xe2\x82\xac\":\"Euro Sign\","
          "\"\xf0\x9f\x98\x80\":\"Emoji\",\"\xef\xac\xb3\":\"Hebrew Letter\"}" },
        { "a prefix comes first", "{\"ab\":1,\"a\":2,\"\":3}", "{\"\":3,\"a\":2,\"ab\":1}" },
        { "order after the first byte", "{\"\xee\x80\x81\":1,\"\xee\x80\x80\":2}",
          "{\"\xee\x80\x80\":2,\"\xee\x80\x81\":1}" },
        { "arrays keep their order", "[3,1,2]", "[3,1,2]" },
        { "white space goes", " { \"a\" : [ ] , \"b\" : { } } ", "{\"a\":[],\"b\":{}}" },
        { "whole reals lose the point", "[1.0,-0.0,-0,1e3,-2.50]", "[1,0,0,1000,-2.5]" },
        { "integers beyond 2^53 in full", "[9007199254740993,-9223372036854775808]",
          "[9007199254740993,-9223372036854775808]" },
        { "whole reals beyond 2^53", "[1e18,9.2e18]", "[1000000000000000000,9200000000000000000]" },
        { "small", "[0.1,1e-6,1.5e-6,1e-7,1.5e-7]", "[0.1,0.000001,0.0000015,1e-7,1.5e-7]" },
        { "scalars", "\"x\"", "\"x\"" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        WRIT_AUTO_JSON *v = NULL;
        struct writ_err err = { .text = "" };
        if (writ_json_parse(writ_cstr(rows[i].in), 4096, &v, &err) != WRIT_OK)
            fail_msg("%s: %s", rows[i].rule, err.text);
        canonical_is(rows[i].rule, v, rows[i].want);
    }
}

/* More keys than are sorted on the stack, in an order that is not theirs. */
static void test_many_keys(void **state)
{
    WRIT_AUTO_JSON *v = json_object();
    WRIT_AUTO_BUF want;

    (void)state;
    writ_buf_init(&want, 4096);
    for (int i = 0; i < 100; i++) {
        char key[8];
        (void)snprintf(key, sizeof(key), "k%02d", i * 37 % 100);
        assert_int_equal(json_object_set_new(v, key, json_integer(i * 37 % 100)), 0);
        assert_int_equal(writ_buf_addf(&want, "%s\"k%02d\":%d", i == 0 ? "{" : ",", i, i), WRIT_OK);
    }
    assert_int_equal(writ_buf_add(&want, writ_slice("}", 2)), WRIT_OK); /* with the NUL */
    canonical_is("100 keys", v, (const char *)want.ptr);
}

static void test_refused(void **state)
{
    WRIT_AUTO_BUF out;
    WRIT_AUTO_JSON *deep = json_integer(1);
    struct writ_err err;

    (void)state;
    writ_buf_init(&out, 8);
    assert_int_equal(writ_buf_add_cstr(&out, "kept"), WRIT_OK);
    WRIT_AUTO_JSON *wide = json_string("longer than the buffer");
    assert_int_equal(writ_json_canonical(wide, &out, &err), WRIT_LIMIT);
    assert_true(writ_slice_is(writ_buf_slice(&out), "kept"));
    for (int i = 0; i <= WRIT_JSON_DEPTH; i++) {
        json_t *outer = json_array();
        assert_int_equal(json_array_append_new(outer, deep), 0);
        deep = outer;
    }
    writ_buf_release(&out);
    writ_buf_init(&out, 4096);
    assert_int_equal(writ_json_canonical(deep, &out, &err), WRIT_LIMIT);
    assert_int_equal(out.len, 0);
    assert_int_equal(writ_json_canonical(json_array_get(deep, 0), &out, &err), WRIT_OK);
    writ_buf_clear(&out);
    assert_int_equal(writ_json_canonical(NULL, &out, &err), WRIT_ARG);
}

/* Shortest form against the definition: it reads back, and no form with fewer digits does. */
static void test_numbers_are_shortest(void **state)
{
    uint64_t x = 88172645463325252u; /* xorshift: the same numbers each time */

    (void)state;
    for (int i = 0; i < 20000; i++) {
        double d;
        char fewer[64];
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        /* A third each: any double, a power of two, a short decimal. */
        uint64_t bits = i % 3 == 1 ? x & UINT64_C(0x7ff0000000000000) : x;
        memcpy(&d, &bits, sizeof(d));
        if (i % 3 == 2)
            d = (double)(x % 1000000) / 1000;
        if (!isfinite(d) || d == 0)
            continue;
        WRIT_AUTO_JSON *v = json_real(d);
        WRIT_AUTO_BUF out;
        writ_buf_init(&out, 64);
        assert_int_equal(writ_json_canonical(v, &out, NULL), WRIT_OK);
        assert_int_equal(writ_buf_add_byte(&out, 0), WRIT_OK);
        if (strtod((const char *)out.ptr, NULL) != d)
            fail_msg("%a became %s", d, (const char *)out.ptr);
        int digits = 0, zeros = 0;
        for (const uint8_t *p = out.ptr; *p != 0 && *p != 'e'; p++) {
            if (*p >= '1' && *p <= '9') {
                digits += zeros + 1;
                zeros = 0;
            } else if (*p == '0' && digits != 0) {
                zeros++;
            }
        }
        if (digits < 2)
            continue;
        (void)snprintf(fewer, sizeof(fewer), "%.*e", digits - 2, d);
        if (strtod(fewer, NULL) == d)
            fail_msg("%s could be %s", (const char *)out.ptr, fewer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc8785_numbers),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_many_keys),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_numbers_are_shortest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
