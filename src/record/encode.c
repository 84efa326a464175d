#include "record/record.h"

#include "base/text.h"
#include "table.h"

#include "base/banned.h"

static const void *member(const struct writ_record *r, size_t offset)
{
    return (const uint8_t *)r + offset;
}

static enum writ_status add_u64(struct writ_buf *out, uint64_t v)
{
    uint8_t digits[20];
    size_t n = sizeof(digits);

    do {
        digits[--n] = (uint8_t)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    return writ_buf_add(out, writ_slice(digits + n, sizeof(digits) - n));
}

static enum writ_status add_name(struct writ_buf *out, const char *name)
{
    WRIT_TRY(writ_buf_add_byte(out, '"'));
    WRIT_TRY(writ_buf_add_cstr(out, name));
    return writ_buf_add(out, WRIT_LIT("\":"));
}

static enum writ_status add_texts(struct writ_buf *out, const struct writ_texts *list)
{
    if (list->len > WRIT_RECORD_LIST_MAX)
        return WRIT_LIMIT;
    WRIT_TRY(writ_buf_add_byte(out, '['));
    for (size_t i = 0; i < list->len; i++) {
        if (i != 0)
            WRIT_TRY(writ_buf_add_byte(out, ','));
        WRIT_TRY(writ_json_quote(out, list->at[i]));
    }
    return writ_buf_add_byte(out, ']');
}

static enum writ_status add_numbers(struct writ_buf *out, const struct writ_numbers *list)
{
    if (list->len > WRIT_RECORD_LIST_MAX)
        return WRIT_LIMIT;
    WRIT_TRY(writ_buf_add_byte(out, '['));
    for (size_t i = 0; i < list->len; i++) {
        if (i != 0)
            WRIT_TRY(writ_buf_add_byte(out, ','));
        WRIT_TRY(add_u64(out, list->at[i]));
    }
    return writ_buf_add_byte(out, ']');
}

static enum writ_status add_field(struct writ_buf *out, const struct writ_record *r,
                                  const struct field *f)
{
    switch (f->kind) {
    case FIELD_TEXT:
        return writ_json_quote(out, *(const struct writ_slice *)member(r, f->offset));
    case FIELD_U64:
        return add_u64(out, *(const uint64_t *)member(r, f->offset));
    case FIELD_BOOL:
        return writ_buf_add_cstr(out, *(const bool *)member(r, f->offset) ? "true" : "false");
    case FIELD_TEXTS:
        return add_texts(out, member(r, f->offset));
    case FIELD_NUMBERS:
        return add_numbers(out, member(r, f->offset));
    case FIELD_OPEN:
        return writ_buf_add_byte(out, '{');
    case FIELD_CLOSE:
        return writ_buf_add_byte(out, '}');
    case FIELD_END:
        break;
    }
    return WRIT_ARG;
}

static enum writ_status encode(const struct writ_record *r, struct writ_buf *out)
{
    const struct field *f = writ_record_fields(r->type);
    bool first = false;

    if (f == NULL)
        return WRIT_ARG;
    WRIT_TRY(writ_buf_add(out, WRIT_LIT("{\"type\":\"")));
    WRIT_TRY(writ_buf_add_cstr(out, writ_record_type_text(r->type)));
    WRIT_TRY(writ_buf_add(out, WRIT_LIT("\",\"v\":1,\"time\":")));
    WRIT_TRY(add_u64(out, r->time));
    for (; f->kind != FIELD_END; f++) {
        if (f->kind != FIELD_CLOSE) {
            if (!first)
                WRIT_TRY(writ_buf_add_byte(out, ','));
            WRIT_TRY(add_name(out, f->name));
        }
        WRIT_TRY(add_field(out, r, f));
        first = f->kind == FIELD_OPEN;
    }
    return writ_buf_add_byte(out, '}');
}

enum writ_status writ_record_encode(const struct writ_record *r, struct writ_buf *out,
                                    struct writ_err *err)
{
    size_t before = out->len;
    enum writ_status st = encode(r, out);

    if (st == WRIT_OK && out->len - before > WRIT_RECORD_MAX)
        st = WRIT_LIMIT;
    /* What could not be read again must never reach the ledger. */
    struct writ_slice made = writ_slice_from(writ_buf_slice(out), before);
    if (st == WRIT_OK && writ_utf8_check(made) != made.len)
        st = WRIT_FORMAT;
    if (st == WRIT_OK)
        return WRIT_OK;
    out->len = before;
    return writ_fail(
        err, st, "a record of type %s cannot be written: %s", writ_record_type_text(r->type),
        st == WRIT_LIMIT ? "it would be longer than 65,535 bytes" : writ_status_text(st));
}
