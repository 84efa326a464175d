/*
 * rig: a gateway between three scripted parties: the test is the client and writd, and this test
 * program, started with "--server", is the MCP server.
 *
 * Every wait ends after RIG_WAIT_MS with a failed test.
 */
#ifndef WRIT_TESTS_GATEWAY_RIG_H
#define WRIT_TESTS_GATEWAY_RIG_H

#include <sys/types.h>

#include "authority/request.h"
#include "gateway/stdio.h"
#include "wire/frame.h"

#define RIG_WAIT_MS 10000

struct rig {
    char dir[64], socket_path[96];
    struct writ_key *key;
    int listening, peer; /* as writd */
    int to, from;        /* as client */
    pid_t gateway;
    struct writ_buf lines, frames;
    size_t line_used, frame_used;
    struct writ_buf last; /* what rig_hear or rig_frame gave last */
    uint8_t challenge[32];
    struct writ_stdio_patience patience;
    bool no_server; /* the server's command does not exist */
};

#define HANDLE_MAX 512
#define CALL(id, params) \
    "{\"jsonrpc\":\"2.0\", \"id\":" id ",\"method\":\"tools/call\",\"params\":" params "}"
#define READ(id)       CALL(id, "{\"name\":\"read\",\"arguments\":{\"path\":\"/a\"}}")
#define READ_ARGUMENTS "{\"path\":\"/a\"}"
#define PING(id)       "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"ping\"}"
#define MODERN                                                               \
    "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"," \
    "\"io.modelcontextprotocol/clientCapabilities\":{\"elicitation\":{\"form\":{}}}}"

/* The server's part of main: answers each request with the line it got. */
int rig_server(void);

/* Makes a folder, a socket and a key; starts nothing. */
void rig_init(struct rig *r);
/* Starts the gateway and takes its session. */
void rig_start(struct rig *r);
void rig_start_only(struct rig *r);
/* Takes a connection: HELLO and SESSION, whose signature must be good. */
void rig_accept(struct rig *r);
/* Takes a connection, and refuses its session. */
void rig_turn_away(struct rig *r);
void rig_hang_up(struct rig *r);
/* Waits for the gateway to end, checks its exit code, and gives all back. */
void rig_end(struct rig *r, int code);
void rig_close_client(struct rig *r);

/* The client. */
void rig_say(struct rig *r, const char *line);
const char *rig_hear(struct rig *r);
void rig_hear_nothing(struct rig *r, int ms);
/* The answer to id `id` whose text contains `words`. */
void rig_hear_with(struct rig *r, const char *id, const char *words);

/* writd. */
struct writ_frame rig_frame(struct rig *r, enum writ_frame_type type);
void rig_no_frame(struct rig *r, int ms);
/*
 * An AUTHORIZE with a good signature for this action and these arguments. When the gateway lists
 * the tools by itself before, all of them are shown.
 */
struct writ_frame rig_authorize(struct rig *r, const char *action, const char *arguments);
void rig_verdict(struct rig *r, uint32_t id, uint64_t verdict, uint64_t index,
                 const char *approval);
void rig_number(struct rig *r, uint32_t id, enum writ_frame_type type, enum writ_tag tag,
                uint64_t value);
void rig_listing(struct rig *r, uint32_t id, struct writ_slice verdicts);
void rig_error(struct rig *r, uint32_t id, enum writ_status st, const char *text);
/* A COMPLETE of this index with this outcome. */
struct writ_frame rig_complete(struct rig *r, uint64_t index, const char *outcome);

/* The server answers with the line it got: `line` must be it, byte for byte. */
void rig_heard_by_server(struct rig *r, const char *line);
/* The client leaves, and all ends well. */
void rig_leave(struct rig *r);
/* Acknowledges the COMPLETE of this index with this outcome. */
void rig_acknowledge(struct rig *r, uint64_t index, const char *outcome);

#endif
