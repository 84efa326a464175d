#include "number.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/banned.h"

/* Far outside of what a double can hold, far inside of what an int can. */
#define EXPONENT_CAP 100000

static void strip_zeros(struct writ_digits *n)
{
    while (n->count > 0 && n->d[n->count - 1] == '0')
        n->count--;
    n->d[n->count] = '\0';
    if (n->count == 0)
        n->point = 0;
}

/* Adds one decimal; zeros at the end are held back in *zeros, because most stand for nothing. */
static bool push_digit(struct writ_digits *n, char c, int *zeros)
{
    if (c == '0') {
        if (n->count != 0 && *zeros < EXPONENT_CAP)
            ++*zeros;
        return true;
    }
    if (n->count + *zeros >= WRIT_DIGITS_MAX)
        return false;
    for (; *zeros > 0; --*zeros)
        n->d[n->count++] = '0';
    n->d[n->count++] = c;
    return true;
}

static int read_exponent(struct writ_slice s, size_t at)
{
    int v = 0;
    bool negative = at < s.len && s.ptr[at] == '-';

    if (at < s.len && (s.ptr[at] == '-' || s.ptr[at] == '+'))
        at++;
    for (; at < s.len; at++)
        if (v < EXPONENT_CAP)
            v = v * 10 + (s.ptr[at] - '0');
    return negative ? -v : v;
}

bool writ_digits_of_token(struct writ_slice token, struct writ_digits *out)
{
    struct writ_digits n = { .negative = token.len != 0 && token.ptr[0] == '-' };
    int zeros = 0, exponent = 0;
    bool fraction = false;

    for (size_t i = n.negative ? 1 : 0; i < token.len; i++) {
        char c = (char)token.ptr[i];
        if (c == 'e' || c == 'E') {
            exponent = read_exponent(token, i + 1);
            break;
        }
        if (c == '.') {
            fraction = true;
            continue;
        }
        if (!push_digit(&n, c, &zeros))
            return false;
        /* The point moves right with each digit before it, left with each zero after it that
           comes before the first digit that counts. */
        if (!fraction && n.count != 0 && n.point < EXPONENT_CAP)
            n.point++;
        else if (fraction && n.count == 0 && n.point > -EXPONENT_CAP)
            n.point--;
    }
    n.point += exponent;
    strip_zeros(&n);
    *out = n;
    return true;
}

double writ_digits_to_double(const struct writ_digits *n)
{
    char text[WRIT_DIGITS_MAX + 16];

    (void)snprintf(text, sizeof(text), "%s%se%d", n->negative ? "-" : "",
                   n->count == 0 ? "0" : n->d, n->point - n->count);
    return strtod(text, NULL);
}

/* `v` rounded to `count` digits. */
static void round_to(double v, int count, struct writ_digits *out)
{
    char text[40];
    struct writ_digits n = { .negative = signbit(v) != 0 };
    const char *p = text;

    (void)snprintf(text, sizeof(text), "%.*e", count - 1, fabs(v));
    for (; *p != '\0' && *p != 'e'; p++)
        if (*p >= '0' && *p <= '9' && n.count < WRIT_DIGITS_MAX) /* skips any decimal point */
            n.d[n.count++] = *p;
    n.point = *p == 'e' ? (int)strtol(p + 1, NULL, 10) + 1 : 1;
    *out = n;
}

/* One unit more in the last place. */
static void step_up(struct writ_digits *n)
{
    int i = n->count - 1;

    for (; i >= 0 && n->d[i] == '9'; i--)
        n->d[i] = '0';
    if (i >= 0) {
        n->d[i]++;
    } else {
        n->d[0] = '1';
        n->point++;
    }
}

void writ_digits_of_double(double v, struct writ_digits *out)
{
    struct writ_digits n = { .negative = signbit(v) != 0 };
    int exponent;

    if (v == 0.0) {
        *out = n;
        return;
    }
    /*
     * A decimal of up to 15 digits survives the way through a normal double, so if fewer than
     * 15 are enough, then rounding to 15 gives these and zeros. Numbers below the normal range
     * have less precision and are tried from one digit on.
     */
    bool power_of_two = fabs(frexp(v, &exponent)) == 0.5;
    for (int count = fabs(v) < DBL_MIN ? 1 : DBL_DIG; count <= WRIT_DIGITS_MAX; count++) {
        round_to(v, count, &n);
        if (writ_digits_to_double(&n) == v)
            break;
        /* Above a power of two the doubles lie twice as far apart as below: there the next
           decimal up can mean `v` although the nearest one does not. */
        if (power_of_two) {
            step_up(&n);
            if (writ_digits_to_double(&n) == v)
                break;
        }
    }
    strip_zeros(&n);
    *out = n;
}
