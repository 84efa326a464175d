/*
 * run: one run of `writ mcp`, shared by the files of this folder.
 *
 * Source:    docs/PROTOCOL.md for the frames; gateway/mcp.h for what becomes of a message.
 * Units:     times that end in _ns are CLOCK_MONOTONIC.
 * Limits:    WRIT_STDIO_CALLS requests in flight; HELD_MAX bytes of lines waiting for the
 *            authority in each direction; TOOLS_MAX_BYTES of tool definitions remembered.
 * Errors:    a call that cannot go on is answered with a denial or an error; the run goes on.
 * Ownership: the run owns its calls; a call owns its lines.
 * Threads:   one.
 *
 * A call's life. `ask` is the id of the frame that waits for its reply; 0 in the states marked *
 * means that the frame is still to be sent, which link_pump does.
 *
 *   ASK*       AUTHORIZE      allow → FORWARDED; deny → denial; hold → AWAIT, or input_required
 *   AWAIT*     AWAIT          given → ASK; refused, expired → denial
 *   FORWARDED  (the server)   its response → COMPLETE
 *   COMPLETE*  COMPLETE       acknowledged → the response goes to the client
 *   LISTED     (the server)   its response → FILTER
 *   FILTER*    LIST           the filtered response goes to the client
 *   PASSED     (the server)   not decided; kept so that no two requests share an id
 *   GONE       nothing        cancelled by the client; the id stays taken
 */
#ifndef WRIT_GATEWAY_STDIO_RUN_H
#define WRIT_GATEWAY_STDIO_RUN_H

#include "authority/request.h"
#include "child.h"
#include "gateway/mcp.h"
#include "gateway/state.h"
#include "gateway/stdio.h"
#include "lines.h"
#include "wire/client.h"

#define HELD_MAX        (64u << 20)
#define TOOLS_MAX_BYTES (32u << 20)
#define GATEWAY_NAME    "writ-mcp"
#define TRANSPORT_NAME  "stdio"
/* A call that is held again and again after its approval was given ends here. */
#define ASKS_MAX 8

enum call_state {
    CALL_DONE = 0, /* swept away before the next wait */
    CALL_ASK,
    CALL_AWAIT,
    CALL_FORWARDED,
    CALL_COMPLETE,
    CALL_LISTED,
    CALL_FILTER,
    CALL_PASSED,
    CALL_GONE
};

struct call {
    enum call_state state;
    uint32_t ask;
    unsigned asks;
    uint64_t deadline_ns; /* 0: none */
    uint64_t progress_ns; /* the next notification; 0: none */
    uint64_t progress_step;
    bool silent; /* the client has its answer, or wants none */
    bool retry;  /* came back with our requestState */
    bool elicits;
    bool has_result; /* a COMPLETE carries the answer's result */
    bool own;        /* a tools/list that the gateway itself sent */
    bool unlisted;   /* waits for it, to learn what its tool is */

    json_t *id, *progress_token;
    enum writ_mcp_method method;
    enum writ_mcp_era era;
    struct writ_buf line;      /* what goes to the server */
    struct writ_buf action;    /* TARGET/KIND/NAME */
    struct writ_buf arguments; /* canonical */
    uint8_t salt[WRIT_SALT_LEN];
    struct writ_hash digest, params;
    char tool[2 * WRIT_HASH_LEN + 1];
    char trace[64];
    char approval[WRIT_STATE_APPROVAL_MAX + 1];

    uint64_t index; /* of the decision, once allowed */
    uint64_t forwarded_ns, answered_ns;
    const char *outcome;
    struct writ_buf answer;       /* what goes to the client */
    size_t result_at, result_len; /* the result within the answer, for the completion */
};

struct link {
    struct writ_client *client; /* NULL while down */
    uint64_t not_before_ns;     /* of the next attempt */
    unsigned pause_ms;
    struct writ_err why; /* of the last failure */
};

enum phase {
    PHASE_RUN = 0,
    PHASE_DRAIN,  /* the client left: calls that the server has may still end */
    PHASE_LEAVE,  /* the server's stdin is closed */
    PHASE_TERM,   /* SIGTERM was sent */
    PHASE_KILL,   /* SIGKILL was sent */
    PHASE_FINISH, /* the server is gone: completions and answers are still on their way */
    PHASE_END
};

