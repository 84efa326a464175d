/*
 * lines: takes lines from a descriptor that is read as bytes come, and puts lines into one.
 *
 * Source:    MCP, transport stdio: one message a line, ended by LF.
 * Units:     bytes.
 * Limits:    WRIT_MCP_LINE_MAX for a line taken; OUTLET_MAX for what waits to be written.
 * Errors:    lines_fill: WRIT_CLOSED at the end, WRIT_IO, WRIT_NOMEM. outlet_*: WRIT_CLOSED when
 *            the reader is gone, WRIT_LIMIT, WRIT_NOMEM.
 * Ownership: neither owns its descriptor. A line is lent until the next fill.
 * Threads:   one at a time.
 */
#ifndef WRIT_GATEWAY_STDIO_LINES_H
#define WRIT_GATEWAY_STDIO_LINES_H

#include "base/buf.h"

/* Above it the other side is not read any more, so that it waits instead of our memory filling. */
#define OUTLET_FULL (8u << 20)
#define OUTLET_MAX  (256u << 20)
#define LINE_TAIL   256

enum line_kind { LINE_NONE = 0, LINE_WHOLE, LINE_TOO_LONG };

struct line {
    enum line_kind kind;
    struct writ_slice text; /* without its LF; of a line that is too long, its beginning */
    struct writ_slice tail; /* of a line that is too long, its last bytes */
};

struct lines {
    struct writ_buf buf;
    size_t start;   /* of the first line not handed out yet */
    size_t scanned; /* no LF before here */
    bool skipping;  /* buf holds the beginning of a line that is too long */
    uint8_t tail[LINE_TAIL];
    size_t tail_len;
    bool ended;
};

void lines_init(struct lines *l);
void lines_release(struct lines *l);
/* One read(2). WRIT_NOT_FOUND: nothing there yet. At the end an unended last line counts. */
WRIT_MUST_CHECK enum writ_status lines_fill(struct lines *l, int fd);
/* LINE_NONE: fill first. */
void lines_next(struct lines *l, struct line *out);

struct outlet {
    int fd; /* non-blocking; -1 once closed */
    struct writ_buf buf;
    size_t sent;
    bool broken; /* the reader is gone; what is put in is forgotten */
};

void outlet_init(struct outlet *o, int fd);
void outlet_release(struct outlet *o);
/* Puts the bytes and an LF behind what waits. */
WRIT_MUST_CHECK enum writ_status outlet_line(struct outlet *o, struct writ_slice text);
/* Writes what the descriptor takes; WRIT_CLOSED, and `broken`, when its reader is gone. */
enum writ_status outlet_flush(struct outlet *o);
static inline size_t outlet_waiting(const struct outlet *o)
{
    return o->buf.len - o->sent;
}

#endif
