#include "test.h"

#include "amount.h"

#include "base/banned.h"

#define S WRIT_SECOND

struct duration_row {
    const char *rule, *in;
    uint64_t want; /* 0: refused */
};

/* clang-format off */
static const struct duration_row DURATIONS[] = {
    { "seconds", "90s", 90ull * S },      { "minutes", "30m", 1800ull * S },
    { "hours", "2h", 7200ull * S },       { "days", "7d", 604800ull * S },
    { "a year and a day", "366d", 366ull * 86400 * S },
    { "not longer", "367d", 0 },          { "also not in hours", "8785h", 0 },
    { "no unit", "30", 0 },               { "no number", "m", 0 },
    { "zero", "0m", 0 },                  { "negative", "-5m", 0 },
    { "two units", "1h30m", 0 },          { "a space", "5 m", 0 },
    { "a fraction", "1.5h", 0 },          { "upper case", "5M", 0 },
    { "a leading zero", "05m", 0 },       { "overflow", "99999999999999999999d", 0 },
    { "overflow of the product", "18446744073709551615d", 0 },
    { "empty", "", 0 },
};

static const struct { uint64_t us; const char *want; } FORMATS[] = {
    { 0, "0 s" }, { 1, "1 µs" }, { 999, "999 µs" }, { 1500, "1 ms" }, { 12u * 1000, "12 ms" },
    { S, "1 s" }, { 1250000, "1.25 s" }, { 1800ull * S, "30 min" }, { 90ull * S, "1 min 30 s" },
    { 7500ull * S, "2 h 5 min" }, { 90000ull * S, "1 d 1 h" }, { 86400ull * S, "1 d" },
};

static const struct { const char *rule, *in, *max, *unit; } SUMS[] = {
    { "whole", "100EUR", "100", "EUR" }, { "decimals", "0.50EUR", "0.5", "EUR" },
    { "no unit", "100", NULL, NULL },    { "no number", "EUR", NULL, NULL },
    { "two points", "1.2.3EUR", NULL, NULL }, { "ends in a point", "1.EUR", NULL, NULL },
    { "leading zero", "01EUR", NULL, NULL },  { "negative", "-1EUR", NULL, NULL },
    { "empty", "", NULL, NULL },
};
/* clang-format on */

static void durations(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(DURATIONS); i++) {
        uint64_t got = 0;
        struct writ_err err;

        print_message("  %s\n", DURATIONS[i].rule);
        assert_int_equal(writ_duration_parse(DURATIONS[i].in, &got, &err),
                         DURATIONS[i].want != 0 ? WRIT_OK : WRIT_ARG);
        assert_true(got == DURATIONS[i].want);
    }
}

static void formats(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(FORMATS); i++) {
        char text[WRIT_DURATION_TEXT];

        writ_duration_format(FORMATS[i].us, text);
        assert_string_equal(text, FORMATS[i].want);
    }
}

static void sums(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(SUMS); i++) {
        json_t *max = NULL;
        struct writ_slice unit = { NULL, 0 };
        struct writ_err err;
        enum writ_status st = writ_sum_parse(SUMS[i].in, &max, &unit, &err);

        print_message("  %s\n", SUMS[i].rule);
        assert_int_equal(st, SUMS[i].max != NULL ? WRIT_OK : WRIT_ARG);
        if (st == WRIT_OK) {
            char *text = json_dumps(max, JSON_ENCODE_ANY);
            assert_string_equal(text, SUMS[i].max);
            assert_true(writ_slice_is(unit, SUMS[i].unit));
            free(text);
        }
        json_decref(max);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(durations), cmocka_unit_test(formats),
                                        cmocka_unit_test(sums) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
