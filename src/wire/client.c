#include "wire/client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/env.h"

#include "base/banned.h"

#define READ_STEP 65536 /* one read(2): as much as a socket buffer usually holds */

struct writ_client {
    int fd;
    bool dead; /* after an error that leaves the stream in an unknown place */
    uint32_t next_id;
    size_t unanswered;
    struct writ_buf out;
    size_t out_sent;
    size_t out_done; /* end of the finished frames; behind it a frame is being built */
    struct writ_buf in;
    size_t in_used; /* the frame that was handed out last */
    struct writ_frame_out building;
    uint32_t building_id;
    char *path;
    uint8_t cell[255];
    size_t cell_len;
    uint8_t challenge[32];
};

static enum writ_status dead(struct writ_client *c, struct writ_err *err)
{
    c->dead = true;
    return writ_fail(err, WRIT_CLOSED, "the connection to writd at %s is closed: see its log",
                     c->path);
}

static enum writ_status unreachable(const char *path, int why, struct writ_err *err)
{
    if (why == EACCES || why == EPERM)
        return writ_fail(err, WRIT_CLOSED,
                         "may not talk to writd at %s: only its own user and root may", path);
    return writ_fail(err, WRIT_CLOSED,
                     "cannot reach writd at %s: is it running? start it with `writ up`", path);
}

static enum writ_status open_socket(const char *path, int *out, struct writ_err *err)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    size_t len = strlen(path);

    if (len >= sizeof(addr.sun_path))
        return writ_fail(err, WRIT_LIMIT, "the socket path %s is longer than %zu bytes", path,
                         sizeof(addr.sun_path) - 1);
    memcpy(addr.sun_path, path, len);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return writ_fail_sys(err, "cannot make a socket");
    /* A local connect answers at once; only then is the socket made non-blocking. */
    if (connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) != 0) {
        int why = errno;
        (void)close(fd);
        return unreachable(path, why, err);
    }
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) {
        enum writ_status st = writ_fail_sys(err, "cannot make the socket non-blocking");
        (void)close(fd);
        return st;
    }
    *out = fd;
    return WRIT_OK;
}

static enum writ_status hello(struct writ_client *c, int timeout_ms, struct writ_err *err)
{
    struct writ_frame reply;

    (void)writ_client_begin(c, WRIT_FRAME_HELLO);
    WRIT_TRY(writ_client_call(c, timeout_ms, &reply, err));
    uint64_t version = writ_frame_number(&reply, WRIT_TAG_VERSION, 0);
    if (version != WRIT_WIRE_VERSION)
        return writ_fail(err, WRIT_FORMAT,
                         "writd speaks version %llu of the protocol and this program version %d: "
                         "install both from one release",
                         (unsigned long long)version, WRIT_WIRE_VERSION);
    struct writ_slice cell = writ_frame_bytes(&reply, WRIT_TAG_CELL);
    struct writ_slice challenge = writ_frame_bytes(&reply, WRIT_TAG_CHALLENGE);
    memcpy(c->cell, cell.ptr, cell.len);
    c->cell_len = cell.len;
    memcpy(c->challenge, challenge.ptr, sizeof(c->challenge));
    return WRIT_OK;
}

enum writ_status writ_client_connect(const char *path, int timeout_ms, struct writ_client **out,
                                     struct writ_err *err)
{
    WRIT_AUTO_CLIENT *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return writ_fail_nomem(err);
    c->fd = -1;
    c->next_id = 1;
    writ_buf_init(&c->out, WRIT_CLIENT_PENDING_MAX);
    writ_buf_init(&c->in, WRIT_FRAME_MAX + 4 + READ_STEP);
    c->path = strdup(path);
    if (c->path == NULL)
        return writ_fail_nomem(err);
    WRIT_TRY(open_socket(path, &c->fd, err));
    WRIT_TRY(hello(c, timeout_ms, err));
    *out = c;
    c = NULL;
    return WRIT_OK;
}

