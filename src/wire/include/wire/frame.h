/*
 * frame: what travels between the programs of Writ: a length, a type, an id, and fields.
 *
 * Source:    docs/PROTOCOL.md.
 * Units:     big endian; lengths in bytes; times in microseconds since 1970 UTC.
 * Limits:    WRIT_FRAME_MAX bytes behind the length; each field as the table of tags says.
 * Errors:    WRIT_FORMAT (with offset) and WRIT_LIMIT for whatever the protocol does not say.
 * Ownership: a parsed frame borrows from the bytes it was parsed from.
 * Threads:   pure functions.
 *
 * Only what the tables allow is sent or accepted: unknown types and tags, a tag that does not
 * belong to the type, a missing one, a second one, a wrong length: each refuses the frame.
 */
#ifndef WRIT_WIRE_FRAME_H
#define WRIT_WIRE_FRAME_H

#include "base/buf.h"

#define WRIT_WIRE_VERSION 1
/* Length, type, id. */
#define WRIT_FRAME_HEAD 9
/* Behind the length: room for two MCP lines of 4 MiB and an envelope. */
#define WRIT_FRAME_MAX (((size_t)8 << 20) + ((size_t)64 << 10))
/* Arguments and results: one MCP line. */
#define WRIT_WIRE_JSON_MAX (4u << 20)
/* Tools in one LIST; also keeps its reply within one field of bytes. */
#define WRIT_WIRE_LIST_MAX 4096

/*
 * number, name, shape, least and greatest length. Shapes: NUMBER is a u64, BYTES stands once,
 * LIST any number of times.
 */
#define WRIT_TAG_MAP(X)                            \
    X(1, VERSION, NUMBER, 8, 8)                    \
    X(2, CELL, BYTES, 1, 255)                      \
    X(3, CHALLENGE, BYTES, 32, 32)                 \
    X(4, AGENT, BYTES, 1, 256)                     \
    X(5, INSTANCE, BYTES, 0, 256)                  \
    X(6, GATEWAY, BYTES, 0, 256)                   \
    X(7, TRANSPORT, BYTES, 0, 256)                 \
    X(8, CLIENT, BYTES, 0, 1024)                   \
    X(9, ISSUED, NUMBER, 8, 8)                     \
    X(10, SIGNATURE, BYTES, 64, 64)                \
    X(11, INDEX, NUMBER, 8, 8)                     \
    X(12, TXN, BYTES, 0, 256)                      \
    X(13, GRANT, BYTES, 0, 256)                    \
    X(14, ACTION, BYTES, 0, 4096)                  \
    X(15, ARGUMENTS, BYTES, 0, WRIT_WIRE_JSON_MAX) \
    X(16, SALT, BYTES, 32, 32)                     \
    X(17, TOOL, BYTES, 0, 64)                      \
    X(18, TRACE, BYTES, 0, 256)                    \
    X(19, NONCE, BYTES, 16, 16)                    \
    X(20, VERDICT, NUMBER, 8, 8)                   \
    X(21, REASON, BYTES, 0, 256)                   \
    X(22, DETAIL, BYTES, 0, 65536)                 \
    X(23, ALLOWED, BYTES, 0, 65536)                \
    X(24, APPROVAL, BYTES, 0, 256)                 \
    X(25, TIME, NUMBER, 8, 8)                      \
    X(26, OUTCOME, BYTES, 1, 32)                   \
    X(27, RESULT, BYTES, 0, WRIT_WIRE_JSON_MAX)    \
    X(28, DURATION, NUMBER, 8, 8)                  \
    X(29, TARGET, BYTES, 0, 256)                   \
    X(30, KIND, BYTES, 0, 32)                      \
    X(31, NAME, LIST, 0, 4096)                     \
    X(32, DIGEST, LIST, 0, 64)                     \
    X(33, VERDICTS, BYTES, 0, WRIT_WIRE_LIST_MAX)  \
    X(34, STATE, NUMBER, 8, 8)                     \
    X(35, OP, BYTES, 1, 64)                        \
    X(36, BODY, BYTES, 0, (8u << 20))              \
    X(37, STATUS, NUMBER, 8, 8)                    \
    X(38, TEXT, BYTES, 0, 1024)

