#include "daemon.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/banned.h"

static void on_closed(uv_handle_t *h)
{
    struct conn *c = h->data;
    c->gone = true;
    conn_release(c);
}

void conn_release(struct conn *c)
{
    struct daemon *d = c->daemon;

    if (!c->gone || c->jobs + c->waiters > 0 || c->dirty)
        return;
    if (c->prev != NULL)
        c->prev->next = c->next;
    else
        d->conns = c->next;
    if (c->next != NULL)
        c->next->prev = c->prev;
    d->conn_count--;
    writ_buf_release(&c->in);
    writ_buf_release(&c->out);
    writ_buf_release(&c->writing);
    free(c);
}

/* Those who wait for an approval on a connection that is gone wait for nothing. */
static void drop_waiters(struct conn *c)
{
    struct job *next;

    for (struct job *j = c->daemon->jobs; j != NULL && c->waiters > 0; j = next) {
        next = j->next;
        if (j->conn == c && j->waiting)
            job_finish(j);
    }
}

void conn_close(struct conn *c)
{
    struct daemon *d = c->daemon;

    if (c->closing)
        return;
    c->closing = true;
    while (c->sessions != NULL) {
        struct session *s = c->sessions;
        c->sessions = s->next;
        if (!d->fatal)
            request_close_session(d, s);
        free(s);
    }
    (void)uv_read_stop((uv_stream_t *)&c->pipe);
    uv_close((uv_handle_t *)&c->pipe, on_closed);
    drop_waiters(c);
}

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *out)
{
    struct conn *c = h->data;
    uint8_t *at = NULL;

    (void)suggested;
    if (writ_buf_reserve(&c->in, READ_STEP, &at) != WRIT_OK)
        *out = uv_buf_init(NULL, 0); /* libuv reports ENOBUFS to on_read */
    else
        *out = uv_buf_init((char *)at, READ_STEP);
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
    struct conn *c = s->data;
    struct daemon *d = c->daemon;

    (void)buf;
    if (n < 0) {
        conn_close(c);
    } else {
        c->in.len += (size_t)n;
        conn_process(c);
    }
    conn_flush_all(d);
}

static void set_reading(struct conn *c, bool on)
{
    if (c->reading == on || c->closing)
        return;
    c->reading = on;
    if (!on)
        (void)uv_read_stop((uv_stream_t *)&c->pipe);
    else if (uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read) != 0)
        conn_close(c);
}

/* A frame that the protocol does not know: says so, and hangs up once that is written. */
static void refuse_frame(struct conn *c, uint32_t id, enum writ_status st,
                         const struct writ_err *err)
{
    if (writ_frame_error(&c->out, id, st, writ_cstr(err->text)) != WRIT_OK) {
        conn_close(c);
        return;
    }
    c->hang_up = true;
    set_reading(c, false);
    conn_dirty(c);
}

static void dispatch(struct job *job)
{
    struct daemon *d = job->daemon;

    if (d->stopping || d->fatal) {
        job_fail(job, WRIT_CLOSED, "writd is shutting down: nothing may be forwarded");
        return;
    }
    if (d->job_bytes > DAEMON_BYTES_MAX) {
        job_fail(job, WRIT_LIMIT, "writd is busy with too many large requests: try again");
        return;
    }
    switch (job->frame.type) {
    case WRIT_FRAME_HELLO:
        request_hello(job);
        return;
    case WRIT_FRAME_SESSION:
        request_session(job);
        return;
    case WRIT_FRAME_AUTHORIZE:
        request_authorize(job);
        return;
    case WRIT_FRAME_COMPLETE:
        request_complete(job);
        return;
    case WRIT_FRAME_LIST:
        request_list(job);
        return;
    case WRIT_FRAME_AWAIT:
        request_await(job);
        return;
    case WRIT_FRAME_API:
        request_api(job);
        return;
    case WRIT_FRAME_NONE:
    case WRIT_FRAME_HELLO_REPLY:
    case WRIT_FRAME_SESSION_REPLY:
    case WRIT_FRAME_AUTHORIZE_REPLY:
    case WRIT_FRAME_COMPLETE_REPLY:
    case WRIT_FRAME_LIST_REPLY:
    case WRIT_FRAME_AWAIT_REPLY:
    case WRIT_FRAME_API_REPLY:
    case WRIT_FRAME_ERROR:
        break;
    }
    job->conn->hang_up = true;
    job_fail(job, WRIT_FORMAT, "a reply was sent where a request belongs");
}

static void take_frame(struct conn *c, struct writ_slice whole)
{
    struct writ_err err = { 0 };

    struct job *job = job_new(c, whole);
    if (job == NULL) {
        (void)writ_fail_nomem(&err);
        refuse_frame(c, writ_frame_id(whole), WRIT_NOMEM, &err);
        return;
    }
    enum writ_status st = writ_frame_read(writ_slice(job->bytes, job->size), &job->frame, &err);
    if (st != WRIT_OK) {
        c->hang_up = true;
        job_fail(job, st, err.text);
        return;
    }
    dispatch(job);
}

static bool has_room(const struct conn *c)
{
    return c->jobs < CONN_JOBS_MAX && c->job_bytes < CONN_BYTES_MAX;
}

void conn_process(struct conn *c)
{
    struct writ_err err = { 0 };
    size_t used = 0;

    while (!c->closing && !c->hang_up && has_room(c)) {
        struct writ_slice rest = writ_slice_from(writ_buf_slice(&c->in), used);
        size_t size = 0;
        enum writ_status st = writ_frame_size(rest, &size, &err);
        if (st != WRIT_OK) {
            refuse_frame(c, 0, st, &err);
            break;
        }
        if (size == 0 || size > rest.len)
            break;
        take_frame(c, writ_slice(rest.ptr, size));
        used += size;
    }
    writ_buf_drop(&c->in, used);
    if (c->in.len == 0 && c->in.cap > KEEP_BUFFER)
        writ_buf_release(&c->in);
    set_reading(c, !c->hang_up && has_room(c));
}