void writ_client_close(struct writ_client *c)
{
    if (c == NULL)
        return;
    if (c->fd >= 0)
        (void)close(c->fd);
    writ_buf_release(&c->out);
    writ_buf_release(&c->in);
    free(c->path);
    free(c);
}

struct writ_slice writ_client_cell(const struct writ_client *c)
{
    return writ_slice(c->cell, c->cell_len);
}

struct writ_slice writ_client_challenge(const struct writ_client *c)
{
    return writ_slice(c->challenge, sizeof(c->challenge));
}

int writ_client_fd(const struct writ_client *c)
{
    return c->fd;
}

size_t writ_client_unanswered(const struct writ_client *c)
{
    return c->unanswered;
}

bool writ_client_unsent(const struct writ_client *c)
{
    return !c->dead && c->out_sent < c->out_done;
}

struct writ_frame_out *writ_client_begin(struct writ_client *c, enum writ_frame_type type)
{
    c->out.len = c->out_done; /* forgets a request that was never sent */
    c->building_id = c->next_id;
    writ_frame_begin(&c->building, &c->out, type, c->building_id);
    return &c->building;
}

enum writ_status writ_client_flush(struct writ_client *c, struct writ_err *err)
{
    if (c->dead)
        return dead(c, err);
    while (c->out_sent < c->out_done) {
        ssize_t n = send(c->fd, c->out.ptr + c->out_sent, c->out_done - c->out_sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return WRIT_OK;
        if (n < 0)
            return dead(c, err);
        c->out_sent += (size_t)n;
    }
    writ_buf_drop(&c->out, c->out_done);
    if (c->building.start >= c->out_done)
        c->building.start -= c->out_done; /* a request that is being built moves along */
    c->out_sent = c->out_done = 0;
    return WRIT_OK;
}

enum writ_status writ_client_send(struct writ_client *c, uint32_t *id, struct writ_err *err)
{
    if (c->dead)
        return dead(c, err);
    WRIT_TRY(writ_frame_end(&c->building, err));
    c->out_done = c->out.len;
    /* 0 is the id of an ERROR that belongs to no request. */
    c->next_id = c->next_id == UINT32_MAX ? 1 : c->next_id + 1;
    c->unanswered++;
    uint32_t sent = c->building_id;
    WRIT_TRY(writ_client_flush(c, err));
    *id = sent;
    return WRIT_OK;
}

/* The next whole frame that is already here. */
static enum writ_status take_frame(struct writ_client *c, struct writ_frame *reply,
                                   struct writ_err *err)
{
    struct writ_slice rest = writ_slice_from(writ_buf_slice(&c->in), c->in_used);
    size_t size = 0;
    enum writ_status st = writ_frame_size(rest, &size, err);

    if (st == WRIT_OK && (size == 0 || size > rest.len))
        return WRIT_NOT_FOUND;
    if (st == WRIT_OK)
        st = writ_frame_read(writ_slice(rest.ptr, size), reply, err);
    if (st == WRIT_OK && ((unsigned)reply->type & WRIT_FRAME_REPLY_BIT) == 0)
        st = writ_fail(err, WRIT_FORMAT, "writd sent a request");
    if (st != WRIT_OK) {
        c->dead = true;
        return WRIT_FORMAT;
    }
    c->in_used += size;
    if (c->unanswered > 0 && reply->id != 0)
        c->unanswered--;
    return WRIT_OK;
}

enum writ_status writ_client_receive(struct writ_client *c, struct writ_frame *reply,
                                     struct writ_err *err)
{
    enum writ_status st = take_frame(c, reply, err);

