#include "table.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/banned.h"

#define TABLE_BUDGET (256u << 20)
#define CELL_MAX     4096 /* safe bytes; longer cells help nobody */
#define GAP          2    /* cells between columns */
#define NARROWEST    8    /* a column is not cut below this */

void writ_table_init(struct writ_table *t, const char *const *head)
{
    *t = (struct writ_table){ .head = head };
    writ_arena_init(&t->arena, TABLE_BUDGET);
    while (head[t->columns] != NULL && t->columns < WRIT_TABLE_COLUMNS)
        t->columns++;
}

void writ_table_release(struct writ_table *t)
{
    free(t->at);
    t->at = NULL;
    writ_arena_release(&t->arena);
}

static bool grow(struct writ_table *t)
{
    size_t room, bytes;

    if (t->cells < t->room)
        return true;
    room = t->room != 0 ? t->room * 2 : 64;
    if (__builtin_mul_overflow(room, sizeof(*t->at), &bytes))
        return false;
    struct writ_table_cell *at = realloc(t->at, bytes);
    if (at == NULL)
        return false;
    t->at = at;
    t->room = room;
    return true;
}

void writ_table_add(struct writ_table *t, enum writ_style style, struct writ_slice text)
{
    WRIT_AUTO_BUF safe;
    struct writ_slice kept;

    /* A text that does not fit is cut where the buffer is full: at a whole escape. */
    writ_buf_init(&safe, CELL_MAX);
    enum writ_status st = writ_safe_text(&safe, text.len != 0 ? text : WRIT_LIT("-"));
    if ((st != WRIT_OK && st != WRIT_LIMIT) || t->failed || !grow(t) ||
        !writ_arena_copy(&t->arena, writ_buf_slice(&safe), &kept)) {
        t->failed = true;
        return;
    }
    t->at[t->cells++] = (struct writ_table_cell){ kept, style };
}

void writ_table_addf(struct writ_table *t, enum writ_style style, const char *fmt, ...)
{
    char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    int n = vasprintf(&text, fmt, ap);
    va_end(ap);
    if (n < 0) {
        t->failed = true;
        return;
    }
    writ_table_add(t, style, writ_cstr(text));
    free(text);
}

static void put_padding(struct writ_out *out, size_t n)
{
    writ_put(out, "%*s", (int)(n < 4096 ? n : 4096), "");
}

/* The last cell of a row is followed by nothing, so that lines do not end in spaces. */
static void put_cell(struct writ_out *out, const struct writ_table_cell *c, size_t width, bool last)
{
    size_t have = writ_text_width(c->text);
    bool cut = last && width != 0 && have > width;
    size_t len = cut ? writ_text_fit(c->text, width - 1) : c->text.len;

    writ_put_style(out, c->style, "%.*s%s", (int)len, (const char *)c->text.ptr, cut ? "…" : "");
    if (!last)
        put_padding(out, (have < width ? width - have : 0) + GAP);
}

enum writ_status writ_table_print(const struct writ_table *t, struct writ_out *out,
                                  struct writ_err *err)
{
    size_t width[WRIT_TABLE_COLUMNS] = { 0 }, before = 0;

    if (t->failed)
        return writ_fail_nomem(err);
    if (t->columns == 0)
        return writ_fail(err, WRIT_ARG, "a table has columns");
    for (size_t c = 0; c < t->columns; c++)
        width[c] = writ_text_width(writ_cstr(t->head[c]));
    for (size_t i = 0; i < t->cells; i++) {
        size_t w = writ_text_width(t->at[i].text);
        if (w > width[i % t->columns])
            width[i % t->columns] = w;
    }
    for (size_t c = 0; c + 1 < t->columns; c++)
        before += width[c] + GAP;
    /* Only a terminal has an edge. */
    width[t->columns - 1] = out->width == 0                   ? 0
                            : out->width > before + NARROWEST ? out->width - before
                                                              : NARROWEST;
    for (size_t c = 0; c < t->columns; c++) {
        struct writ_table_cell head = { writ_cstr(t->head[c]), WRIT_STYLE_DIM };
        put_cell(out, &head, width[c], c + 1 == t->columns);
    }
    writ_newline(out);
    for (size_t i = 0; i < t->cells; i++) {
        bool last = i % t->columns == t->columns - 1;
        put_cell(out, &t->at[i], width[i % t->columns], last);
        if (last)
            writ_newline(out);
    }
    return WRIT_OK;
}
