#include "base/env.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>

#include "base/banned.h"

static uint64_t system_now(void *ctx)
{
    struct timespec ts;

    (void)ctx;
    (void)clock_gettime(CLOCK_REALTIME, &ts);
    return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

static enum writ_status system_random(void *ctx, uint8_t *out, size_t n)
{
    (void)ctx;
    while (n != 0) {
        ssize_t got = getrandom(out, n, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return WRIT_IO;
        out += got;
        n -= (size_t)got;
    }
    return WRIT_OK;
}

struct writ_env writ_env_system(void)
{
    return (struct writ_env){ system_now, system_random, NULL };
}

uint64_t writ_monotonic_ns(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}
