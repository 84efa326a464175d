/*
 * package: one file that shows a transaction to somebody who trusts none of us.
 *
 * Source:    docs/FORMATS.md section 7.
 * Units:     indices count ledger entries.
 * Limits:    a package is at most WRIT_PACKAGE_MAX bytes and WRIT_PACKAGE_RECORDS records.
 * Errors:    WRIT_NOT_FOUND for an unknown transaction, WRIT_LIMIT, WRIT_FORMAT (with offset),
 *            WRIT_CORRUPT and WRIT_SIGNATURE when a check fails: the text says which and where.
 * Ownership: the report is a value.
 * Threads:   pure, but for reading the ledger's files in export.
 */
#ifndef WRIT_REPLAY_PACKAGE_H
#define WRIT_REPLAY_PACKAGE_H

#include "base/buf.h"

#define WRIT_PACKAGE_MAX     (64u << 20)
#define WRIT_PACKAGE_RECORDS 10000

/*
 * The records of `txn`, and all that they stand on (record 0, people, agents, targets, grants of
 * the chains, sessions, approvals), each with its inclusion proof in the published checkpoint.
 */
WRIT_MUST_CHECK enum writ_status writ_package_export(const char *ledger, struct writ_slice txn,
                                                     struct writ_buf *out, struct writ_err *err);

struct writ_package_report {
    char cell[256];
    char txn[129];
    char ledger_key[400];  /* the vkey that signed the checkpoint */
    char operator_key[64]; /* fingerprint of the key in record 0, where all trust starts */
    char operator_name[65];
    uint64_t tree_size;
    uint64_t records, proofs;
    uint64_t signatures_human, signatures_agent, signatures_action, signatures_session;
    uint64_t actions, allowed, denied, held, in_doubt;
    uint64_t unsigned_actions; /* authenticated by a session only */
    bool key_trusted;          /* the caller named the ledger key, and it is this one */
};

/* Checks everything in it. `trusted` is a vkey to demand, or empty to take the package's own. */
WRIT_MUST_CHECK enum writ_status writ_package_verify(struct writ_slice package,
                                                     struct writ_slice trusted,
                                                     struct writ_package_report *out,
                                                     struct writ_err *err);

#endif
