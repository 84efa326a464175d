/*
 * record_line: a record in a few words, for `writ log` and `writ show`.
 *
 * Source:    docs/FORMATS.md section 5.
 * Units:     none.
 * Limits:    none.
 * Errors:    none: what cannot be read is shown as its first bytes.
 * Ownership: borrows everything.
 * Threads:   one at a time.
 */
#ifndef WRIT_CLI_RECORD_LINE_H
#define WRIT_CLI_RECORD_LINE_H

#include "output.h"
#include "record/record.h"

/* Index, time, type, summary. */
void writ_record_line(struct writ_out *out, uint64_t index, const struct writ_record *r);
/* "allow" in green, "deny" in red, "hold" in yellow. */
enum writ_style writ_verdict_style(struct writ_slice verdict);
/* The elements, with commas between. */
void writ_put_texts(struct writ_out *out, const struct writ_texts *texts);
/* "14:03:07.123" of a record's day, or with its date. */
void writ_put_clock(struct writ_out *out, uint64_t us, bool date);

#endif
