/*
 * table: the shape of each record type as data, which both directions of the codec follow.
 *
 * Source:    docs/FORMATS.md section 5.
 * Units:     offsets are into struct writ_record.
 * Limits:    none.
 * Errors:    none.
 * Ownership: constant data.
 * Threads:   constant data.
 */
#ifndef WRIT_RECORD_TABLE_H
#define WRIT_RECORD_TABLE_H

#include "record/record.h"

enum field_kind {
    FIELD_END = 0,
    FIELD_TEXT,    /* struct writ_slice */
    FIELD_U64,     /* uint64_t */
    FIELD_BOOL,    /* bool */
    FIELD_TEXTS,   /* struct writ_texts */
    FIELD_NUMBERS, /* struct writ_numbers */
    FIELD_OPEN,    /* a nested object begins; no storage */
    FIELD_CLOSE
};

struct field {
    enum field_kind kind;
    const char *name;
    size_t offset;
};

/* The fields after type, v and time; NULL for a value that is no type. */
const struct field *writ_record_fields(enum writ_record_type type);

#endif