struct run {
    const struct writ_gateway_stdio_options *o;
    struct writ_stdio_patience patience;
    char txn[129], instance[129];
    uint8_t salt_key[WRIT_HASH_LEN], state_key[WRIT_STATE_KEY_LEN];
    struct lines from_client, from_server;
    struct outlet to_client, to_server;
    struct child child;
    struct link link;
    int signal_fd;

    struct call **calls;
    size_t count, room;
    json_t *tools; /* name → {digest, schema}, as last listed */
    size_t tools_bytes;
    bool tools_known;   /* the gateway has listed them all, and heard of no change since */
    bool listing;       /* it is listing them now */
    unsigned own_pages; /* asked for so far */
    json_t *own_meta;   /* _meta for those requests; NULL for a legacy server */

    enum phase phase;
    uint64_t phase_until_ns;
    bool client_left;
};

/* now + ms, for deadlines. */
uint64_t run_after(unsigned ms);
/* A line of words for people, on stderr. */
void run_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The client is gone, or told us by a signal (`at_once`) to leave. */
void run_client_leaves(struct run *r, bool at_once);

/* calls.c: the table of requests in flight. */
struct call *calls_add(struct run *r, const struct writ_mcp_message *m, enum call_state state);
struct call *calls_find(const struct run *r, const json_t *id);
struct call *calls_by_ask(const struct run *r, uint32_t ask);
/* Gives the call's memory back; calls_sweep takes it off the table. */
void calls_done(struct call *c);
void calls_sweep(struct run *r);
void calls_release(struct run *r);
size_t calls_held_lines(const struct run *r);
size_t calls_held_answers(const struct run *r);

/* reply.c: what the client gets. */
void reply_line(struct run *r, struct writ_slice text);
void reply_error(struct run *r, const json_t *id, int code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* An error, unless the client wants none; ends the call. */
void reply_failed(struct run *r, struct call *c, int code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* A denial that is in no record; ends the call. */
void reply_refused(struct run *r, struct call *c, const char *reason, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void reply_denied(struct run *r, struct call *c, const struct writ_mcp_denial *why);
void reply_input_required(struct run *r, struct call *c);
void reply_progress(struct run *r, struct call *c);

/* client_side.c, server_side.c: one line each. */
void client_line(struct run *r, const struct line *l);
void server_line(struct run *r, const struct line *l);
/* Sends the call to the server, once it was allowed. */
void server_forward(struct run *r, struct call *c);
/* The server has ended: nothing in flight gets an answer from it. */
void server_gone(struct run *r);

/* outcome.c: from the server's response to the client's. */
void outcome_of_response(struct run *r, struct call *c, const struct writ_mcp_message *m);
/* There is no response: `outcome` is what the record says, the words what the client gets. */
void outcome_without_response(struct run *r, struct call *c, const char *outcome,
                              const char *words);
void outcome_deliver(struct run *r, struct call *c);

/*
 * own_list.c: a call whose tool was not listed on this connection waits until the gateway has
 * listed the tools itself: what is not seen can be neither pinned nor checked.
 */
void own_list_before(struct run *r, struct call *c, const struct writ_mcp_message *m);
/* The next page, if `answered` names one. */
void own_list_next(struct run *r, const struct writ_mcp_message *answered);
/* Lets the calls go on once the listing is over, however it ended. */
void own_list_settle(struct run *r);
/* The server says that its tools have changed: nothing is known of them any more. */
void own_list_forget(struct run *r);

/* listing.c: tools/list and prompts/list. */
/* What is known of a tool: its digest goes with the call. False: its schema refused the call. */
bool listing_check(struct run *r, struct call *c, struct writ_slice name, json_t *arguments);
void listing_response(struct run *r, struct call *c, const struct writ_mcp_message *m);
WRIT_MUST_CHECK enum writ_status listing_send(struct run *r, struct call *c, struct writ_err *err);
void listing_reply(struct run *r, struct call *c, struct writ_slice verdicts);

/* link.c: the connection to writd. */
WRIT_MUST_CHECK enum writ_status link_open(struct run *r, unsigned timeout_ms,
                                           struct writ_err *err);
void link_close(struct link *l);
/* Sends what waits to be sent; connects again when it must and may. */
void link_pump(struct run *r);
/* Reads replies until none is there. */
void link_receive(struct run *r);

/* ask.c: AUTHORIZE, AWAIT, COMPLETE and their replies. */
WRIT_MUST_CHECK enum writ_status ask_send(struct run *r, struct call *c, struct writ_err *err);
void ask_reply(struct run *r, const struct writ_frame *f);

/* loop.c */
void loop_run(struct run *r);

#endif
