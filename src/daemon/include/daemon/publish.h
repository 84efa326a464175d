/*
 * publish: the thread that brings payloads to stable storage and signs checkpoints, about once a
 * second when there is something new, and on demand.
 *
 * Source:    docs/ARCHITECTURE.md.
 * Units:     sizes count ledger entries.
 * Limits:    none.
 * Errors:    a full disk is trouble that may pass: it is reported, and tried again. Any other
 *            failure is final. writ_publish_state tells both.
 * Ownership: log and payloads are borrowed until writ_publish_free.
 * Threads:   started and asked by one thread; `wake` runs on the publisher.
 */
#ifndef WRIT_DAEMON_PUBLISH_H
#define WRIT_DAEMON_PUBLISH_H

#include "ledger/log.h"
#include "replay/payload.h"

struct writ_publish;

WRIT_MUST_CHECK enum writ_status
writ_publish_start(struct writ_log *log, struct writ_payloads *payloads, void (*wake)(void *ctx),
                   void *wake_ctx, struct writ_publish **out, struct writ_err *err);
/* Asks for a round now; the number it returns is reached by `rounds` when it is done. */
uint64_t writ_publish_ask(struct writ_publish *p);
/* How many rounds are done, and how the last one ended; *why only when not well. */
enum writ_publish_health { WRIT_PUBLISH_FAILED = 0, WRIT_PUBLISH_TROUBLED, WRIT_PUBLISH_WELL };
enum writ_publish_health writ_publish_state(struct writ_publish *p, uint64_t *rounds,
                                            struct writ_err *why);
/* One last round, and the end of the thread. */
enum writ_publish_health writ_publish_stop(struct writ_publish *p, struct writ_err *why);
void writ_publish_free(struct writ_publish *p);

#endif
