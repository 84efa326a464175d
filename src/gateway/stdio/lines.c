#include "lines.h"

#include <errno.h>
#include <unistd.h>

#include "gateway/mcp.h"

#include "base/banned.h"

#define READ_STEP ((size_t)65536)

void lines_init(struct lines *l)
{
    *l = (struct lines){ .start = 0 };
    writ_buf_init(&l->buf, (size_t)WRIT_MCP_LINE_MAX + 2 * READ_STEP);
}

void lines_release(struct lines *l)
{
    writ_buf_release(&l->buf);
}

static void keep_tail(struct lines *l, struct writ_slice s)
{
    if (s.len >= LINE_TAIL) {
        memcpy(l->tail, s.ptr + s.len - LINE_TAIL, LINE_TAIL);
        l->tail_len = LINE_TAIL;
        return;
    }
    size_t keep = l->tail_len + s.len > LINE_TAIL ? LINE_TAIL - s.len : l->tail_len;
    memmove(l->tail, l->tail + l->tail_len - keep, keep);
    if (s.len != 0)
        memcpy(l->tail + keep, s.ptr, s.len);
    l->tail_len = keep + s.len;
}

enum writ_status lines_fill(struct lines *l, int fd)
{
    uint8_t *at;

    writ_buf_drop(&l->buf, l->start);
    l->scanned -= l->start;
    l->start = 0;
    WRIT_TRY(writ_buf_reserve(&l->buf, READ_STEP, &at));
    ssize_t n = read(fd, at, READ_STEP);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? WRIT_NOT_FOUND : WRIT_IO;
    if (n == 0) {
        l->ended = true;
        return WRIT_CLOSED;
    }
    l->buf.len += (size_t)n;
    return WRIT_OK;
}

/* The line that goes on beyond the limit: only its beginning and its end are kept. */
static void skip_on(struct lines *l)
{
    size_t len = l->buf.len - l->start;

    if (len <= WRIT_MCP_LINE_MAX)
        return;
    keep_tail(l, writ_slice(l->buf.ptr + l->start + WRIT_MCP_LINE_MAX, len - WRIT_MCP_LINE_MAX));
    l->buf.len = l->start + WRIT_MCP_LINE_MAX;
    l->scanned = l->buf.len;
    l->skipping = true;
}

void lines_next(struct lines *l, struct line *out)
{
    const uint8_t *lf = l->scanned < l->buf.len
                            ? memchr(l->buf.ptr + l->scanned, '\n', l->buf.len - l->scanned)
                            : NULL;
    size_t end = lf != NULL ? (size_t)(lf - l->buf.ptr) : l->buf.len;

    *out = (struct line){ .kind = LINE_NONE };
    if (lf == NULL && !(l->ended && end > l->start)) {
        l->scanned = l->buf.len;
        skip_on(l);
        return;
    }
    struct writ_slice text = writ_slice(l->buf.ptr + l->start, end - l->start);
    if (l->skipping || text.len > WRIT_MCP_LINE_MAX) {
        keep_tail(l, writ_slice_from(text, WRIT_MCP_LINE_MAX));
        out->kind = LINE_TOO_LONG;
        out->text = writ_slice(text.ptr, WRIT_MCP_LINE_MAX);
        out->tail = writ_slice(l->tail, l->tail_len);
    } else {
        out->kind = LINE_WHOLE;
        out->text = text;
    }
    l->skipping = false;
    l->tail_len = 0;
    l->start = lf != NULL ? end + 1 : end;
    l->scanned = l->start;
}

void outlet_init(struct outlet *o, int fd)
{
    *o = (struct outlet){ .fd = fd };
    writ_buf_init(&o->buf, OUTLET_MAX);
}

void outlet_release(struct outlet *o)
{
    writ_buf_release(&o->buf);
}

enum writ_status outlet_line(struct outlet *o, struct writ_slice text)
{
    size_t before = o->buf.len;

    if (o->broken || o->fd < 0)
        return WRIT_CLOSED;
    enum writ_status st = writ_buf_add(&o->buf, text);
    if (st == WRIT_OK)
        st = writ_buf_add_byte(&o->buf, '\n');
    if (st != WRIT_OK)
        o->buf.len = before; /* never half a line */
    return st;
}

enum writ_status outlet_flush(struct outlet *o)
{
    while (!o->broken && o->fd >= 0 && o->sent < o->buf.len) {
        ssize_t n = write(o->fd, o->buf.ptr + o->sent, o->buf.len - o->sent);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return WRIT_OK;
        if (n < 0) {
            o->broken = true;
            o->sent = o->buf.len = 0;
            return WRIT_CLOSED;
        }
        o->sent += (size_t)n;
    }
    if (o->sent == o->buf.len)
        o->sent = o->buf.len = 0;
    return o->broken ? WRIT_CLOSED : WRIT_OK;
}
