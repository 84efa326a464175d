/*
 * log: the ledger on disk. One process writes; everybody may read the files.
 *
 * Source:    c2sp.org/tlog-tiles (standards D.5); the commit files are Writ's own
 *            (docs/FORMATS.md).
 * Units:     indices and sizes count entries.
 * Limits:    an entry is 1 to WRIT_ENTRY_MAX bytes; a batch at most WRIT_BATCH_MAX entries and
 *            WRIT_BATCH_BYTES bytes, so that one frame fits one segment.
 * Errors:    WRIT_IO and WRIT_CORRUPT are final: the log is poisoned, every later call answers
 *            WRIT_CLOSED, and only a new open can go on. A full disk is not: append answers
 *            WRIT_LIMIT when there is no room for another segment, and has written nothing;
 *            publish answers WRIT_LIMIT when the next segment, WRIT_IO with sys_errno ENOSPC,
 *            EDQUOT or EFBIG when a tile has no room, and a later publish catches up.
 *            WRIT_REFUSED from open when others may write to the files.
 * Ownership: writ_log_close gives everything back; NULL is a no-op.
 * Threads:   append by one thread; publish by one other thread at the same time; size, root and
 *            room by any.
 */
#ifndef WRIT_LEDGER_LOG_H
#define WRIT_LEDGER_LOG_H

#include "ledger/note.h"
#include "ledger/tree.h"

#define WRIT_ENTRY_MAX   65535 /* tlog-tiles: the length of an entry is 16 bits */
#define WRIT_BATCH_MAX   4096
#define WRIT_BATCH_BYTES (8u << 20)

struct writ_log;

struct writ_log_options {
    const char *dir;            /* the ledger directory */
    struct writ_slice origin;   /* the name in checkpoints */
    const struct writ_key *key; /* Ed25519; signs checkpoints; borrowed while open */
    size_t segment_bytes;       /* 0: the default of 32 MiB; at least 64 KiB */
};

/* Makes the directory (mode 0700, must not exist), its first segment, and an empty checkpoint. */
WRIT_MUST_CHECK enum writ_status writ_log_create(const struct writ_log_options *o,
                                                 struct writ_err *err);
/*
 * Opens for writing: takes the lock (WRIT_CONFLICT when another process has it), replays the
 * commit frames, cuts a torn tail, refuses damage before it (WRIT_CORRUPT, naming file and
 * index), and brings the published tree up to date where a crash left it behind.
 */
WRIT_MUST_CHECK enum writ_status writ_log_open(const struct writ_log_options *o,
                                               struct writ_log **out, struct writ_err *err);
void writ_log_close(struct writ_log *log);

/*
 * Commits the entries as one frame with one fdatasync. On WRIT_OK all of them are on stable
 * storage with indices *first, *first + 1, … On failure none is acknowledged.
 */
WRIT_MUST_CHECK enum writ_status writ_log_append(struct writ_log *log,
                                                 const struct writ_slice *entries, size_t n,
                                                 uint64_t *first, struct writ_err *err);
/*
 * Writes bundles, tiles and a signed checkpoint for all entries that are durable now; nothing
 * when the checkpoint already covers them. Also prepares the next segment when the current one
 * is half full.
 */
WRIT_MUST_CHECK enum writ_status writ_log_publish(struct writ_log *log, struct writ_err *err);

uint64_t writ_log_size(const struct writ_log *log);
struct writ_hash writ_log_root(const struct writ_log *log);
/* The size of the last published checkpoint. */
uint64_t writ_log_published(const struct writ_log *log);
/* Bytes that appends can still take in segments that already lie zeroed on the disk. */
uint64_t writ_log_room(const struct writ_log *log);

/*
 * Reading, by any process, while the log grows or when it is at rest. Reads the commit files
 * where they are there, else the published bundles (a copy made by a static file server). A
 * commit may be seen in the moment between its write and its sync.
 */
struct writ_log_reader;

