/*
 * output: what goes to a person's terminal, and what goes to a program.
 *
 * Source:    ECMA-48 (colours), Unicode 15 (what must not reach a terminal), no-color.org.
 * Units:     widths are terminal cells.
 * Limits:    a line is at most WRIT_LINE_MAX bytes; what is longer is cut and marked.
 * Errors:    none here; writ_out_close reports a full disk or a closed pipe.
 * Ownership: the FILE belongs to the caller.
 * Threads:   one at a time.
 *
 * Texts in a ledger were written by agents and by the servers they talk to. So every line is made
 * whole and then freed of control bytes, newlines in data among them: no text can move the
 * cursor, change a colour or forge a line.
 */
#ifndef WRIT_CLI_OUTPUT_H
#define WRIT_CLI_OUTPUT_H

#include <stdio.h>

#include "base/json.h"

#define WRIT_LINE_MAX (64u << 10)

enum writ_style {
    WRIT_STYLE_PLAIN = 0,
    WRIT_STYLE_BOLD,
    WRIT_STYLE_DIM,
    WRIT_STYLE_GOOD,
    WRIT_STYLE_BAD,
    WRIT_STYLE_WAIT
};

struct writ_out {
    FILE *file;
    bool tty;
    bool colour;
    size_t width; /* of the terminal; 0: unknown, nothing is cut to fit */
};

/* Looks at the terminal, NO_COLOR, TERM and COLUMNS. */
struct writ_out writ_out_open(FILE *file);
/* Flushes; WRIT_IO when anything that was written did not arrive, unless its reader left. */
WRIT_MUST_CHECK enum writ_status writ_out_close(struct writ_out *out, struct writ_err *err);

/* One whole line; the newline is added. */
void writ_say(struct writ_out *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A part of a line. */
void writ_put(struct writ_out *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void writ_put_style(struct writ_out *out, enum writ_style style, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void writ_newline(struct writ_out *out);
/* Text of our own that holds its newlines. */
void writ_put_own(struct writ_out *out, const char *text);
/* One JSON document, indented; only ASCII on a terminal. */
void writ_put_json(struct writ_out *out, const json_t *value);
/* The bytes as they are, for a program; on a terminal made safe. A newline is added. */
void writ_put_line_exactly(struct writ_out *out, struct writ_slice line);

/*
 * Appends `s` without anything that acts on a terminal: C0 and C1 controls, DEL, invalid UTF-8
 * (as \xNN), marks that reorder text or take no space (as \u{NNNN}).
 */
WRIT_MUST_CHECK enum writ_status writ_safe_text(struct writ_buf *out, struct writ_slice s);
/* The cells that safe text takes. */
size_t writ_text_width(struct writ_slice s);
/* How many bytes of safe text fit `cells`, never within a character. */
size_t writ_text_fit(struct writ_slice s, size_t cells);

#endif
