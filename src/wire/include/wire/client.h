/*
 * client: a connection to writd, for programs that wait and for programs that poll.
 *
 * Source:    docs/PROTOCOL.md.
 * Units:     timeouts are milliseconds; negative waits for ever.
 * Limits:    WRIT_CLIENT_PENDING_MAX bytes of requests not yet taken by the socket.
 * Errors:    WRIT_CLOSED: writd is not there or went away (the text says what to do);
 *            WRIT_TIME: no answer in time; WRIT_FORMAT: writd spoke nonsense. After any of
 *            these the connection is of no more use. An ERROR reply to a call: its own status
 *            and text, and the connection stays good.
 * Ownership: a received frame borrows from the client until the next receive, call or connect.
 * Threads:   one at a time.
 *
 * Waiting:   connect, then for each request: begin, add fields, call.
 * Polling:   connect, then begin, add fields, send; poll the fd for POLLIN (and POLLOUT while
 *            writ_client_unsent is true); on POLLOUT flush; on POLLIN receive until WRIT_NOT_FOUND.
 *            Replies come in any order: match them by id. writ_client_reply_error reads an ERROR.
 */
#ifndef WRIT_WIRE_CLIENT_H
#define WRIT_WIRE_CLIENT_H

#include "wire/frame.h"

/* Two of the largest frames: one on its way, one waiting. */
#define WRIT_CLIENT_PENDING_MAX (2 * (WRIT_FRAME_MAX + 4))

struct writ_client;

/* Connects to the Unix socket at `path` and says hello. */
WRIT_MUST_CHECK enum writ_status writ_client_connect(const char *path, int timeout_ms,
                                                     struct writ_client **out,
                                                     struct writ_err *err);
/* NULL is a no-op. */
void writ_client_close(struct writ_client *c);
static inline void writ_client_drop(struct writ_client **c)
{
    writ_client_close(*c);
}
#define WRIT_AUTO_CLIENT __attribute__((cleanup(writ_client_drop))) struct writ_client

/* What writd said of itself; valid while the client lives. */
struct writ_slice writ_client_cell(const struct writ_client *c);
/* The 32 bytes that a session's signature on this connection covers. */
struct writ_slice writ_client_challenge(const struct writ_client *c);
/* For poll; never for reading or writing. */
int writ_client_fd(const struct writ_client *c);

/*
 * Starts a request of a type of WRIT_FRAME_*; add fields to what it returns, then call, or send.
 * A request that was begun and neither called nor sent is forgotten.
 */
struct writ_frame_out *writ_client_begin(struct writ_client *c, enum writ_frame_type type);

/* Sends the request and waits for its reply. WRIT_CONFLICT while others are unanswered. */
WRIT_MUST_CHECK enum writ_status writ_client_call(struct writ_client *c, int timeout_ms,
                                                  struct writ_frame *reply, struct writ_err *err);
/*
 * One API operation: `body` is a JSON object, empty for {}; *reply is the JSON that came back,
 * valid until the next receive or call.
 */
WRIT_MUST_CHECK enum writ_status writ_client_api(struct writ_client *c, const char *op,
                                                 struct writ_slice body, int timeout_ms,
                                                 struct writ_slice *reply, struct writ_err *err);

/* --- without waiting --- */

/* Queues the request, writes what the socket takes, and gives the id its reply will have. */
WRIT_MUST_CHECK enum writ_status writ_client_send(struct writ_client *c, uint32_t *id,
                                                  struct writ_err *err);
bool writ_client_unsent(const struct writ_client *c);
WRIT_MUST_CHECK enum writ_status writ_client_flush(struct writ_client *c, struct writ_err *err);
/*
 * The next reply (its id is in it). WRIT_NOT_FOUND: none is complete yet, poll again.
 * WRIT_CLOSED: no reply will come any more; nothing that is unanswered may be forwarded.
 */
WRIT_MUST_CHECK enum writ_status
writ_client_receive(struct writ_client *c, struct writ_frame *reply, struct writ_err *err);
/* Requests sent and not answered yet. */
size_t writ_client_unanswered(const struct writ_client *c);
/* For a reply of type WRIT_FRAME_ERROR: its status (never WRIT_OK) and its text. */
enum writ_status writ_client_reply_error(const struct writ_frame *reply, struct writ_err *err);

#endif
