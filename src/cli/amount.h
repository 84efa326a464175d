/*
 * amount: durations, moments and sums as people write them on a command line.
 *
 * Source:    docs/man/writ.1.
 * Units:     microseconds.
 * Limits:    durations up to 366 days, the longest that a grant may be.
 * Errors:    WRIT_ARG with the form that is understood.
 * Ownership: values.
 * Threads:   pure functions.
 */
#ifndef WRIT_CLI_AMOUNT_H
#define WRIT_CLI_AMOUNT_H

#include "base/json.h"

#define WRIT_SECOND 1000000u
#define WRIT_DAYS   366u

/* "90s", "30m", "2h", "7d": a whole number and one unit, not zero. */
WRIT_MUST_CHECK enum writ_status writ_duration_parse(const char *text, uint64_t *out_us,
                                                     struct writ_err *err);
/* "30 minutes", "2 h 5 min", "340 ms": at most two units. */
#define WRIT_DURATION_TEXT 48
void writ_duration_format(uint64_t us, char out[WRIT_DURATION_TEXT]);
/* "100EUR" or "0.50EUR": *max is a JSON number, *unit borrows from `text`. */
WRIT_MUST_CHECK enum writ_status writ_sum_parse(const char *text, json_t **max,
                                                struct writ_slice *unit, struct writ_err *err);

#endif
