/*
 * note: C2SP signed notes and tlog checkpoints.
 *
 * Source:    c2sp.org/signed-note@v1.0.0, c2sp.org/tlog-checkpoint@v1.0.0 (standards D.2, D.3).
 * Units:     tree sizes count leaves.
 * Limits:    a note is at most WRIT_NOTE_MAX bytes with at most 64 signature lines; an origin is
 *            at most WRIT_ORIGIN_MAX bytes.
 * Errors:    WRIT_FORMAT (with offset), WRIT_SIGNATURE, WRIT_LIMIT, WRIT_NOMEM.
 * Ownership: a parsed checkpoint borrows from the note's bytes.
 * Threads:   pure functions.
 */
#ifndef WRIT_LEDGER_NOTE_H
#define WRIT_LEDGER_NOTE_H

#include "crypto/key.h"

#define WRIT_NOTE_MAX   65536
#define WRIT_ORIGIN_MAX 255

/* A key that verifies notes: "name+hhhhhhhh+base64(type, public key)", Ed25519 only. */
struct writ_note_key {
    char name[WRIT_ORIGIN_MAX + 1];
    uint32_t id;
    uint8_t type; /* 0x01 log key, 0x04 cosignature key */
    uint8_t pub[32];
};

WRIT_MUST_CHECK enum writ_status
writ_note_key_parse(struct writ_slice vkey, struct writ_note_key *out, struct writ_err *err);
WRIT_MUST_CHECK enum writ_status writ_note_key_make(struct writ_slice name, uint8_t type,
                                                    const struct writ_key *key,
                                                    struct writ_note_key *out,
                                                    struct writ_err *err);
/* The vkey text. */
WRIT_MUST_CHECK enum writ_status writ_note_key_text(const struct writ_note_key *key,
                                                    struct writ_buf *out);
/* A name for logs and cells: 1 to 255 bytes of printable ASCII without space and plus. */
bool writ_origin_valid(struct writ_slice name);

/* Appends `text` (which ends in LF), a blank line, and one signature line by `key`. */
WRIT_MUST_CHECK enum writ_status writ_note_sign(struct writ_slice text,
                                                const struct writ_note_key *name,
                                                const struct writ_key *key, struct writ_buf *out,
                                                struct writ_err *err);
/* The text of a note that carries a good signature by `key`; borrowed from `note`. */
WRIT_MUST_CHECK enum writ_status writ_note_open(struct writ_slice note,
                                                const struct writ_note_key *key,
                                                struct writ_slice *text, struct writ_err *err);

struct writ_checkpoint {
    struct writ_slice origin;
    uint64_t size;
    struct writ_hash root;
};

/* The body lines of a checkpoint; extension lines are accepted and ignored. */
WRIT_MUST_CHECK enum writ_status
writ_checkpoint_parse(struct writ_slice text, struct writ_checkpoint *out, struct writ_err *err);
/* The same of a whole note, whoever signed it: its signatures are not looked at. */
WRIT_MUST_CHECK enum writ_status
writ_checkpoint_peek(struct writ_slice note, struct writ_checkpoint *out, struct writ_err *err);
/* Opens the note, parses it, and demands that the origin is the key's name. */
WRIT_MUST_CHECK enum writ_status writ_checkpoint_open(struct writ_slice note,
                                                      const struct writ_note_key *key,
                                                      struct writ_checkpoint *out,
                                                      struct writ_err *err);
WRIT_MUST_CHECK enum writ_status writ_checkpoint_sign(const struct writ_checkpoint *c,
                                                      const struct writ_note_key *name,
                                                      const struct writ_key *key,
                                                      struct writ_buf *out, struct writ_err *err);

#endif