WRIT_MUST_CHECK enum writ_status writ_log_reader_open(const char *dir, struct writ_log_reader **out,
                                                      struct writ_err *err);
void writ_log_reader_close(struct writ_log_reader *r);
/*
 * The entry at the cursor, which starts at 0, and moves it on. WRIT_NOT_FOUND at the end: call
 * again when the log has grown. The slice is valid until the next call on `r`.
 */
WRIT_MUST_CHECK enum writ_status writ_log_reader_next(struct writ_log_reader *r,
                                                      struct writ_slice *entry, uint64_t *index,
                                                      struct writ_err *err);
/* Moves the cursor; WRIT_NOT_FOUND beyond the end. */
WRIT_MUST_CHECK enum writ_status writ_log_reader_seek(struct writ_log_reader *r, uint64_t index,
                                                      struct writ_err *err);

/* Inclusion and consistency proofs from the published tiles of `dir`. */
WRIT_MUST_CHECK enum writ_status writ_log_prove_inclusion(const char *dir, uint64_t index,
                                                          uint64_t size, struct writ_proof *out,
                                                          struct writ_err *err);
WRIT_MUST_CHECK enum writ_status writ_log_prove_consistency(const char *dir, uint64_t from,
                                                            uint64_t to, struct writ_proof *out,
                                                            struct writ_err *err);
/* The root over the first `size` published entries, from the same tiles. */
WRIT_MUST_CHECK enum writ_status writ_log_root_at(const char *dir, uint64_t size,
                                                  struct writ_hash *out, struct writ_err *err);
/* The published checkpoint note, whole. */
WRIT_MUST_CHECK enum writ_status writ_log_checkpoint(const char *dir, struct writ_buf *note,
                                                     struct writ_err *err);

/*
 * Appends the entry at `index` and the text that proves it (proof_file.h) under the published
 * checkpoint. WRIT_NOT_FOUND when there is no such entry, or the checkpoint does not cover it yet;
 * WRIT_CORRUPT when entry, tiles and checkpoint do not fit. Who signed the checkpoint is not
 * looked at.
 */
WRIT_MUST_CHECK enum writ_status writ_log_prove_entry(const char *dir, uint64_t index,
                                                      struct writ_buf *entry,
                                                      struct writ_buf *proof_file,
                                                      struct writ_err *err);

/* Checkpoints of one log in the order in which they were shown to continue each other. */
struct writ_log_growth {
    uint64_t from, to, published;
    struct writ_hash from_root, to_root;
};

/*
 * Shows from the tiles that the log of the note `to` continues that of the note `from`, and the
 * published one that of `to`; without `to` (length 0) the published one takes its place. All carry
 * a signature by `key`. WRIT_SIGNATURE for another key or origin; WRIT_CORRUPT for a log that was
 * rolled back, for a fork, and for tiles that are not those of the checkpoint, each in words.
 */
WRIT_MUST_CHECK enum writ_status
writ_log_check_growth(const char *dir, const struct writ_note_key *key, struct writ_slice from,
                      struct writ_slice to, struct writ_log_growth *out, struct writ_err *err);

/* What a full check found. */
struct writ_log_check {
    uint64_t entries; /* in bundles, covered by the checkpoint */
    uint64_t tail;    /* durable in commit files beyond the checkpoint */
    struct writ_hash root;
    char bad_file[128]; /* relative to dir; empty when all is well */
    uint64_t bad_index; /* first wrong entry, or UINT64_MAX when no entry can be named */
};

/*
 * Checks everything that is there: the signature and origin of the checkpoint, every bundle
 * against its tile, every tile against the tree, the root, and every commit frame (checksum, order,
 * and that it holds the same entries). Reads only. WRIT_OK when all is well; WRIT_CORRUPT or
 * WRIT_SIGNATURE with the first damage in *out and in words in *err. It always finishes.
 */
WRIT_MUST_CHECK enum writ_status writ_log_verify(const char *dir, const struct writ_note_key *key,
                                                 struct writ_log_check *out, struct writ_err *err);

#endif
