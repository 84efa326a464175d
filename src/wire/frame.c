#include "wire/frame.h"

#include "base/banned.h"

enum shape { SHAPE_NONE = 0, SHAPE_NUMBER, SHAPE_BYTES, SHAPE_LIST };

struct tag_rule {
    const char *name;
    enum shape shape;
    uint32_t min, max;
};

static const struct tag_rule tag_rules[WRIT_TAG_END] = {
#define X(num, name, shape, min, max) [num] = { #name, SHAPE_##shape, (min), (max) },
    WRIT_TAG_MAP(X)
#undef X
};

#define TAG(name) (UINT64_C(1) << WRIT_TAG_##name)
/* The proof of one action by the agent's key: all three or none. */
#define PROOF_TAGS (TAG(NONCE) | TAG(ISSUED) | TAG(SIGNATURE))

_Static_assert(WRIT_TAG_END <= 64, "tags of a frame are kept in a 64-bit set");

struct type_rule {
    enum writ_frame_type type;
    uint64_t required, optional;
};

static const struct type_rule type_rules[] = {
    { WRIT_FRAME_HELLO, 0, 0 },
    { WRIT_FRAME_SESSION, TAG(AGENT) | TAG(ISSUED) | TAG(SIGNATURE),
      TAG(INSTANCE) | TAG(GATEWAY) | TAG(TRANSPORT) | TAG(CLIENT) },
    { WRIT_FRAME_AUTHORIZE, TAG(AGENT) | TAG(TXN) | TAG(ACTION) | TAG(ARGUMENTS) | TAG(SALT),
      TAG(INSTANCE) | TAG(GRANT) | TAG(TRANSPORT) | TAG(GATEWAY) | TAG(TOOL) | TAG(TRACE) |
          PROOF_TAGS },
    { WRIT_FRAME_COMPLETE, TAG(INDEX) | TAG(OUTCOME), TAG(RESULT) | TAG(SALT) | TAG(DURATION) },
    { WRIT_FRAME_LIST, TAG(AGENT) | TAG(TARGET) | TAG(KIND), TAG(GRANT) | TAG(NAME) | TAG(DIGEST) },
    { WRIT_FRAME_AWAIT, TAG(APPROVAL), 0 },
    { WRIT_FRAME_API, TAG(OP), TAG(BODY) },
    { WRIT_FRAME_HELLO_REPLY, TAG(VERSION) | TAG(CELL) | TAG(CHALLENGE), 0 },
    { WRIT_FRAME_SESSION_REPLY, TAG(INDEX), 0 },
    { WRIT_FRAME_AUTHORIZE_REPLY, TAG(VERDICT) | TAG(TIME),
      TAG(REASON) | TAG(DETAIL) | TAG(ALLOWED) | TAG(INDEX) | TAG(APPROVAL) | TAG(GRANT) },
    { WRIT_FRAME_COMPLETE_REPLY, TAG(INDEX), 0 },
    { WRIT_FRAME_LIST_REPLY, TAG(VERDICTS), 0 },
    { WRIT_FRAME_AWAIT_REPLY, TAG(STATE), 0 },
    { WRIT_FRAME_API_REPLY, TAG(BODY), 0 },
    { WRIT_FRAME_ERROR, TAG(STATUS), TAG(TEXT) },
};

static const struct type_rule *find_type(unsigned type)
{
    for (size_t i = 0; i < sizeof(type_rules) / sizeof(type_rules[0]); i++)
        if ((unsigned)type_rules[i].type == type)
            return &type_rules[i];
    return NULL;
}

enum writ_status writ_frame_size(struct writ_slice in, size_t *out, struct writ_err *err)
{
    struct writ_reader r = writ_reader(in);
    uint32_t length = writ_read_be32(&r);

