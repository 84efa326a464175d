/*
 * table: columns that line up, whatever the texts in them hold.
 *
 * Source:    none.
 * Units:     terminal cells.
 * Limits:    WRIT_TABLE_COLUMNS columns; memory for rows.
 * Errors:    fails once and stays failed: add all cells, then check writ_table_print.
 * Ownership: the table copies its cells; writ_table_release.
 * Threads:   one at a time.
 */
#ifndef WRIT_CLI_TABLE_H
#define WRIT_CLI_TABLE_H

#include "base/arena.h"
#include "output.h"

#define WRIT_TABLE_COLUMNS 12

struct writ_table_cell {
    struct writ_slice text; /* safe for a terminal */
    enum writ_style style;
};

struct writ_table {
    struct writ_arena arena;
    size_t columns;
    const char *const *head;
    size_t cells, room; /* the cells in order, row by row */
    struct writ_table_cell *at;
    bool failed;
};

/* `head` names the columns, the last row is NULL; it is borrowed. */
void writ_table_init(struct writ_table *t, const char *const *head);
void writ_table_release(struct writ_table *t);
#define WRIT_AUTO_TABLE __attribute__((cleanup(writ_table_release))) struct writ_table

/* The next cell of the row, and after the last column of the next row. */
void writ_table_add(struct writ_table *t, enum writ_style style, struct writ_slice text);
void writ_table_addf(struct writ_table *t, enum writ_style style, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* On a terminal too narrow, the last column is cut at the edge. */
WRIT_MUST_CHECK enum writ_status writ_table_print(const struct writ_table *t, struct writ_out *out,
                                                  struct writ_err *err);

#endif
