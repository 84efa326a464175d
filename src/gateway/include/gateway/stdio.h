/*
 * stdio: `writ mcp`: stands between an MCP client on stdin and stdout and an MCP server that it
 * starts, and asks the authority before each action.
 *
 * Source:    MCP 2024-11-05 to 2026-07-28, transport stdio; design section 7; docs/PROTOCOL.md.
 * Units:     milliseconds.
 * Limits:    a line is at most WRIT_MCP_LINE_MAX bytes, in both directions; WRIT_STDIO_CALLS
 *            requests in flight. What is over a limit gets an error answer and is not forwarded.
 * Errors:    all words for people go to stderr; the result is the exit code, see below.
 * Ownership: borrows everything in the options until it returns.
 * Threads:   none of its own: one poll loop. SIGTERM, SIGINT, SIGHUP and SIGPIPE are handled
 *            while it runs and restored when it returns.
 *
 * A call of a tool that was not listed on this connection waits until the gateway has listed the
 * tools itself, with an id that begins with "writ-"; the client sees nothing of it. So each call
 * goes to the authority with the digest of the tool's definition, whatever the client asks for.
 *
 * A line of the server that is too long or malformed is dropped. Where its id can be told, the
 * request gets an error instead, and an action whose answer it was is completed as "error"; else
 * stderr says so. A call that breaks its tool's schema is refused by the gateway and not recorded:
 * nothing was decided and nothing forwarded.
 *
 * What it forwards untouched, what it decides and what it changes stands in gateway/mcp.h. Not
 * decided, so forwarded also while the authority cannot be reached: every other method.
 */
#ifndef WRIT_GATEWAY_STDIO_H
#define WRIT_GATEWAY_STDIO_H

#include "base/env.h"
#include "crypto/key.h"

#define WRIT_STDIO_CALLS 4096

/* How long things may take; 0 stands for the default in parentheses. Tests shorten them. */
struct writ_stdio_patience {
    unsigned connect_ms;  /* the authority accepts the session (10,000) */
    unsigned decide_ms;   /* the authority decides (30,000); then the call is refused */
    unsigned complete_ms; /* a completion is acknowledged before its answer is given (5,000) */
    unsigned progress_ms; /* between two notifications of progress while held (10,000) */
    unsigned retry_ms;    /* a modern retry waits for its approval (25,000) */
    unsigned cancel_ms;   /* the server may still answer a cancelled call (5,000) */
    unsigned leave_ms;    /* the server leaves after its stdin closed, and after SIGTERM (3,000) */
    unsigned backoff_ms;  /* the longest pause between two attempts to reach writd (5,000) */
};

struct writ_gateway_stdio_options {
    const char *socket_path;    /* where writd listens */
    struct writ_slice target;   /* whose actions the server's tools are */
    struct writ_slice agent;    /* who acts */
    const struct writ_key *key; /* the agent's private key */
    struct writ_slice grant;    /* empty: the authority chooses */
    struct writ_slice txn;      /* empty: "t-" and 16 random hex digits */
    struct writ_slice instance; /* empty: host name and process id */
    char *const *command;       /* the server: NULL-terminated, found in PATH */
    int in_fd, out_fd;          /* the client: 0 and 1 */
    struct writ_env env;
    struct writ_stdio_patience patience;
};

/*
 * Runs until the client or the server is gone. Exit codes: the server's own (128 and the number
 * of the signal when one ended it; 0 when we had to end it after the client left), 1 when the
 * authority refuses the session, 2 for options that cannot be, 3 when the authority cannot be
 * reached at the start (the server is then not started), 127 when the server cannot be started.
 */
WRIT_MUST_CHECK int writ_gateway_stdio_run(const struct writ_gateway_stdio_options *options);

#endif
