/*
 * outbox: many new files made durable together.
 *
 * Source:    none. The kernel is asked to write all files of a lot before the first is waited
 *            for, so that one journal commit of the file system carries most of them.
 * Units:     files.
 * Limits:    WRIT_OUTBOX_LOT files are in flight, with as many descriptors.
 * Errors:    WRIT_IO with errno; what is in flight is dropped, and nothing has its name yet.
 * Ownership: owns its descriptors and temporary files.
 * Threads:   one.
 */
#ifndef WRIT_LEDGER_OUTBOX_H
#define WRIT_LEDGER_OUTBOX_H

#include "file.h"

#define WRIT_OUTBOX_LOT  64
#define WRIT_OUTBOX_DIRS 32

struct writ_outbox {
    const struct writ_dir *dir;
    size_t len;
    struct {
        int fd;
        bool in_place; /* the same file was there already */
        char rel[WRIT_REL_MAX];
    } file[WRIT_OUTBOX_LOT];
    size_t dirs;
    char dirty[WRIT_OUTBOX_DIRS][WRIT_REL_MAX];
};

void writ_outbox_init(struct writ_outbox *o, const struct writ_dir *dir);
/* Drops what is in flight. */
void writ_outbox_release(struct writ_outbox *o);
/* Directories on the way are made. A file that is there with other bytes is replaced. */
WRIT_MUST_CHECK enum writ_status writ_outbox_put(struct writ_outbox *o, const char *rel,
                                                 struct writ_slice data, struct writ_err *err);
/* On WRIT_OK every file put so far is durable under its name. */
WRIT_MUST_CHECK enum writ_status writ_outbox_flush(struct writ_outbox *o, struct writ_err *err);
/* Removes temporary files that a crash left behind. */
void writ_outbox_clean(const struct writ_dir *dir);

#endif
