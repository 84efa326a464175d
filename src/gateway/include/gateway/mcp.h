/*
 * mcp: what an MCP message asks for, and the answers a gateway gives in the server's place.
 *
 * Source:    JSON-RPC 2.0; MCP 2024-11-05 to 2026-07-28; docs/FORMATS.md section 1.
 * Units:     bytes.
 * Limits:    WRIT_MCP_LINE_MAX for a message, WRIT_JSON_DEPTH levels, WRIT_MCP_NAME_MAX for the
 *            name of a tool or prompt.
 * Errors:    reading never fails: what is not understood is WRIT_MCP_REFUSED. Builders:
 *            WRIT_LIMIT and WRIT_NOMEM from the buffer, which is unchanged on failure.
 * Ownership: a message borrows the line and owns the rest; writ_mcp_release gives it back.
 * Threads:   pure functions; a message belongs to one thread.
 *
 * What becomes of a message:
 *
 *   tools/call, resources/read, prompts/get   decided: forwarded only when the authority allows
 *   tools/list, prompts/list                  forwarded; the result is filtered
 *   whatever else is well-formed              forwarded untouched, byte for byte
 *   refused                                   never forwarded
 *
 * The message that is decided must be the one the server acts on, though the server has another
 * JSON reader. So a message is refused when readers are known to disagree about it: two keys that
 * are equal or differ only in case (Go matches field names without regard to case), a carriage
 * return inside the line (Python ends a line there), invalid UTF-8, NUL, a batch.
 */
#ifndef WRIT_GATEWAY_MCP_H
#define WRIT_GATEWAY_MCP_H

#include "base/json.h"
#include "crypto/hash.h"

#define WRIT_MCP_LINE_MAX (4u << 20)
#define WRIT_MCP_NAME_MAX 128

/* JSON-RPC's own codes, and ours, which lie outside of every reserved range. */
#define WRIT_MCP_PARSE_ERROR       (-32700)
#define WRIT_MCP_INVALID_REQUEST   (-32600)
#define WRIT_MCP_INVALID_PARAMS    (-32602)
#define WRIT_MCP_INTERNAL_ERROR    (-32603)
#define WRIT_MCP_POLICY_DENIED     4030
#define WRIT_MCP_APPROVAL_REQUIRED 4031

enum writ_mcp_kind {
    WRIT_MCP_REFUSED = 0,
    WRIT_MCP_REQUEST,
    WRIT_MCP_NOTIFICATION,
    WRIT_MCP_RESPONSE
};

enum writ_mcp_method {
    WRIT_MCP_NONE = 0, /* a response, or refused before the method was read */
    WRIT_MCP_TOOLS_CALL,
    WRIT_MCP_RESOURCES_READ,
    WRIT_MCP_PROMPTS_GET,
    WRIT_MCP_TOOLS_LIST,
    WRIT_MCP_PROMPTS_LIST,
    WRIT_MCP_CANCELLED,     /* notifications/cancelled */
    WRIT_MCP_TOOLS_CHANGED, /* notifications/tools/list_changed */
    WRIT_MCP_OTHER
};

/* Modern messages say so in their _meta; initialize and all that follows it do not. */
enum writ_mcp_era { WRIT_MCP_LEGACY = 0, WRIT_MCP_MODERN };

struct writ_mcp_message {
    enum writ_mcp_kind kind;
    enum writ_mcp_method method;
    enum writ_mcp_era era;
    struct writ_slice line; /* without its line end */
    json_t *root;
    json_t *id;        /* owned; string or integer; NULL when there is none, or not readable */
    json_t *arguments; /* owned; of a decided request: the object that the authority sees */
    /* Borrowed from root; NULL or empty when absent. */
    const json_t *result, *error;
    const json_t *cancels;        /* the id in notifications/cancelled */
    const json_t *progress_token; /* string or integer */
    const json_t *input_responses;
    struct writ_slice name; /* of the tool or prompt, or the URI of resources/read */
    struct writ_slice request_state;
    struct writ_slice trace; /* a well-formed W3C traceparent */
    bool elicits;            /* modern, and declares form elicitation */
    /* Of a refused message: the JSON-RPC code, and the reason in words. */
    int code;
    struct writ_err why;
};

