/*
 * ledger_read: records of a home's ledger, read from its files: no daemon is needed.
 *
 * Source:    docs/FORMATS.md section 5.
 * Units:     indices count ledger entries.
 * Limits:    none.
 * Errors:    WRIT_NOT_FOUND beyond the end; WRIT_IO, WRIT_CORRUPT; WRIT_FORMAT for bytes that
 *            are no record.
 * Ownership: what is read borrows from the ledger struct until the next read, or is copied into
 *            the caller's arena.
 * Threads:   one.
 */
#ifndef WRIT_CLI_LEDGER_READ_H
#define WRIT_CLI_LEDGER_READ_H

#include "command.h"
#include "ledger/log.h"
#include "record/record.h"

struct writ_ledger {
    struct writ_log_reader *reader;
    struct writ_arena arena; /* of the record at hand */
    struct writ_slice bytes; /* as stored */
    struct writ_record record;
    uint64_t index;
};

/* The ledger of the home. */
WRIT_MUST_CHECK enum writ_status writ_ledger_open(struct writ_cli *cli, struct writ_ledger *out,
                                                  struct writ_err *err);
void writ_ledger_close(struct writ_ledger *l);
#define WRIT_AUTO_LEDGER __attribute__((cleanup(writ_ledger_close))) struct writ_ledger

/*
 * Asks the daemon to put all records under a signed checkpoint. What is not published has no proof
 * yet; without a daemon the last checkpoint must do.
 */
void writ_ledger_publish(struct writ_cli *cli);

/* The next record; WRIT_NOT_FOUND at the end, for now. */
WRIT_MUST_CHECK enum writ_status writ_ledger_next(struct writ_ledger *l, struct writ_err *err);
/* The record at `index`. */
WRIT_MUST_CHECK enum writ_status writ_ledger_at(struct writ_ledger *l, uint64_t index,
                                                struct writ_err *err);

#endif