    if (r.bad) {
        *out = 0;
        return WRIT_OK;
    }
    if (length < WRIT_FRAME_HEAD - 4)
        return writ_fail(err, WRIT_FORMAT, "a frame of %u bytes has no type and id", length);
    if (length > WRIT_FRAME_MAX)
        return writ_fail(err, WRIT_LIMIT, "a frame of %u bytes exceeds the limit of %zu", length,
                         WRIT_FRAME_MAX);
    *out = (size_t)length + 4;
    return WRIT_OK;
}

uint32_t writ_frame_id(struct writ_slice whole)
{
    struct writ_reader r = writ_reader(writ_slice_from(whole, 5));
    uint32_t id = writ_read_be32(&r);
    return r.bad ? 0 : id;
}

/* The proof and the result are groups: half of one is a mistake that must not pass as none. */
static enum writ_status check_groups(const struct writ_frame *f, struct writ_err *err)
{
    if (f->type == WRIT_FRAME_AUTHORIZE && (f->present & PROOF_TAGS) != 0 &&
        (f->present & PROOF_TAGS) != PROOF_TAGS)
        return writ_fail(err, WRIT_FORMAT,
                         "NONCE, ISSUED and SIGNATURE stand together or not at all");
    if (f->type == WRIT_FRAME_COMPLETE &&
        writ_frame_has(f, WRIT_TAG_RESULT) != writ_frame_has(f, WRIT_TAG_SALT))
        return writ_fail(err, WRIT_FORMAT, "RESULT and SALT stand together or not at all");
    return WRIT_OK;
}

static enum writ_status read_field(struct writ_reader *r, const struct type_rule *rule,
                                   size_t offset, struct writ_frame *f, struct writ_err *err)
{
    unsigned tag = writ_read_u8(r);
    struct writ_slice value = writ_read_str32(r);

    if (r->bad)
        return writ_fail_at(err, WRIT_FORMAT, offset, "a field runs beyond its frame");
    if (tag == WRIT_TAG_NONE || tag >= WRIT_TAG_END)
        return writ_fail_at(err, WRIT_FORMAT, offset, "unknown tag %u", tag);
    const struct tag_rule *t = &tag_rules[tag];
    uint64_t bit = UINT64_C(1) << tag;
    if (((rule->required | rule->optional) & bit) == 0)
        return writ_fail_at(err, WRIT_FORMAT, offset, "%s does not belong to type %u", t->name,
                            (unsigned)rule->type);
    if (value.len < t->min || value.len > t->max)
        return writ_fail_at(err, WRIT_FORMAT, offset, "%s has %zu bytes, not %u to %u", t->name,
                            value.len, t->min, t->max);
    if ((f->present & bit) != 0) {
        if (t->shape != SHAPE_LIST)
            return writ_fail_at(err, WRIT_FORMAT, offset, "%s stands twice", t->name);
        return WRIT_OK;
    }
    f->present |= bit;
    f->at[tag] = value;
    return WRIT_OK;
}

enum writ_status writ_frame_read(struct writ_slice whole, struct writ_frame *out,
                                 struct writ_err *err)
{
    struct writ_frame f = { 0 };
    size_t size = 0;

    WRIT_TRY(writ_frame_size(whole, &size, err));
    if (size == 0 || size != whole.len)
        return writ_fail(err, WRIT_FORMAT, "the length of the frame is not its length");
    unsigned type = whole.ptr[4];
    const struct type_rule *rule = find_type(type);
    if (rule == NULL)
        return writ_fail_at(err, WRIT_FORMAT, 4, "unknown type %u", type);
    f.type = rule->type;
    f.id = writ_frame_id(whole);
    f.fields = writ_slice_from(whole, WRIT_FRAME_HEAD);
    struct writ_reader r = writ_reader(f.fields);
    while (r.rest.len > 0) {
        size_t offset = whole.len - r.rest.len;
        WRIT_TRY(read_field(&r, rule, offset, &f, err));
    }
    uint64_t missing = rule->required & ~f.present;
    if (missing != 0)
        return writ_fail(err, WRIT_FORMAT, "%s is missing",
                         tag_rules[__builtin_ctzll(missing)].name);
    WRIT_TRY(check_groups(&f, err));
    *out = f;
    return WRIT_OK;
}