enum writ_tag {
    WRIT_TAG_NONE = 0,
#define X(num, name, shape, min, max) WRIT_TAG_##name = (num),
    WRIT_TAG_MAP(X)
#undef X
        WRIT_TAG_END
};

/* A reply has the type of its request with the high bit set, or is WRIT_FRAME_ERROR. */
enum writ_frame_type {
    WRIT_FRAME_NONE = 0,
    WRIT_FRAME_HELLO = 1,
    WRIT_FRAME_SESSION = 2,
    WRIT_FRAME_AUTHORIZE = 3,
    WRIT_FRAME_COMPLETE = 4,
    WRIT_FRAME_LIST = 5,
    WRIT_FRAME_AWAIT = 6,
    WRIT_FRAME_API = 7,
    WRIT_FRAME_HELLO_REPLY = 0x81,
    WRIT_FRAME_SESSION_REPLY = 0x82,
    WRIT_FRAME_AUTHORIZE_REPLY = 0x83,
    WRIT_FRAME_COMPLETE_REPLY = 0x84,
    WRIT_FRAME_LIST_REPLY = 0x85,
    WRIT_FRAME_AWAIT_REPLY = 0x86,
    WRIT_FRAME_API_REPLY = 0x87,
    WRIT_FRAME_ERROR = 0xff
};

#define WRIT_FRAME_REPLY_BIT 0x80u

/* --- reading --- */

struct writ_frame {
    enum writ_frame_type type;
    uint32_t id;
    struct writ_slice fields;           /* all of them, as they came */
    struct writ_slice at[WRIT_TAG_END]; /* by tag; of a list its first element */
    uint64_t present;                   /* bit t: tag t is there */
};

/*
 * How many bytes the frame at the start of `in` takes with its length: 0 while fewer than four
 * bytes are there. WRIT_FORMAT and WRIT_LIMIT for a length that no frame can have.
 */
WRIT_MUST_CHECK enum writ_status writ_frame_size(struct writ_slice in, size_t *out,
                                                 struct writ_err *err);
/* `whole` is exactly one frame with its length. */
WRIT_MUST_CHECK enum writ_status writ_frame_read(struct writ_slice whole, struct writ_frame *out,
                                                 struct writ_err *err);
/* The id of a frame that may be broken otherwise, to answer it; 0 when it is too short. */
uint32_t writ_frame_id(struct writ_slice whole);

static inline bool writ_frame_has(const struct writ_frame *f, enum writ_tag tag)
{
    return (f->present >> tag & 1) != 0;
}

/* Empty when absent. */
static inline struct writ_slice writ_frame_bytes(const struct writ_frame *f, enum writ_tag tag)
{
    return f->at[tag];
}

/* `fallback` when absent. */
uint64_t writ_frame_number(const struct writ_frame *f, enum writ_tag tag, uint64_t fallback);

/*
 * The fields in the order they came, one a call, from a cursor that starts at 0; false after the
 * last. With `only` other than WRIT_TAG_NONE other tags are passed over.
 */
bool writ_frame_next(const struct writ_frame *f, size_t *cursor, enum writ_tag only,
                     enum writ_tag *tag, struct writ_slice *value);

/* --- writing --- */

/* Fails once and stays failed: add everything, then check writ_frame_end. */
struct writ_frame_out {
    struct writ_buf *buf;
    size_t start;
    enum writ_status status;
};

/* Appends to `buf`, which may hold earlier frames. */
void writ_frame_begin(struct writ_frame_out *o, struct writ_buf *buf, enum writ_frame_type type,
                      uint32_t id);
void writ_frame_add(struct writ_frame_out *o, enum writ_tag tag, struct writ_slice value);
/* Leaves an empty value out. */
void writ_frame_add_some(struct writ_frame_out *o, enum writ_tag tag, struct writ_slice value);
void writ_frame_add_number(struct writ_frame_out *o, enum writ_tag tag, uint64_t value);
/* Fills in the length. On failure `buf` is as it was before begin, and `err` says which field. */
WRIT_MUST_CHECK enum writ_status writ_frame_end(struct writ_frame_out *o, struct writ_err *err);

/* A whole ERROR reply; text beyond the field's limit is cut. */
WRIT_MUST_CHECK enum writ_status writ_frame_error(struct writ_buf *buf, uint32_t id,
                                                  enum writ_status status, struct writ_slice text);

#endif
