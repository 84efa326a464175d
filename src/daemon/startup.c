#include "daemon.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/log.h"

#include "base/banned.h"

/* --- the three threads' ways to the loop --- */

static enum writ_status append(void *ctx, const struct writ_slice *entries, size_t n,
                               uint64_t *first, struct writ_err *err)
{
    return writ_log_append(ctx, entries, n, first, err);
}

static void wake(void *ctx)
{
    (void)uv_async_send(ctx);
}

static uint64_t room(void *ctx)
{
    const struct daemon *d = ctx;
    return writ_log_room(d->log);
}

static void submit(void *ctx, struct writ_commit_item *item)
{
    struct daemon *d = ctx;
    writ_commit_submit(d->commit, item);
}

/* The next segment is made long before this one is full, so that no request meets its end. */
static void look_at_room(struct daemon *d)
{
    uint64_t left = writ_log_room(d->log);

    if (left > d->room_high)
        d->room_high = left;
    if (!d->publish_asked && left < d->room_high / 4 * 3) {
        (void)writ_publish_ask(d->publish);
        d->publish_asked = true;
    }
}

static void on_committed(uv_async_t *h)
{
    struct daemon *d = h->data;
    struct writ_err why = { 0 };
    bool failed = false, approvals = false;

    if (d->fatal)
        return;
    struct writ_commit_item *item = writ_commit_take(d->commit, &failed, &why);
    while (item != NULL) {
        struct writ_commit_item *next = item->next;
        struct job *job = item->owner;
        writ_sequence_done(&d->seq, item);
        approvals = approvals || item->approval;
        writ_commit_item_free(item);
        if (job != NULL)
            job_is_durable(job);
        item = next;
    }
    if (failed) {
        daemon_fatal(d, &why);
        return;
    }
    if (approvals)
        daemon_wake_waiters(d);
    conn_flush_all(d);
    look_at_room(d);
}

static void on_published(uv_async_t *h)
{
    struct daemon *d = h->data;
    struct writ_err why = { 0 };
    uint64_t rounds = 0;
    struct job *next;

    if (d->fatal)
        return;
    enum writ_publish_health health = writ_publish_state(d->publish, &rounds, &why);
    if (health == WRIT_PUBLISH_FAILED) {
        daemon_fatal(d, &why);
        return;
    }
    if (health != d->health) /* once, not every second while the disk stays full */
        daemon_log(d, "%s", health == WRIT_PUBLISH_WELL ? "publishing goes on" : why.text);
    d->health = health;
    d->publish_asked = false;
    for (struct job *j = d->jobs; j != NULL; j = next) {
        next = j->next;
        if (j->round == 0 || j->round > rounds)
            continue;
        job_publish_done(j, health, &why);
    }
    conn_flush_all(d);
}

static void on_tick(uv_timer_t *h)
{
    daemon_tick(h->data);
}

static void on_signal(uv_signal_t *h, int signum)
{
    struct daemon *d = h->data;
    daemon_log(d, "signal %d: shutting down", signum);
    daemon_stop(d);
}

/* --- opening --- */

/* State is nothing but the fold of the ledger. */
static enum writ_status fold(struct daemon *d, struct writ_err *err)
{
    struct writ_log_reader *reader = NULL;
    struct writ_slice entry;
    uint64_t index = 0;

    WRIT_TRY(writ_log_reader_open(d->home.ledger, &reader, err));
    enum writ_status st;
    while ((st = writ_log_reader_next(reader, &entry, &index, err)) == WRIT_OK) {
        st = writ_authority_apply(d->authority, index, entry, err);
        if (st != WRIT_OK)
            break;
    }
    writ_log_reader_close(reader);
    return st == WRIT_NOT_FOUND ? WRIT_OK : st;
}

/* Record 0 was signed by a human over the ledger's key: another key makes another ledger. */
static enum writ_status check_identity(struct daemon *d, struct writ_err *err)
{
    uint64_t n = writ_authority_next_index(d->authority);

    if (n == 0)
        return writ_fail(err, WRIT_CORRUPT,
                         "the ledger is empty: `writ init` did not finish; make the home anew");
    if (n != writ_log_size(d->log))
        return writ_fail(err, WRIT_CORRUPT, "the ledger has %llu records and %llu were read",
                         (unsigned long long)writ_log_size(d->log), (unsigned long long)n);
    if (!writ_slice_is(writ_authority_cell(d->authority), d->home.cell))
        return writ_fail(err, WRIT_CORRUPT, "the ledger is of cell %.*s and the home of %s",
                         WRIT_FMT(writ_authority_cell(d->authority)), d->home.cell);
    if (!writ_slice_eq(writ_authority_ledger_key(d->authority), writ_buf_slice(&d->home.vkey)))
        return writ_fail(err, WRIT_CORRUPT,
                         "record 0 names another ledger key than ledger.vkey holds");
    return WRIT_OK;
}

static enum writ_status write_pid(const struct daemon *d, struct writ_err *err)
{
    (void)unlink(d->home.pid_file);
    FILE *f = fopen(d->home.pid_file, "wxe");
    if (f == NULL)
        return writ_fail_sys(err, "cannot write %s", d->home.pid_file);
    int n = fprintf(f, "%ld\n", (long)getpid());
    if (fclose(f) != 0 || n < 0)
        return writ_fail_sys(err, "cannot write %s", d->home.pid_file);
    return WRIT_OK;
}

static enum writ_status start_loop(struct daemon *d, struct writ_err *err)
{
    int rc = uv_loop_init(&d->loop);

