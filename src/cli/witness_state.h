/*
 * witness_state: what a witness remembers of one log: the largest tree that it cosigned.
 *
 * Source:    docs/FORMATS.md section 9.
 * Units:     sizes count ledger entries.
 * Limits:    a state file is at most WRIT_WITNESS_STATE_MAX bytes.
 * Errors:    WRIT_CONFLICT while another process holds the state, and for the state of another log;
 *            WRIT_REFUSED for a file that others may write; WRIT_CORRUPT for a malformed one;
 *            WRIT_IO.
 * Ownership: writ_witness_state_close gives the lock back; the path is borrowed.
 * Threads:   one.
 */
#ifndef WRIT_CLI_WITNESS_STATE_H
#define WRIT_CLI_WITNESS_STATE_H

#include "command.h"
#include "ledger/note.h"

#define WRIT_WITNESS_STATE_MAX 1024

struct writ_witness_state {
    const char *path;
    int lock;   /* of PATH.lock; -1 when it is not held */
    bool known; /* false before the first checkpoint of this log */
    uint64_t size;
    struct writ_hash root;
};

/* Not open yet; needed before the first return of a function. */
#define WRIT_WITNESS_STATE_NONE \
    {                           \
        .lock = -1              \
    }

/* Takes the lock, which is kept, and reads the file if there is one. */
WRIT_MUST_CHECK enum writ_status writ_witness_state_open(struct writ_witness_state *s,
                                                         const char *path,
                                                         const struct writ_note_key *log,
                                                         struct writ_err *err);
void writ_witness_state_close(struct writ_witness_state *s);
#define WRIT_AUTO_WITNESS_STATE \
    __attribute__((cleanup(writ_witness_state_close))) struct writ_witness_state

/* On WRIT_OK the new size and root are on stable storage. */
WRIT_MUST_CHECK enum writ_status writ_witness_state_store(struct writ_witness_state *s,
                                                          const struct writ_note_key *log,
                                                          const struct writ_checkpoint *c,
                                                          struct writ_err *err);

#endif
