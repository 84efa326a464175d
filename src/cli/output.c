#include "output.h"

#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"

#include "base/banned.h"

struct range {
    uint32_t first, last;
};

/* Combining marks and other characters that share the cell of the one before. */
static const struct range NO_WIDTH[] = {
    { 0x0300, 0x036f }, { 0x0483, 0x0489 }, { 0x0591, 0x05bd }, { 0x0610, 0x061a },
    { 0x064b, 0x065f }, { 0x0900, 0x0902 }, { 0x093c, 0x093c }, { 0x0941, 0x0948 },
    { 0x0e31, 0x0e31 }, { 0x0e34, 0x0e3a }, { 0x0e47, 0x0e4e }, { 0x1ab0, 0x1aff },
    { 0x1dc0, 0x1dff }, { 0x20d0, 0x20ff }, { 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f },
};
/* East Asian wide and emoji. */
static const struct range TWO_WIDE[] = {
    { 0x1100, 0x115f },   { 0x231a, 0x231b },   { 0x2e80, 0x303e },   { 0x3041, 0x33ff },
    { 0x3400, 0x4dbf },   { 0x4e00, 0x9fff },   { 0xa000, 0xa4cf },   { 0xac00, 0xd7a3 },
    { 0xf900, 0xfaff },   { 0xfe30, 0xfe6f },   { 0xff00, 0xff60 },   { 0xffe0, 0xffe6 },
    { 0x1f300, 0x1f64f }, { 0x1f680, 0x1f6ff }, { 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd },
};
/* C1, soft hyphen, Arabic letter mark, zero-width and bidirectional marks, line separators,
   byte order mark, interlinear marks, private tags. */
static const struct range UNSAFE[] = {
    { 0x0080, 0x009f }, { 0x00ad, 0x00ad },   { 0x061c, 0x061c }, { 0x180e, 0x180e },
    { 0x200b, 0x200f }, { 0x2028, 0x202e },   { 0x2060, 0x206f }, { 0xfeff, 0xfeff },
    { 0xfff9, 0xfffb }, { 0xe0000, 0xe0fff },
};

#define IN(table, c) in_ranges(table, sizeof(table) / sizeof((table)[0]), c)

static bool in_ranges(const struct range *r, size_t n, uint32_t c)
{
    for (size_t i = 0; i < n; i++)
        if (c >= r[i].first && c <= r[i].last)
            return true;
    return false;
}

/* The length of the character at `at`, 0 when the bytes there are none. */
static size_t decode(struct writ_slice s, size_t at, uint32_t *c)
{
    uint8_t first = s.ptr[at];
    size_t len = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

    if (len > s.len - at || writ_utf8_check(writ_slice(s.ptr + at, len)) != len)
        return 0;
    if (len == 1) {
        *c = first;
        return 1;
    }
    *c = first & (0x7fu >> len);
    for (size_t i = 1; i < len; i++)
        *c = *c << 6 | (s.ptr[at + i] & 0x3fu);
    return len;
}

enum writ_status writ_safe_text(struct writ_buf *out, struct writ_slice s)
{
    for (size_t at = 0; at < s.len;) {
        uint32_t c = 0;
        size_t len = decode(s, at, &c);

        if (len == 0) {
            WRIT_TRY(writ_buf_addf(out, "\\x%02x", s.ptr[at]));
            at++;
            continue;
        }
        if (c == '\n')
            WRIT_TRY(writ_buf_add_cstr(out, "\\n"));
        else if (c == '\t')
            WRIT_TRY(writ_buf_add_cstr(out, "\\t"));
        else if (c < 0x20 || c == 0x7f)
            WRIT_TRY(writ_buf_addf(out, "\\x%02x", (unsigned)c));
        else if (IN(UNSAFE, c))
            WRIT_TRY(writ_buf_addf(out, "\\u{%x}", (unsigned)c));
        else
            WRIT_TRY(writ_buf_add(out, writ_slice(s.ptr + at, len)));
        at += len;
    }
    return WRIT_OK;
}

static size_t cells(uint32_t c)
{
    if (IN(NO_WIDTH, c))
        return 0;
    return IN(TWO_WIDE, c) ? 2 : 1;
}

static size_t walk(struct writ_slice s, size_t limit, size_t *width)
{
    size_t at = 0;

    *width = 0;
    while (at < s.len) {
        uint32_t c = '?';
        size_t len = decode(s, at, &c), wide = cells(c);

        if (wide > limit - *width)
            break;
        *width += wide;
        at += len != 0 ? len : 1;
    }
    return at;
}

