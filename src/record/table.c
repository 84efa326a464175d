#include "table.h"

#include "base/banned.h"

/* clang-format off */
#define AT(shape, member)           offsetof(struct writ_record, as.shape.member)
#define TEXT(shape, member)         { FIELD_TEXT, #member, AT(shape, member) }
#define TEXT_AS(name, shape, path)  { FIELD_TEXT, name, AT(shape, path) }
#define U64(shape, member)          { FIELD_U64, #member, AT(shape, member) }
#define U64_AS(name, shape, path)   { FIELD_U64, name, AT(shape, path) }
#define BOOL(shape, member)         { FIELD_BOOL, #member, AT(shape, member) }
#define TEXTS(shape, member)        { FIELD_TEXTS, #member, AT(shape, member) }
#define NUMBERS(shape, member)      { FIELD_NUMBERS, #member, AT(shape, member) }
#define NUMBERS_AS(name, shape, p)  { FIELD_NUMBERS, name, AT(shape, p) }
#define OPEN(name)                  { FIELD_OPEN, name, 0 }
#define CLOSE                       { FIELD_CLOSE, NULL, 0 }
#define END                         { FIELD_END, NULL, 0 }

static const struct field SIGNED_TEXT[] = {
    TEXT(signed_text, by), TEXT(signed_text, text), TEXT(signed_text, signature), END,
};

static const struct field NARROWED[] = {
    TEXT(narrowed, by), TEXT(narrowed, subject), TEXT(narrowed, reason),
    U64(narrowed, requested), END,
};

static const struct field DECIDED[] = {
    TEXT(decided, txn), TEXT(decided, human), TEXT(decided, agent), TEXT(decided, instance),
    TEXT(decided, grant), BOOL(decided, selected), NUMBERS(decided, chain),
    OPEN("credential"),
    TEXT_AS("kind", decided, credential.kind), TEXT_AS("id", decided, credential.id),
    U64_AS("issued", decided, credential.issued), U64_AS("expires", decided, credential.expires),
    TEXT_AS("key", decided, credential.key),
    CLOSE,
    OPEN("proof"),
    TEXT_AS("kind", decided, proof.kind), TEXT_AS("id", decided, proof.id),
    TEXT_AS("signature", decided, proof.signature),
    CLOSE,
    TEXT(decided, transport), TEXT(decided, gateway), TEXT(decided, action),
    TEXTS(decided, resources), BOOL(decided, sensitive), TEXT(decided, arguments),
    TEXT(decided, tool), TEXTS(decided, masked), TEXT(decided, policy),
    TEXTS(decided, policies), TEXT(decided, verdict), TEXT(decided, reason),
    TEXT(decided, detail),
    OPEN("limits"),
    NUMBERS_AS("calls", decided, limits.calls), NUMBERS_AS("spend", decided, limits.spend),
    CLOSE,
    TEXT(decided, approval), TEXT(decided, trace), END,
};

static const struct field COMPLETED[] = {
    U64(completed, decided), TEXT(completed, status), TEXT(completed, result),
    U64(completed, duration), END,
};

static const struct field HELD[] = {
    TEXT(held, id), TEXT(held, grant), TEXT(held, txn), TEXT(held, agent), TEXT(held, human),
    TEXT(held, action), TEXTS(held, resources), TEXT(held, arguments), TEXT(held, digest),
    U64(held, quorum), BOOL(held, four_eyes), U64(held, expires), END,
};

static const struct field TOOL_SEEN[] = {
    TEXT(tool_seen, by), TEXT(tool_seen, target), TEXT(tool_seen, tool),
    TEXT(tool_seen, digest), END,
};

static const struct field SESSION[] = {
    TEXT(session, agent), TEXT(session, instance), TEXT(session, gateway),
    TEXT(session, transport), TEXT(session, client), TEXT(session, challenge),
    U64(session, issued), U64(session, expires), TEXT(session, signature), END,
};

static const struct field CLOCK_STEPPED[] = { U64(clock_stepped, clock), END };

static const struct field CALLERS_REFUSED[] = {
    U64(callers_refused, count), U64(callers_refused, since),
    TEXT(callers_refused, last_reason), END,
};

#define signed_text_TABLE     SIGNED_TEXT
#define narrowed_TABLE        NARROWED
#define decided_TABLE         DECIDED
#define completed_TABLE       COMPLETED
#define held_TABLE            HELD
#define tool_seen_TABLE       TOOL_SEEN
#define session_TABLE         SESSION
#define clock_stepped_TABLE   CLOCK_STEPPED
#define callers_refused_TABLE CALLERS_REFUSED
/* clang-format on */

const struct field *writ_record_fields(enum writ_record_type type)
{
    switch (type) {
    case WRIT_RECORD_NONE:
        return NULL;
#define X(num, name, text, shape) \
    case WRIT_RECORD_##name:      \
        return shape##_TABLE;
        WRIT_RECORD_MAP(X)
#undef X
    }
    return NULL;
}

const char *writ_record_type_text(enum writ_record_type type)
{
    switch (type) {
    case WRIT_RECORD_NONE:
        return "?";
#define X(num, name, text, shape) \
    case WRIT_RECORD_##name:      \
        return text;
        WRIT_RECORD_MAP(X)
#undef X
    }
    return "?";
}

enum writ_record_type writ_record_type_parse(struct writ_slice s)
{
    static const struct {
        struct writ_slice text;
        enum writ_record_type type;
    } TYPES[] = {
#define X(num, name, text, shape) { WRIT_SLICE_INIT(text), WRIT_RECORD_##name },
        WRIT_RECORD_MAP(X)
#undef X
    };
    for (size_t i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++)
        if (writ_slice_eq(TYPES[i].text, s))
            return TYPES[i].type;
    return WRIT_RECORD_NONE;
}
