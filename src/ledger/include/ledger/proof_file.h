/*
 * proof_file: the tlog-proof@v1 text that shows one record to be in the log.
 *
 * Source:    c2sp.org/tlog-proof (standards D.7).
 * Units:     indices count entries.
 * Limits:    a proof file is at most WRIT_PROOF_FILE_MAX bytes.
 * Errors:    WRIT_FORMAT (with offset), WRIT_LIMIT, WRIT_NOMEM; from check also WRIT_SIGNATURE
 *            and WRIT_CORRUPT.
 * Ownership: a parsed proof borrows the checkpoint and the extra data from the text.
 * Threads:   pure functions.
 */
#ifndef WRIT_LEDGER_PROOF_FILE_H
#define WRIT_LEDGER_PROOF_FILE_H

#include "ledger/note.h"
#include "ledger/tree.h"

#define WRIT_PROOF_FILE_MAX (WRIT_NOTE_MAX + 4096)

struct writ_proof_file {
    uint64_t index;
    struct writ_proof proof;
    struct writ_slice checkpoint; /* the whole note */
    struct writ_slice extra;      /* base64 that nobody signed; empty when the line is absent */
};

/* By the first line alone. */
bool writ_proof_file_is(struct writ_slice text);
WRIT_MUST_CHECK enum writ_status
writ_proof_file_parse(struct writ_slice text, struct writ_proof_file *out, struct writ_err *err);
WRIT_MUST_CHECK enum writ_status writ_proof_file_write(const struct writ_proof_file *p,
                                                       struct writ_buf *out);
/* `entry` is at p->index of the log that `key` signs for. */
WRIT_MUST_CHECK enum writ_status writ_proof_file_check(const struct writ_proof_file *p,
                                                       struct writ_slice entry,
                                                       const struct writ_note_key *key,
                                                       struct writ_err *err);

#endif
