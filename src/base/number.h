/*
 * number: decimal digits of JSON numbers, shared by the reader and the canonical writer.
 *
 * Source:    RFC 8259 section 6, ECMA-262 6.1.6.1.20 (Number::toString).
 * Units:     a number is 0.d1d2d3... times ten to the power `point`.
 * Limits:    17 digits: no double needs more.
 * Errors:    false when the token has more digits than a double can keep.
 * Ownership: values.
 * Threads:   pure functions. No locale is read: neither text has a decimal point in it.
 */
#ifndef WRIT_BASE_NUMBER_H
#define WRIT_BASE_NUMBER_H

#include "base/slice.h"

#define WRIT_DIGITS_MAX 17

/* Leading and trailing zeros removed; zero itself has count 0. */
struct writ_digits {
    char d[WRIT_DIGITS_MAX + 1];
    int count;
    int point;
    bool negative;
};

/* The digits of a well-formed JSON number. False when there are more than 17 of them. */
bool writ_digits_of_token(struct writ_slice token, struct writ_digits *out);
/* The fewest digits that still mean exactly `v`, which is finite. */
void writ_digits_of_double(double v, struct writ_digits *out);
/* The double that the digits denote, rounded to nearest; infinite on overflow. */
double writ_digits_to_double(const struct writ_digits *n);

#endif
