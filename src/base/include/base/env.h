/*
 * env: the clock and the source of randomness, which are arguments everywhere.
 *
 * Source:    none.
 * Units:     microseconds since 1970-01-01T00:00:00Z.
 * Limits:    none.
 * Errors:    random: WRIT_IO when the system has none to give.
 * Ownership: `ctx` belongs to whoever made the env.
 * Threads:   the system env may be used by all; a test's own says for itself.
 */
#ifndef WRIT_BASE_ENV_H
#define WRIT_BASE_ENV_H

#include "base/slice.h"
#include "base/status.h"

struct writ_env {
    uint64_t (*now_us)(void *ctx);
    enum writ_status (*random)(void *ctx, uint8_t *out, size_t n);
    void *ctx;
};

/* The real clock (CLOCK_REALTIME) and getrandom(2). */
struct writ_env writ_env_system(void);
/* CLOCK_MONOTONIC in nanoseconds, for measuring only. */
uint64_t writ_monotonic_ns(void);

#endif