uint64_t writ_frame_number(const struct writ_frame *f, enum writ_tag tag, uint64_t fallback)
{
    if (!writ_frame_has(f, tag))
        return fallback;
    struct writ_reader r = writ_reader(f->at[tag]);
    uint64_t v = writ_read_be64(&r);
    return r.bad ? fallback : v;
}

bool writ_frame_next(const struct writ_frame *f, size_t *cursor, enum writ_tag only,
                     enum writ_tag *tag, struct writ_slice *value)
{
    struct writ_reader r = writ_reader(writ_slice_from(f->fields, *cursor));

    while (r.rest.len > 0) {
        enum writ_tag t = (enum writ_tag)writ_read_u8(&r);
        struct writ_slice v = writ_read_str32(&r);
        if (r.bad)
            break;
        if (only != WRIT_TAG_NONE && only != t)
            continue;
        *cursor = f->fields.len - r.rest.len;
        *tag = t;
        *value = v;
        return true;
    }
    *cursor = f->fields.len;
    return false;
}

void writ_frame_begin(struct writ_frame_out *o, struct writ_buf *buf, enum writ_frame_type type,
                      uint32_t id)
{
    uint8_t head[WRIT_FRAME_HEAD] = { 0 };

    head[4] = (uint8_t)type;
    writ_put_be32(head + 5, id);
    *o = (struct writ_frame_out){ buf, buf->len, WRIT_OK };
    o->status = writ_buf_add(buf, writ_slice(head, sizeof(head)));
}

void writ_frame_add(struct writ_frame_out *o, enum writ_tag tag, struct writ_slice value)
{
    if (o->status == WRIT_OK)
        o->status = writ_buf_add_byte(o->buf, (uint8_t)tag);
    if (o->status == WRIT_OK)
        o->status = writ_buf_add_str32(o->buf, value);
}

void writ_frame_add_some(struct writ_frame_out *o, enum writ_tag tag, struct writ_slice value)
{
    if (value.len > 0)
        writ_frame_add(o, tag, value);
}

void writ_frame_add_number(struct writ_frame_out *o, enum writ_tag tag, uint64_t value)
{
    uint8_t raw[8];

    writ_put_be64(raw, value);
    writ_frame_add(o, tag, writ_slice(raw, sizeof(raw)));
}

enum writ_status writ_frame_end(struct writ_frame_out *o, struct writ_err *err)
{
    struct writ_frame check;
    enum writ_status st = o->status;

    if (st == WRIT_OK) {
        size_t length = o->buf->len - o->start - 4;
        if (length > WRIT_FRAME_MAX) {
            st = writ_fail(err, WRIT_LIMIT, "a frame of %zu bytes exceeds the limit of %zu", length,
                           WRIT_FRAME_MAX);
        } else {
            writ_put_be32(o->buf->ptr + o->start, (uint32_t)length);
            /* What the other side would refuse is not sent. */
            st = writ_frame_read(writ_slice_from(writ_buf_slice(o->buf), o->start), &check, err);
        }
    } else {
        st = writ_fail(err, st, "cannot build the frame: %s", writ_status_text(st));
    }
    if (st != WRIT_OK)
        o->buf->len = o->start;
    o->status = WRIT_ARG; /* ended: nothing may be added any more */
    return st;
}

enum writ_status writ_frame_error(struct writ_buf *buf, uint32_t id, enum writ_status status,
                                  struct writ_slice text)
{
    struct writ_frame_out o;
    size_t max = tag_rules[WRIT_TAG_TEXT].max;

    if (text.len > max)
        text.len = max;
    writ_frame_begin(&o, buf, WRIT_FRAME_ERROR, id);
    writ_frame_add_number(&o, WRIT_TAG_STATUS, (uint64_t)status);
    writ_frame_add_some(&o, WRIT_TAG_TEXT, text);
    return writ_frame_end(&o, NULL);
}