    if (st != WRIT_NOT_FOUND)
        return st;
    writ_buf_drop(&c->in, c->in_used);
    c->in_used = 0;
    while (!c->dead) {
        uint8_t *at;
        st = writ_buf_reserve(&c->in, READ_STEP, &at);
        if (st != WRIT_OK)
            return writ_fail(err, st, "no memory for a reply of writd");
        ssize_t n = recv(c->fd, at, READ_STEP, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return writ_fail(err, WRIT_NOT_FOUND, "no reply is here yet");
        if (n <= 0)
            break;
        c->in.len += (size_t)n;
        st = take_frame(c, reply, err);
        if (st != WRIT_NOT_FOUND)
            return st;
    }
    return dead(c, err);
}

/* Waits until something can be read (or written, while requests wait). */
static enum writ_status wait_ready(struct writ_client *c, int timeout_ms, uint64_t start_ns,
                                   struct writ_err *err)
{
    struct pollfd p = { c->fd, POLLIN, 0 };
    int left = -1;

    if (writ_client_unsent(c))
        p.events |= POLLOUT;
    if (timeout_ms >= 0) {
        uint64_t gone_ms = (writ_monotonic_ns() - start_ns) / 1000000;
        left = gone_ms >= (uint64_t)timeout_ms ? 0 : (int)((uint64_t)timeout_ms - gone_ms);
    }
    int n = poll(&p, 1, left);
    if (n < 0 && errno != EINTR)
        return writ_fail_sys(err, "cannot wait for writd");
    if (n == 0) {
        c->dead = true; /* the late reply would be taken for another one's */
        return writ_fail(err, WRIT_TIME, "writd at %s did not answer within %d ms", c->path,
                         timeout_ms);
    }
    return WRIT_OK;
}

enum writ_status writ_client_reply_error(const struct writ_frame *reply, struct writ_err *err)
{
    uint64_t status = writ_frame_number(reply, WRIT_TAG_STATUS, 0);
    struct writ_slice text = writ_frame_bytes(reply, WRIT_TAG_TEXT);
    enum writ_status st = WRIT_CLOSED; /* a number of a later version is still a failure */

    switch (status) {
#define X(num, name, words) \
    case (num):             \
        st = WRIT_##name;   \
        break;
        WRIT_STATUS_MAP(X)
#undef X
    }
    if (st == WRIT_OK)
        st = WRIT_FORMAT;
    if (text.len == 0)
        text = writ_cstr(writ_status_text(st));
    return writ_fail(err, st, "%.*s", WRIT_FMT(text));
}

enum writ_status writ_client_call(struct writ_client *c, int timeout_ms, struct writ_frame *reply,
                                  struct writ_err *err)
{
    uint64_t start = writ_monotonic_ns();
    uint32_t id = 0;

    if (c->dead)
        return dead(c, err);
    if (c->unanswered > 0)
        return writ_fail(err, WRIT_CONFLICT, "earlier requests are still unanswered");
    unsigned type = c->out.len > c->out_done + 4 ? c->out.ptr[c->out_done + 4] : 0;
    WRIT_TRY(writ_client_send(c, &id, err));
    for (;;) {
        WRIT_TRY(writ_client_flush(c, err));
        enum writ_status st = writ_client_receive(c, reply, err);
        if (st == WRIT_OK)
            break;
        if (st != WRIT_NOT_FOUND)
            return st;
        WRIT_TRY(wait_ready(c, timeout_ms, start, err));
    }
    if (reply->type == WRIT_FRAME_ERROR)
        return writ_client_reply_error(reply, err);
    if (reply->id != id || (unsigned)reply->type != (type | WRIT_FRAME_REPLY_BIT)) {
        c->dead = true;
        return writ_fail(err, WRIT_FORMAT, "writd answered what was not asked");
    }
    return WRIT_OK;
}

enum writ_status writ_client_api(struct writ_client *c, const char *op, struct writ_slice body,
                                 int timeout_ms, struct writ_slice *reply, struct writ_err *err)
{
    struct writ_frame f;
    struct writ_frame_out *o = writ_client_begin(c, WRIT_FRAME_API);

    writ_frame_add(o, WRIT_TAG_OP, writ_cstr(op));
    writ_frame_add_some(o, WRIT_TAG_BODY, body);
    WRIT_TRY(writ_client_call(c, timeout_ms, &f, err));
    *reply = writ_frame_bytes(&f, WRIT_TAG_BODY);
    return WRIT_OK;
}
