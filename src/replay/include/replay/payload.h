/*
 * payload: the arguments and results that records name by digest.
 *
 * Source:    docs/FORMATS.md section 8.
 * Units:     bytes.
 * Limits:    a payload is at most WRIT_PAYLOAD_MAX bytes of JSON; a file about
 *            WRIT_PAYLOAD_FILE_MAX.
 * Errors:    WRIT_NOT_FOUND for a digest that is not there (never written, erased, or lost with
 *            the last second before a power cut); WRIT_LIMIT; WRIT_IO; WRIT_REFUSED for a folder
 *            that others may enter.
 * Ownership: writer and reader are closed by whoever opened them; NULL is a no-op.
 * Threads:   put by one thread, sync by one other at the same time. A reader belongs to one
 *            thread, and may read while another process writes.
 *
 * A payload is not evidence by itself: the record holds its salted digest, and whoever reads one
 * compares. So a payload can be lost or erased, but not changed.
 */
#ifndef WRIT_REPLAY_PAYLOAD_H
#define WRIT_REPLAY_PAYLOAD_H

#include "base/buf.h"
#include "crypto/hash.h"

/* One MCP line. Its canonical form can be longer than the line, so there is room for that. */
#define WRIT_PAYLOAD_MAX      (16u << 20)
#define WRIT_PAYLOAD_SALT     32
#define WRIT_PAYLOAD_FILE_MAX (64u << 20) /* read whole when a writer opens it */

struct writ_payloads;

/* Makes `dir` (mode 0700) when it is not there. Only one writer a folder: the caller's lock. */
WRIT_MUST_CHECK enum writ_status writ_payloads_open(const char *dir, struct writ_payloads **out,
                                                    struct writ_err *err);
void writ_payloads_close(struct writ_payloads *p);
/*
 * Appends one payload: written, not yet on stable storage. On failure nothing of it remains, and
 * whatever would have named it must not happen.
 */
WRIT_MUST_CHECK enum writ_status writ_payloads_put(struct writ_payloads *p,
                                                   const struct writ_hash *digest,
                                                   struct writ_slice salt, struct writ_slice json,
                                                   struct writ_err *err);
/* Brings all that was put before the call to stable storage. WRIT_IO is final. */
WRIT_MUST_CHECK enum writ_status writ_payloads_sync(struct writ_payloads *p, struct writ_err *err);

struct writ_payload_reader;

/* Reads the heads of all entries and keeps where they are: for many lookups (replay). */
WRIT_MUST_CHECK enum writ_status
writ_payload_reader_open(const char *dir, struct writ_payload_reader **out, struct writ_err *err);
void writ_payload_reader_close(struct writ_payload_reader *r);
/* Replaces the contents of `json`. The digest was compared: what comes out is what was put in. */
WRIT_MUST_CHECK enum writ_status writ_payload_reader_get(struct writ_payload_reader *r,
                                                         const struct writ_hash *digest,
                                                         uint8_t salt[WRIT_PAYLOAD_SALT],
                                                         struct writ_buf *json,
                                                         struct writ_err *err);
/* One lookup without an index, newest file first: for a payload now and then. */
WRIT_MUST_CHECK enum writ_status writ_payload_find(const char *dir, const struct writ_hash *digest,
                                                   uint8_t salt[WRIT_PAYLOAD_SALT],
                                                   struct writ_buf *json, struct writ_err *err);

#endif
