#include "amount.h"

#include <stdio.h>

#include "base/text.h"

#include "base/banned.h"

#define MINUTE (60ull * WRIT_SECOND)
#define HOUR   (60ull * MINUTE)
#define DAY    (24ull * HOUR)

enum writ_status writ_duration_parse(const char *text, uint64_t *out_us, struct writ_err *err)
{
    static const struct {
        uint8_t letter;
        uint64_t us;
    } UNITS[] = { { 's', WRIT_SECOND }, { 'm', MINUTE }, { 'h', HOUR }, { 'd', DAY } };
    struct writ_slice s = writ_cstr(text);
    uint64_t n = 0, us;

    for (size_t i = 0; s.len > 1 && i < sizeof(UNITS) / sizeof(UNITS[0]); i++) {
        if (s.ptr[s.len - 1] != UNITS[i].letter)
            continue;
        if (writ_u64_parse(writ_slice(s.ptr, s.len - 1), &n) != WRIT_OK || n == 0)
            break;
        if (__builtin_mul_overflow(n, UNITS[i].us, &us) || us > WRIT_DAYS * DAY)
            return writ_fail(err, WRIT_ARG, "%s is longer than %u days", text, WRIT_DAYS);
        *out_us = us;
        return WRIT_OK;
    }
    return writ_fail(err, WRIT_ARG, "\"%s\" is not a duration like 90s, 30m, 2h or 7d", text);
}

void writ_duration_format(uint64_t us, char out[WRIT_DURATION_TEXT])
{
    static const struct {
        uint64_t us;
        const char *name;
    } UNITS[] = { { DAY, "d" },         { HOUR, "h" },  { MINUTE, "min" },
                  { WRIT_SECOND, "s" }, { 1000, "ms" }, { 1, "µs" } };
    const size_t n = sizeof(UNITS) / sizeof(UNITS[0]);
    size_t i = 0;

    if (us == 0) {
        (void)snprintf(out, WRIT_DURATION_TEXT, "0 s");
        return;
    }
    while (i + 1 < n && us < UNITS[i].us)
        i++;
    uint64_t whole = us / UNITS[i].us, rest = us % UNITS[i].us;
    uint64_t second = i + 1 < n ? rest / UNITS[i + 1].us : 0;
    /* Seconds and milliseconds read better as 1.25 s. */
    if (UNITS[i].us == WRIT_SECOND && second != 0)
        (void)snprintf(out, WRIT_DURATION_TEXT, "%llu.%02llu s", (unsigned long long)whole,
                       (unsigned long long)(second / 10));
    else if (second != 0 && UNITS[i].us > WRIT_SECOND)
        (void)snprintf(out, WRIT_DURATION_TEXT, "%llu %s %llu %s", (unsigned long long)whole,
                       UNITS[i].name, (unsigned long long)second, UNITS[i + 1].name);
    else
        (void)snprintf(out, WRIT_DURATION_TEXT, "%llu %s", (unsigned long long)whole,
                       UNITS[i].name);
}

enum writ_status writ_sum_parse(const char *text, json_t **max, struct writ_slice *unit,
                                struct writ_err *err)
{
    struct writ_slice s = writ_cstr(text);
    size_t digits = 0;

    while (digits < s.len &&
           ((s.ptr[digits] >= '0' && s.ptr[digits] <= '9') || s.ptr[digits] == '.'))
        digits++;
    struct writ_slice rest = writ_slice_from(s, digits);
    if (digits == 0 || rest.len == 0 ||
        writ_json_parse(writ_slice(s.ptr, digits), 64, max, NULL) != WRIT_OK)
        return writ_fail(err, WRIT_ARG, "\"%s\" is not a sum like 100EUR or 0.50EUR", text);
    *unit = rest;
    return WRIT_OK;
}
