#include "base/text.h"

#include <stdio.h>

#include "base/banned.h"

#define US_PER_SECOND   1000000u
#define SECONDS_PER_DAY 86400u
/* 9999-12-31T23:59:59.999999Z: RFC 3339 has four digits for the year. */
#define LAST_US UINT64_C(253402300799999999)

/*
 * Days and dates are converted with years that begin on 1 March, so that the leap day is the
 * last of its year: day of year = (153 * month + 2) / 5 + day - 1 with March as month 0.
 * Eras of 400 years (146,097 days) repeat exactly. 719,468 days lie between 0000-03-01 and
 * 1970-01-01.
 */
static uint64_t days_from_date(uint64_t year, uint64_t month, uint64_t day)
{
    uint64_t y = month <= 2 ? year - 1 : year, era = y / 400, of_era = y % 400;
    uint64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void date_from_days(uint64_t days, unsigned *year, unsigned *month, unsigned *day)
{
    uint64_t z = days + 719468, era = z / 146097, of_era = z % 146097;
    uint64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    uint64_t of_year = of_era - (365 * y + y / 4 - y / 100);
    uint64_t m = (5 * of_year + 2) / 153;

    *day = (unsigned)(of_year - (153 * m + 2) / 5 + 1);
    *month = (unsigned)(m < 10 ? m + 3 : m - 9);
    *year = (unsigned)(era * 400 + y + (*month <= 2 ? 1 : 0));
}

static unsigned days_in_month(uint64_t year, uint64_t month)
{
    static const uint8_t DAYS[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29 : DAYS[month - 1];
}

/* `n` digits and nothing else. */
static uint64_t read_digits(struct writ_reader *r, size_t n)
{
    struct writ_slice s = writ_read_bytes(r, n);
    uint64_t v = 0;

    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            r->bad = true;
        v = v * 10 + (uint64_t)(s.ptr[i] & 15);
    }
    return v;
}

static void read_mark(struct writ_reader *r, uint8_t mark)
{
    if (writ_read_u8(r) != mark)
        r->bad = true;
}

/* One to six decimals after the point, as microseconds. */
static uint64_t read_fraction(struct writ_reader *r)
{
    uint64_t us = 0, unit = US_PER_SECOND / 10;

    do {
        us += read_digits(r, 1) * unit;
        unit /= 10;
    } while (!r->bad && unit != 0 && r->rest.len != 0 && r->rest.ptr[0] != 'Z');
    return us;
}

enum writ_status writ_time_parse(struct writ_slice in, uint64_t *out_us)
{
    struct writ_reader r = writ_reader(in);
    uint64_t us = 0;

    uint64_t year = read_digits(&r, 4);
    read_mark(&r, '-');
    uint64_t month = read_digits(&r, 2);
    read_mark(&r, '-');
    uint64_t day = read_digits(&r, 2);
    read_mark(&r, 'T');
    uint64_t hour = read_digits(&r, 2);
    read_mark(&r, ':');
    uint64_t minute = read_digits(&r, 2);
    read_mark(&r, ':');
    uint64_t second = read_digits(&r, 2);
    if (!r.bad && r.rest.len != 0 && r.rest.ptr[0] == '.') {
        read_mark(&r, '.');
        us = read_fraction(&r);
    }
    read_mark(&r, 'Z');
    if (r.bad || r.rest.len != 0)
        return WRIT_FORMAT;
    /* No leap second: the clock that everything here is compared with has none either. */
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) ||
        hour > 23 || minute > 59 || second > 59)
        return WRIT_FORMAT;
    uint64_t days = days_from_date(year, month, day);
    *out_us = (days * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second) * US_PER_SECOND + us;
    return WRIT_OK;
}

void writ_time_format(uint64_t us, char out[WRIT_TIME_TEXT])
{
    unsigned year, month, day;

    if (us > LAST_US)
        us = LAST_US;
    unsigned fraction = (unsigned)(us % US_PER_SECOND);
    uint64_t seconds = us / US_PER_SECOND;
    unsigned of_day = (unsigned)(seconds % SECONDS_PER_DAY);
    date_from_days(seconds / SECONDS_PER_DAY, &year, &month, &day);
    int n = snprintf(out, WRIT_TIME_TEXT, "%04u-%02u-%02uT%02u:%02u:%02u", year % 10000, month, day,
                     of_day / 3600, of_day / 60 % 60, of_day % 60);
    if (n < 0)
        n = 0;
    size_t at = (size_t)n;
    if (fraction != 0)
        (void)snprintf(out + at, WRIT_TIME_TEXT - at, ".%06uZ", fraction);
    else
        (void)snprintf(out + at, WRIT_TIME_TEXT - at, "Z");
}