void conn_dirty(struct conn *c)
{
    struct daemon *d = c->daemon;

    if (c->dirty || c->closing)
        return;
    c->dirty = true;
    c->next_dirty = d->dirty;
    d->dirty = c;
}

static void conn_flush(struct conn *c);

static void on_written(uv_write_t *w, int status)
{
    struct conn *c = w->data;
    struct daemon *d = c->daemon;

    c->write_busy = false;
    writ_buf_release(&c->writing);
    if (status != 0)
        conn_close(c);
    else
        conn_flush(c);
    conn_flush_all(d);
}

/* First what the socket takes at once, which is nearly always all; the rest when it can. */
static void conn_flush(struct conn *c)
{
    if (c->closing || c->write_busy)
        return;
    if (c->out.len > 0) {
        uv_buf_t b = uv_buf_init((char *)c->out.ptr, (unsigned)c->out.len);
        int n = uv_try_write((uv_stream_t *)&c->pipe, &b, 1);
        if (n < 0 && n != UV_EAGAIN) {
            conn_close(c);
            return;
        }
        writ_buf_drop(&c->out, n > 0 ? (size_t)n : 0);
    }
    if (c->out.len == 0) {
        if (c->out.cap > KEEP_BUFFER)
            writ_buf_release(&c->out);
        if (c->hang_up && c->jobs == 0)
            conn_close(c);
        return;
    }
    c->writing = writ_buf_take(&c->out);
    uv_buf_t b = uv_buf_init((char *)c->writing.ptr, (unsigned)c->writing.len);
    c->write.data = c;
    c->write_busy = true;
    if (uv_write(&c->write, (uv_stream_t *)&c->pipe, &b, 1, on_written) != 0) {
        c->write_busy = false;
        conn_close(c);
    }
}

void conn_flush_all(struct daemon *d)
{
    while (d->dirty != NULL) {
        struct conn *c = d->dirty;
        d->dirty = c->next_dirty;
        c->dirty = false;
        conn_flush(c);
        /* Jobs ended: there may be room for frames that already lie here. */
        if (!c->closing && !c->reading && !c->hang_up && has_room(c))
            conn_process(c);
        conn_release(c);
    }
}

void conn_flush_last(struct daemon *d)
{
    for (struct conn *c = d->conns; c != NULL; c = c->next) {
        int fd = -1;
        if (c->closing || uv_fileno((uv_handle_t *)&c->pipe, &fd) != 0)
            continue;
        if (c->writing.len == 0 && c->out.len > 0)
            (void)!send(fd, c->out.ptr, c->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
}

/* Only the daemon's own user, and root, who can be anybody anyway. */
static enum writ_status check_peer(struct conn *c, struct writ_err *err)
{
    struct ucred peer = { 0 };
    socklen_t len = sizeof(peer);
    int fd = -1;

    if (uv_fileno((uv_handle_t *)&c->pipe, &fd) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
        return writ_fail_sys(err, "cannot ask who connects");
    if (peer.uid != geteuid() && peer.uid != 0)
        return writ_fail(err, WRIT_REFUSED, "user %u may not connect: this is the writd of user %u",
                         (unsigned)peer.uid, (unsigned)geteuid());
    c->uid = peer.uid;
    return WRIT_OK;
}

static enum writ_status set_up(struct conn *c, struct writ_err *err)
{
    struct daemon *d = c->daemon;

    if (uv_accept((uv_stream_t *)&d->listener, (uv_stream_t *)&c->pipe) != 0)
        return writ_fail(err, WRIT_IO, "a connection went away before it was accepted");
    if (d->stopping || d->fatal)
        return writ_fail(err, WRIT_CLOSED, "a connection came while shutting down");
    WRIT_TRY(check_peer(c, err));
    if (d->conn_count > CONN_MAX)
        return writ_fail(err, WRIT_LIMIT, "more than %d connections: the newest is refused",
                         CONN_MAX);
    if (d->seq.env.random(d->seq.env.ctx, c->challenge, sizeof(c->challenge)) != WRIT_OK)
        return writ_fail(err, WRIT_IO, "the system gives no random bytes");
    return WRIT_OK;
}

void conn_accept(uv_stream_t *listener, int status)
{
    struct daemon *d = listener->data;
    struct writ_err err = { 0 };

    struct conn *c = status == 0 ? calloc(1, sizeof(*c)) : NULL;
    if (c == NULL) {
        daemon_log(d, "cannot accept a connection: %s",
                   status != 0 ? uv_strerror(status) : "out of memory");
        return;
    }
    c->daemon = d;
    writ_buf_init(&c->in, WRIT_FRAME_MAX + 4 + READ_STEP);
    writ_buf_init(&c->out, CONN_UNREAD_MAX + WRIT_FRAME_MAX + 4);
    writ_buf_init(&c->writing, CONN_UNREAD_MAX + WRIT_FRAME_MAX + 4);
    (void)uv_pipe_init(&d->loop, &c->pipe, 0);
    c->pipe.data = c;
    c->next = d->conns;
    if (d->conns != NULL)
        d->conns->prev = c;
    d->conns = c;
    d->conn_count++;
    if (set_up(c, &err) != WRIT_OK) {
        daemon_log(d, "%s", err.text);
        conn_close(c);
        return;
    }
    set_reading(c, true);
}
