/*
 * note_parts: the signature lines of a note one by one, for opening and for cosigning.
 *
 * Source:    c2sp.org/signed-note@v1.0.0, c2sp.org/tlog-cosignature@v1.0.1 (standards D.2, D.4).
 * Units:     offsets count bytes of the note; times are POSIX seconds.
 * Limits:    WRIT_NOTE_LINES signature lines.
 * Errors:    as in ledger/note.h; WRIT_NOT_FOUND, without words, after the last line.
 * Ownership: a walk owns its buffer; lines borrow from the note and, until the next one, from it.
 * Threads:   pure functions.
 */
#ifndef WRIT_LEDGER_NOTE_PARTS_H
#define WRIT_LEDGER_NOTE_PARTS_H

#include "ledger/note.h"

#define WRIT_NOTE_LOG    0x01
#define WRIT_NOTE_COSIGN 0x04
#define WRIT_NOTE_LINES  64
#define WRIT_NOTE_DASH   "\xe2\x80\x94 " /* em dash and space */

struct writ_note_line {
    struct writ_slice whole; /* with its LF */
    struct writ_slice name;
    struct writ_slice sig; /* what follows the key id */
    uint32_t id;
    size_t at;
};

struct writ_note_walk {
    struct writ_slice note, text, rest; /* text with its last LF */
    size_t lines;
    struct writ_buf blob;
};

WRIT_MUST_CHECK enum writ_status writ_note_walk_begin(struct writ_note_walk *w,
                                                      struct writ_slice note, struct writ_err *err);
WRIT_MUST_CHECK enum writ_status
writ_note_walk_next(struct writ_note_walk *w, struct writ_note_line *out, struct writ_err *err);
/* Safe on a zeroed walk. */
void writ_note_walk_end(struct writ_note_walk *w);
#define WRIT_AUTO_NOTE_WALK __attribute__((cleanup(writ_note_walk_end))) struct writ_note_walk

/* By name and id: such a line must verify, or the whole note is bad. */
bool writ_note_line_is_by(const struct writ_note_line *line, const struct writ_note_key *key);
/* *time is that of a cosignature, and 0 for the signature of a log. */
WRIT_MUST_CHECK enum writ_status writ_note_line_verify(struct writ_slice text,
                                                       const struct writ_note_line *line,
                                                       const struct writ_note_key *key,
                                                       uint64_t *time, struct writ_err *err);
/* What a cosigner signs. */
WRIT_MUST_CHECK enum writ_status writ_note_cosign_message(struct writ_slice text, uint64_t time,
                                                          struct writ_buf *out);

#endif
