/*
 * home: the folder of one authority: who may enter it, its keys, and the lock that makes one
 * daemon its only writer.
 *
 * Source:    docs/FORMATS.md section 8.
 * Units:     none.
 * Limits:    paths of at most WRIT_HOME_PATH bytes; the socket's at most 107, which is what a
 *            Unix socket address holds.
 * Errors:    WRIT_REFUSED when others may enter (the text has the chmod to run); WRIT_CONFLICT
 *            when another daemon has the lock; WRIT_NOT_FOUND when there is no home; WRIT_CORRUPT
 *            when its keys do not belong together; WRIT_IO, WRIT_NOMEM.
 * Ownership: writ_home_close gives back keys and lock; safe on a zeroed home.
 * Threads:   one at a time; afterwards read by all.
 */
#ifndef WRIT_DAEMON_HOME_H
#define WRIT_DAEMON_HOME_H

#include "crypto/key.h"
#include "ledger/note.h"

#define WRIT_HOME_PATH 1024

struct writ_home {
    char dir[WRIT_HOME_PATH];
    char ledger[WRIT_HOME_PATH], payloads[WRIT_HOME_PATH];
    char socket[WRIT_HOME_PATH], pid_file[WRIT_HOME_PATH];
    char cell[WRIT_ORIGIN_MAX + 1];
    struct writ_buf vkey; /* the text of the ledger's public key */
    struct writ_key *ledger_key;
    int lock_fd; /* -1 when not held */
    bool locked;
};

/* Checks permissions, takes the lock, reads the cell's name and the ledger's keys. */
WRIT_MUST_CHECK enum writ_status writ_home_open(const char *dir, struct writ_home *out,
                                                struct writ_err *err);
void writ_home_close(struct writ_home *h);

#endif
