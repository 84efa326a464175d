/*
 * proof: what `writ verify` does with a proof that `writ prove` made.
 *
 * Source:    c2sp.org/tlog-proof (standards D.7); docs/man/writ.1.
 * Units:     none.
 * Limits:    WRIT_PROOF_FILE_MAX bytes of proof, WRIT_ENTRY_MAX bytes of record.
 * Errors:    WRIT_ARG without --record, or without any key; WRIT_SIGNATURE, WRIT_CORRUPT and
 *            WRIT_FORMAT with what is wrong in words.
 * Ownership: borrows everything.
 * Threads:   one.
 */
#ifndef WRIT_CLI_PROOF_H
#define WRIT_CLI_PROOF_H

#include "command.h"

/* `key` is the text that --key gave, or empty: then the key of the home is demanded. */
WRIT_MUST_CHECK enum writ_status writ_proof_verify(struct writ_cli *cli, struct writ_slice proof,
                                                   struct writ_slice key, struct writ_err *err);

#endif
