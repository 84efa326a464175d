#include "daemon.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"

#include "base/banned.h"

void daemon_log(const struct daemon *d, const char *fmt, ...)
{
    char when[WRIT_TIME_TEXT], line[512];
    struct writ_env env = writ_env_system();
    va_list ap;

    (void)d;
    writ_time_format(env.now_us(env.ctx), when);
    va_start(ap, fmt);
    (void)vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    (void)fprintf(stderr, "%s writd: %s\n", when, line);
}

void daemon_fatal(struct daemon *d, const struct writ_err *why)
{
    struct job *next;

    if (d->fatal)
        return;
    d->fatal = true;
    daemon_log(d, "stopped: %s", why->text);
    /*
     * Jobs are only told, not freed: some are with a worker, and the process is about to end.
     * Whoever has no answer by then finds the connection closed, which means the same.
     */
    for (struct job *j = d->jobs; j != NULL; j = next) {
        next = j->next;
        if (j->conn->closing)
            continue;
        if (writ_frame_error(&j->conn->out, j->frame.id, WRIT_CLOSED,
                             WRIT_LIT("writd has stopped, nothing may be forwarded: "
                                      "see its log")) != WRIT_OK)
            continue;
    }
    conn_flush_last(d);
    uv_stop(&d->loop);
}

/* Those who wait for a person get their answer now: that there will be none. */
static void fail_waiters(struct daemon *d)
{
    struct job *next;

    for (struct job *j = d->jobs; j != NULL; j = next) {
        next = j->next;
        if (j->waiting)
            job_fail(j, WRIT_CLOSED, "writd is shutting down");
    }
}

void daemon_stop_step(struct daemon *d)
{
    if (d->stopping && d->job_count == 0)
        uv_stop(&d->loop);
}

void daemon_stop(struct daemon *d)
{
    if (d->stopping || d->fatal)
        return;
    d->stopping = true;
    uv_close((uv_handle_t *)&d->listener, NULL);
    fail_waiters(d);
    conn_flush_all(d);
    daemon_stop_step(d);
}