    if (rc == 0)
        rc = uv_pipe_init(&d->loop, &d->listener, 0);
    if (rc == 0)
        rc = uv_async_init(&d->loop, &d->committed, on_committed);
    if (rc == 0)
        rc = uv_async_init(&d->loop, &d->published, on_published);
    if (rc == 0)
        rc = uv_timer_init(&d->loop, &d->tick);
    if (rc == 0)
        rc = uv_signal_init(&d->loop, &d->sigterm);
    if (rc == 0)
        rc = uv_signal_init(&d->loop, &d->sigint);
    d->listener.data = d->committed.data = d->published.data = d;
    d->tick.data = d->sigterm.data = d->sigint.data = d;
    if (rc == 0)
        rc = uv_timer_start(&d->tick, on_tick, 1000, 1000);
    if (rc == 0)
        rc = uv_signal_start(&d->sigterm, on_signal, SIGTERM);
    if (rc == 0)
        rc = uv_signal_start(&d->sigint, on_signal, SIGINT);
    if (rc != 0)
        return writ_fail(err, WRIT_IO, "cannot start the event loop: %s", uv_strerror(rc));
    return WRIT_OK;
}

static enum writ_status start_threads(struct daemon *d, struct writ_err *err)
{
    struct writ_commit_sink sink = { append, d->log };

    /* Once before anybody is served: a disk that is failing says so now. */
    enum writ_status st = writ_log_publish(d->log, err);
    if (st != WRIT_OK && st != WRIT_LIMIT && (st != WRIT_IO || err->sys_errno != ENOSPC))
        return st;
    d->health = WRIT_PUBLISH_WELL;
    WRIT_TRY(writ_commit_start(sink, wake, &d->committed, &d->commit, err));
    WRIT_TRY(writ_publish_start(d->log, d->payloads, wake, &d->published, &d->publish, err));
    d->seq = (struct writ_sequencer){ .authority = d->authority,
                                      .env = writ_env_system(),
                                      .room = room,
                                      .submit = submit,
                                      .ctx = d };
    d->started_us = d->seq.env.now_us(d->seq.env.ctx);
    d->room_high = writ_log_room(d->log);
    return WRIT_OK;
}

enum writ_status daemon_open(struct daemon *d, const char *dir, struct writ_err *err)
{
    d->home.lock_fd = -1;
    WRIT_TRY(writ_home_open(dir, &d->home, err));
    struct writ_log_options o = { .dir = d->home.ledger,
                                  .origin = writ_cstr(d->home.cell),
                                  .key = d->home.ledger_key,
                                  .segment_bytes = 0 };
    WRIT_TRY(writ_log_open(&o, &d->log, err));
    WRIT_TRY(writ_authority_new(&d->authority, err));
    WRIT_TRY(fold(d, err));
    WRIT_TRY(check_identity(d, err));
    (void)malloc_trim(0); /* reading the ledger took more than the state that is left of it */
    WRIT_TRY(writ_payloads_open(d->home.payloads, &d->payloads, err));
    WRIT_TRY(start_loop(d, err));
    return start_threads(d, err);
}

enum writ_status daemon_listen(struct daemon *d, struct writ_err *err)
{
    /* The lock is ours, so whatever socket lies there belongs to nobody. */
    if (unlink(d->home.socket) != 0 && errno != ENOENT)
        return writ_fail_sys(err, "cannot remove the old socket %s", d->home.socket);
    mode_t before = umask(0177); /* 0600 from birth: no moment in which others may connect */
    int rc = uv_pipe_bind(&d->listener, d->home.socket);
    (void)umask(before);
    if (rc == 0)
        rc = uv_listen((uv_stream_t *)&d->listener, 128, conn_accept);
    if (rc != 0)
        return writ_fail(err, WRIT_IO, "cannot listen on %s: %s", d->home.socket, uv_strerror(rc));
    return write_pid(d, err);
}

/* --- a clean end --- */

static void close_sessions(struct daemon *d)
{
    struct conn *next;

    for (struct conn *c = d->conns; c != NULL; c = next) {
        next = c->next;
        conn_close(c);
    }
}

static void close_handle(uv_handle_t *h, void *ignored)
{
    (void)ignored;
    if (!uv_is_closing(h))
        uv_close(h, NULL);
}

void daemon_close(struct daemon *d)
{
    struct writ_err why = { 0 };
    bool failed = false;

    conn_flush_last(d);
    close_sessions(d);
    daemon_flush_unnamed(d);
    writ_commit_stop(d->commit);
    for (struct writ_commit_item *i = writ_commit_take(d->commit, &failed, &why); i != NULL;) {
        struct writ_commit_item *next = i->next;
        writ_commit_item_free(i);
        i = next;
    }
    enum writ_publish_health health =
        failed ? WRIT_PUBLISH_FAILED : writ_publish_stop(d->publish, &why);
    if (health == WRIT_PUBLISH_FAILED)
        daemon_fatal(d, &why);
    else if (health == WRIT_PUBLISH_TROUBLED) /* the next start publishes what is durable */
        daemon_log(d, "not all is published: %s", why.text);
    uv_walk(&d->loop, close_handle, NULL);
    (void)uv_run(&d->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&d->loop);
    writ_commit_free(d->commit);
    writ_publish_free(d->publish);
    writ_payloads_close(d->payloads);
    writ_authority_free(d->authority);
    writ_log_close(d->log);
    (void)unlink(d->home.socket);
    (void)unlink(d->home.pid_file);
    writ_home_close(&d->home);
}
