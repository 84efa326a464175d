/*
 * cosign: what witnesses say about a checkpoint: at this time it was the largest consistent one
 * that they had seen of this log.
 *
 * Source:    c2sp.org/tlog-cosignature@v1.0.1, Ed25519, key type 0x04 (standards D.4).
 * Units:     times are POSIX seconds, 1 to 2^63-1.
 * Limits:    those of a note: WRIT_NOTE_MAX bytes, 64 signature lines.
 * Errors:    WRIT_FORMAT (with offset), WRIT_SIGNATURE, WRIT_ARG, WRIT_LIMIT, WRIT_NOMEM. `out`
 *            is unchanged on failure.
 * Ownership: nothing is kept.
 * Threads:   pure functions.
 */
#ifndef WRIT_LEDGER_COSIGN_H
#define WRIT_LEDGER_COSIGN_H

#include "ledger/note.h"

/*
 * Appends one cosignature line, with its LF, over the checkpoint in `note`. Whether the log signed
 * the note, and whether it goes on from what was seen before, is for the caller to know.
 */
WRIT_MUST_CHECK enum writ_status writ_cosign_line(struct writ_slice note,
                                                  const struct writ_note_key *name,
                                                  const struct writ_key *key, uint64_t time,
                                                  struct writ_buf *out, struct writ_err *err);
/* Appends `note` and behind it `lines`, which must be signature lines and nothing else. */
WRIT_MUST_CHECK enum writ_status writ_cosign_append(struct writ_slice note, struct writ_slice lines,
                                                    struct writ_buf *out, struct writ_err *err);
/* Appends `note` without the lines by `name`; at least one other must be left. */
WRIT_MUST_CHECK enum writ_status writ_cosign_without(struct writ_slice note,
                                                     const struct writ_note_key *name,
                                                     struct writ_buf *out, struct writ_err *err);
/* When the witness cosigned; WRIT_SIGNATURE when it did not, or when a line of its is wrong. */
WRIT_MUST_CHECK enum writ_status writ_cosign_verify(struct writ_slice note,
                                                    const struct writ_note_key *witness,
                                                    uint64_t *time, struct writ_err *err);
/*
 * When each of `n` witnesses cosigned, the latest time of several, 0 where one did not. A wrong
 * line by one of them is WRIT_SIGNATURE for the whole note; lines by others are passed over.
 */
WRIT_MUST_CHECK enum writ_status writ_cosign_collect(struct writ_slice note,
                                                     const struct writ_note_key *witnesses,
                                                     size_t n, uint64_t *times,
                                                     struct writ_err *err);

#endif