size_t writ_text_width(struct writ_slice s)
{
    size_t width;
    (void)walk(s, SIZE_MAX, &width);
    return width;
}

size_t writ_text_fit(struct writ_slice s, size_t cells)
{
    size_t width;
    return walk(s, cells, &width);
}

struct writ_out writ_out_open(FILE *file)
{
    struct writ_out out = { file, false, false, 0 };
    int fd = fileno(file);
    const char *plain = getenv("NO_COLOR"), *term = getenv("TERM");
    const char *columns = getenv("COLUMNS");
    struct winsize size;
    uint64_t n;

    if (fd < 0 || isatty(fd) == 0)
        return out;
    out.tty = true;
    out.colour = (plain == NULL || *plain == '\0') && term != NULL && strcmp(term, "dumb") != 0;
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col != 0)
        out.width = size.ws_col;
    else if (columns != NULL && writ_u64_parse(writ_cstr(columns), &n) == WRIT_OK && n < 10000)
        out.width = (size_t)n;
    return out;
}

/* `writ log | head`: a reader that has seen enough is no failure. */
static bool reader_left(const struct writ_out *out)
{
    struct pollfd p = { fileno(out->file), POLLOUT, 0 };

    return p.fd >= 0 && poll(&p, 1, 0) == 1 && (p.revents & POLLERR) != 0;
}

enum writ_status writ_out_close(struct writ_out *out, struct writ_err *err)
{
    bool failed = fflush(out->file) != 0;

    if ((failed || ferror(out->file) != 0) && !reader_left(out))
        return failed ? writ_fail_sys(err, "the output could not be written")
                      : writ_fail(err, WRIT_IO, "a part of the output could not be written");
    return WRIT_OK;
}

static void put_safe(struct writ_out *out, struct writ_slice s)
{
    WRIT_AUTO_BUF safe;

    /* Escapes take up to four bytes a byte, and here that is the only reason to fail. */
    writ_buf_init(&safe, (size_t)WRIT_LINE_MAX * 4);
    if (writ_safe_text(&safe, s) != WRIT_OK)
        (void)fputs("…", out->file);
    if (safe.len != 0)
        (void)fwrite(safe.ptr, 1, safe.len, out->file);
}

__attribute__((format(printf, 2, 0))) static void put_va(struct writ_out *out, const char *fmt,
                                                         va_list ap)
{
    char *line = NULL;
    int n = vasprintf(&line, fmt, ap);

    if (n < 0)
        return;
    size_t len = (size_t)n < WRIT_LINE_MAX ? (size_t)n : WRIT_LINE_MAX;
    put_safe(out, writ_slice(line, len));
    if (len < (size_t)n)
        (void)fputs("…", out->file);
    free(line);
}

void writ_put(struct writ_out *out, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    put_va(out, fmt, ap);
    va_end(ap);
}

void writ_say(struct writ_out *out, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    put_va(out, fmt, ap);
    va_end(ap);
    writ_newline(out);
}

static const char *style_code(enum writ_style style)
{
    switch (style) {
    case WRIT_STYLE_PLAIN:
        return "";
    case WRIT_STYLE_BOLD:
        return "\033[1m";
    case WRIT_STYLE_DIM:
        return "\033[2m";
    case WRIT_STYLE_GOOD:
        return "\033[32m";
    case WRIT_STYLE_BAD:
        return "\033[31m";
    case WRIT_STYLE_WAIT:
        return "\033[33m";
    }
    return "";
}

void writ_put_style(struct writ_out *out, enum writ_style style, const char *fmt, ...)
{
    bool on = out->colour && style != WRIT_STYLE_PLAIN;
    va_list ap;

    if (on)
        (void)fputs(style_code(style), out->file);
    va_start(ap, fmt);
    put_va(out, fmt, ap);
    va_end(ap);
    if (on)
        (void)fputs("\033[0m", out->file);
}

void writ_newline(struct writ_out *out)
{
    (void)fputc('\n', out->file);
}

void writ_put_own(struct writ_out *out, const char *text)
{
    (void)fputs(text, out->file);
}

void writ_put_json(struct writ_out *out, const json_t *value)
{
    size_t flags = JSON_INDENT(2) | JSON_ENCODE_ANY | (out->tty ? JSON_ENSURE_ASCII : 0);

    (void)json_dumpf(value, out->file, flags);
    writ_newline(out);
}

void writ_put_line_exactly(struct writ_out *out, struct writ_slice line)
{
    if (out->tty)
        put_safe(out, line);
    else if (line.len != 0)
        (void)fwrite(line.ptr, 1, line.len, out->file);
    writ_newline(out);
}
