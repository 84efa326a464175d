#include "daemon/publish.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/banned.h"

/* How stale a checkpoint may be while records arrive. */
#define INTERVAL_S 1

struct writ_publish {
    struct writ_log *log;
    struct writ_payloads *payloads;
    void (*wake)(void *ctx);
    void *wake_ctx;
    pthread_t thread;
    bool joined;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t change;
    uint64_t asked, rounds;
    bool stopping;
    enum writ_publish_health health;
    struct writ_err why;
};

static bool something_new(const struct writ_publish *p)
{
    return writ_log_size(p->log) != writ_log_published(p->log);
}

/* The ledger stays usable when there was no room for tiles or the next segment. */
static bool may_pass(const struct writ_err *why)
{
    return why->status == WRIT_LIMIT || why->status == WRIT_NOMEM ||
           (why->status == WRIT_IO &&
            (why->sys_errno == ENOSPC || why->sys_errno == EDQUOT || why->sys_errno == EFBIG));
}

/* Payloads first: what a checkpoint commits to by digest should be there. */
static enum writ_status one_round(struct writ_publish *p, struct writ_err *why)
{
    WRIT_TRY(writ_payloads_sync(p->payloads, why));
    return writ_log_publish(p->log, why);
}

/* Until asked, told to stop, or an interval has passed. Called with the lock held. */
static void wait_turn(struct writ_publish *p)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += INTERVAL_S;
    int rc = 0;
    while (rc == 0 && p->asked == p->rounds && !p->stopping)
        rc = pthread_cond_timedwait(&p->change, &p->lock, &until);
}

static void *publisher(void *arg)
{
    struct writ_publish *p = arg;
    bool last = false;

    while (!last) {
        (void)pthread_mutex_lock(&p->lock);
        wait_turn(p);
        last = p->stopping;
        uint64_t target = p->asked;
        bool wanted = target != p->rounds || last;
        (void)pthread_mutex_unlock(&p->lock);
        if (!wanted && !something_new(p))
            continue;
        struct writ_err why = { 0 };
        enum writ_status st = one_round(p, &why);
        (void)pthread_mutex_lock(&p->lock);
        p->rounds = target;
        p->health = WRIT_PUBLISH_WELL;
        if (st != WRIT_OK) {
            p->health = may_pass(&why) ? WRIT_PUBLISH_TROUBLED : WRIT_PUBLISH_FAILED;
            p->why = why;
        }
        last = last || p->health == WRIT_PUBLISH_FAILED;
        (void)pthread_mutex_unlock(&p->lock);
        p->wake(p->wake_ctx);
    }
    return NULL;
}

enum writ_status writ_publish_start(struct writ_log *log, struct writ_payloads *payloads,
                                    void (*wake)(void *ctx), void *wake_ctx,
                                    struct writ_publish **out, struct writ_err *err)
{
    pthread_condattr_t attr;
    struct writ_publish *p = calloc(1, sizeof(*p));

    if (p == NULL)
        return writ_fail_nomem(err);
    p->log = log;
    p->payloads = payloads;
    p->wake = wake;
    p->wake_ctx = wake_ctx;
    p->health = WRIT_PUBLISH_WELL;
    (void)pthread_mutex_init(&p->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC); /* the wall clock may jump */
    (void)pthread_cond_init(&p->change, &attr);
    (void)pthread_condattr_destroy(&attr);
    if (pthread_create(&p->thread, NULL, publisher, p) != 0) {
        p->joined = true;
        writ_publish_free(p);
        return writ_fail(err, WRIT_NOMEM, "cannot start the publisher thread");
    }
    *out = p;
    return WRIT_OK;
}

uint64_t writ_publish_ask(struct writ_publish *p)
{
    (void)pthread_mutex_lock(&p->lock);
    uint64_t number = ++p->asked;
    (void)pthread_cond_signal(&p->change);
    (void)pthread_mutex_unlock(&p->lock);
    return number;
}

enum writ_publish_health writ_publish_state(struct writ_publish *p, uint64_t *rounds,
                                            struct writ_err *why)
{
    (void)pthread_mutex_lock(&p->lock);
    *rounds = p->rounds;
    enum writ_publish_health health = p->health;
    if (health != WRIT_PUBLISH_WELL)
        *why = p->why;
    (void)pthread_mutex_unlock(&p->lock);
    return health;
}

enum writ_publish_health writ_publish_stop(struct writ_publish *p, struct writ_err *why)
{
    uint64_t rounds;

    if (!p->joined) {
        (void)pthread_mutex_lock(&p->lock);
        p->stopping = true;
        (void)pthread_cond_signal(&p->change);
        (void)pthread_mutex_unlock(&p->lock);
        (void)pthread_join(p->thread, NULL);
        p->joined = true;
    }
    return writ_publish_state(p, &rounds, why);
}

void writ_publish_free(struct writ_publish *p)
{
    struct writ_err ignored;

    if (p == NULL)
        return;
    (void)writ_publish_stop(p, &ignored);
    (void)pthread_cond_destroy(&p->change);
    (void)pthread_mutex_destroy(&p->lock);
    free(p);
}