/* Always fills *out, also when refused; release it afterwards. `line` may end in LF or CR LF. */
void writ_mcp_read(struct writ_slice line, struct writ_mcp_message *out);
/* Safe on a zeroed or already released message. */
void writ_mcp_release(struct writ_mcp_message *m);
#define WRIT_AUTO_MCP __attribute__((cleanup(writ_mcp_release))) struct writ_mcp_message

/* A request for one of the three methods that are actions. */
static inline bool writ_mcp_decided(const struct writ_mcp_message *m)
{
    return m->kind == WRIT_MCP_REQUEST &&
           (m->method == WRIT_MCP_TOOLS_CALL || m->method == WRIT_MCP_RESOURCES_READ ||
            m->method == WRIT_MCP_PROMPTS_GET);
}

/*
 * The id of a line that is too long or too broken to be read, so that its sender gets an answer:
 * from its first bytes or, where a reply ends in `"id":7}`, its last. NULL when neither shows it.
 * Good for answers to whoever waits, for nothing else.
 */
json_t *writ_mcp_guess_id(struct writ_slice head, struct writ_slice tail);

/* TARGET/tools/NAME, TARGET/resources/read, TARGET/prompts/NAME of a decided request. */
WRIT_MUST_CHECK enum writ_status writ_mcp_action(const struct writ_mcp_message *m,
                                                 struct writ_slice target, struct writ_buf *out);
/* SHA-256 over the canonical [method, name, arguments]: what a requestState is bound to. */
WRIT_MUST_CHECK enum writ_status writ_mcp_params_digest(const struct writ_mcp_message *m,
                                                        struct writ_hash *out);
/* The line without params.requestState and params.inputResponses, all other bytes as they were. */
WRIT_MUST_CHECK enum writ_status writ_mcp_without_state(const struct writ_mcp_message *m,
                                                        struct writ_buf *out);

/* The bytes of a response's result or error, within its line. */
bool writ_mcp_payload(const struct writ_mcp_message *m, struct writ_slice *out);

/* --- answers: one JSON-RPC message without a line end --- */

/* Whom an answer goes to. */
struct writ_mcp_asker {
    enum writ_mcp_method method;
    enum writ_mcp_era era;
    const json_t *id;
};

struct writ_mcp_denial {
    bool approval;             /* an approval is what is missing */
    struct writ_slice reason;  /* a reason code of design section 4, or one of the gateway */
    struct writ_slice detail;  /* words; may be empty */
    struct writ_slice allowed; /* what would be allowed, in words; may be empty */
    bool recorded;
    uint64_t index; /* of the decision in the ledger, when recorded */
};

/*
 * tools/call: a result with isError, which the model reads and can act on. resources/read and
 * prompts/get: an error 4030 or 4031 whose data holds reason, detail, allowed and index.
 */
WRIT_MUST_CHECK enum writ_status writ_mcp_denied(const struct writ_mcp_asker *to,
                                                 const struct writ_mcp_denial *why,
                                                 struct writ_buf *out);
/* An error; without an id when `id` is NULL, as MCP has it. */
WRIT_MUST_CHECK enum writ_status writ_mcp_error(const json_t *id, int code, struct writ_slice text,
                                                struct writ_buf *out);
/*
 * Modern only: asks the person at the client to have the action approved. The form has no fields:
 * what counts is the approval, never what the client answers here.
 */
WRIT_MUST_CHECK enum writ_status
writ_mcp_input_required(const struct writ_mcp_asker *to, struct writ_slice approval,
                        struct writ_slice action, struct writ_slice state, struct writ_buf *out);
/* A notification that keeps a held call alive. `step` grows from one to the next. */
WRIT_MUST_CHECK enum writ_status writ_mcp_progress(const json_t *token, uint64_t step,
                                                   struct writ_slice text, struct writ_buf *out);

#endif
