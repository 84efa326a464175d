/*
 * tools: the lists a server gives of its tools and prompts: digests, filtering, input schemas.
 *
 * Source:    docs/FORMATS.md section 3 (digest); MCP 2026-07-28 tools/list, prompts/list;
 *            JSON Schema 2020-12 (the small part named below).
 * Units:     bytes.
 * Limits:    WRIT_MCP_LINE_MAX for a list; WRIT_TOOLS_MAX items of it are shown at most.
 * Errors:    WRIT_FORMAT for what is not such a list or breaks the schema; WRIT_LIMIT, WRIT_NOMEM.
 * Ownership: borrows its arguments.
 * Threads:   pure functions.
 */
#ifndef WRIT_GATEWAY_TOOLS_H
#define WRIT_GATEWAY_TOOLS_H

#include "gateway/mcp.h"

/* As many names as one LIST frame carries. What a server lists beyond is hidden. */
#define WRIT_TOOLS_MAX 4096

/* SHA-256 over the canonical {name, description, inputSchema, outputSchema, annotations}. */
WRIT_MUST_CHECK enum writ_status writ_tool_digest(const json_t *tool, struct writ_hash *out,
                                                  struct writ_err *err);

/* The array in a response to tools/list or prompts/list, borrowed from the message. */
WRIT_MUST_CHECK enum writ_status writ_tools_items(const struct writ_mcp_message *response,
                                                  enum writ_mcp_method method, const json_t **out,
                                                  struct writ_err *err);
/* The name of an item, when it is one that an action can have; else the item is never shown. */
bool writ_tools_name(const json_t *item, struct writ_slice *out);
/*
 * The line with only those items whose `keep` is true; all other members keep their bytes, and
 * so does each item that stays. `count` is the number of items.
 */
WRIT_MUST_CHECK enum writ_status writ_tools_filter(const struct writ_mcp_message *response,
                                                   enum writ_mcp_method method, const bool *keep,
                                                   size_t count, struct writ_buf *out,
                                                   struct writ_err *err);

/*
 * Whether `arguments` fit the tool's inputSchema, as far as a gateway judges it: every required
 * name is there, no other name where additionalProperties is false (and patternProperties is
 * absent), and each property has its primitive `type`. References, combinations and nested
 * schemas are the server's to check. WRIT_FORMAT names the argument.
 *
 * A call that fails here is refused by the gateway before the authority is asked: there is no
 * record of it, for nothing was decided and nothing forwarded.
 */
WRIT_MUST_CHECK enum writ_status writ_tools_check(const json_t *schema, json_t *arguments,
                                                  struct writ_err *err);

#endif
