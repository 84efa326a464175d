#include "record/record.h"

#include "base/text.h"
#include "table.h"

#include "base/banned.h"

/* A cursor over the bytes of one record; fails once and remembers where. */
struct decoder {
    struct writ_slice all;
    size_t at;
    struct writ_arena *arena;
    struct writ_err *err;
};

static enum writ_status bad(const struct decoder *d, const char *what)
{
    return writ_fail_at(d->err, WRIT_FORMAT, d->at, "record: %s at byte %zu", what, d->at);
}

static enum writ_status expect(struct decoder *d, struct writ_slice text)
{
    if (!writ_slice_starts(writ_slice_from(d->all, d->at), text))
        return bad(d, "not written as the encoder writes it");
    d->at += text.len;
    return WRIT_OK;
}

static enum writ_status take_u64(struct decoder *d, uint64_t *out)
{
    size_t end = d->at;

    while (end < d->all.len && d->all.ptr[end] >= '0' && d->all.ptr[end] <= '9')
        end++;
    if (writ_u64_parse(writ_slice(d->all.ptr + d->at, end - d->at), out) != WRIT_OK)
        return bad(d, "a number was expected");
    d->at = end;
    return WRIT_OK;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The one byte that an escape of RFC 8785 stands for, or -1; *used is how long it is. */
static int unescape(const uint8_t *p, size_t left, size_t *used)
{
    static const char SHORT[] = "\"\\bfnrt";
    static const char PLAIN[] = "\"\\\b\f\n\r\t";

    if (left < 2)
        return -1;
    for (size_t i = 0; i < sizeof(SHORT) - 1; i++)
        if (p[1] == (uint8_t)SHORT[i]) {
            *used = 2;
            return (uint8_t)PLAIN[i];
        }
    if (left < 6 || p[1] != 'u' || p[2] != '0' || p[3] != '0')
        return -1;
    int high = hex_digit(p[4]), low = hex_digit(p[5]);
    if (high < 0 || high > 1 || low < 0)
        return -1;
    int byte = high << 4 | low;
    /* Those with a short form are written in it. */
    if (byte == '\b' || byte == '\f' || byte == '\n' || byte == '\r' || byte == '\t')
        return -1;
    *used = 6;
    return byte;
}

static enum writ_status take_escaped(struct decoder *d, size_t end, struct writ_slice *out)
{
    const uint8_t *p = d->all.ptr + d->at;
    size_t left = end - d->at, n = 0;
    uint8_t *plain = writ_arena_alloc(d->arena, left);

    if (plain == NULL)
        return writ_fail_nomem(d->err);
    while (left != 0) {
        size_t used = 1;
        int byte = *p;
        if (byte == '\\')
            byte = unescape(p, left, &used);
        d->at += byte < 0 ? (size_t)(p - (d->all.ptr + d->at)) : 0;
        if (byte < 0)
            return bad(d, "an escape that the encoder does not write");
        plain[n++] = (uint8_t)byte;
        p += used;
        left -= used;
    }
    *out = writ_slice(plain, n);
    return WRIT_OK;
}

static enum writ_status take_text(struct decoder *d, struct writ_slice *out)
{
    bool escaped = false;

    WRIT_TRY(expect(d, WRIT_LIT("\"")));
    size_t end = d->at;
    while (end < d->all.len && d->all.ptr[end] != '"') {
        if (d->all.ptr[end] < 0x20)
            return bad(d, "a control byte in a string");
        if (d->all.ptr[end] == '\\') {
            escaped = true;
            end++;
        }
        end++;
    }
    if (end >= d->all.len)
        return bad(d, "a string without end");
    struct writ_slice raw = writ_slice(d->all.ptr + d->at, end - d->at);
    if (escaped)
        WRIT_TRY(take_escaped(d, end, &raw));
    d->at = end + 1;
    *out = raw;
    return WRIT_OK;
}

/* Steps to element `n` of a list; behind the last one, past the bracket. */
static enum writ_status list_more(struct decoder *d, size_t n, bool *more)
{
    *more = d->at < d->all.len && d->all.ptr[d->at] != ']';
    if (!*more)
        return expect(d, WRIT_LIT("]"));
    if (n == WRIT_RECORD_LIST_MAX)
        return bad(d, "a list longer than 64");
    return n == 0 ? WRIT_OK : expect(d, WRIT_LIT(","));
}

/* NULL for an empty list; *ok is false when memory is out. */
static void *keep_list(struct decoder *d, const void *list, size_t n, size_t size, bool *ok)
{
    void *kept = n == 0 ? NULL : writ_arena_array(d->arena, n, size);

    *ok = n == 0 || kept != NULL;
    if (kept != NULL)
        memcpy(kept, list, n * size);
    return kept;
}

static enum writ_status take_texts(struct decoder *d, struct writ_texts *out)
{
    struct writ_slice got[WRIT_RECORD_LIST_MAX];
    size_t n = 0;
    bool more, ok;

    WRIT_TRY(expect(d, WRIT_LIT("[")));
    WRIT_TRY(list_more(d, n, &more));
    while (more) {
        WRIT_TRY(take_text(d, &got[n++]));
        WRIT_TRY(list_more(d, n, &more));
    }
    *out = (struct writ_texts){ n, keep_list(d, got, n, sizeof(got[0]), &ok) };
    return ok ? WRIT_OK : writ_fail_nomem(d->err);
}

static enum writ_status take_numbers(struct decoder *d, struct writ_numbers *out)
{
    uint64_t got[WRIT_RECORD_LIST_MAX];
    size_t n = 0;
    bool more, ok;

    WRIT_TRY(expect(d, WRIT_LIT("[")));
    WRIT_TRY(list_more(d, n, &more));
    while (more) {
        WRIT_TRY(take_u64(d, &got[n++]));
        WRIT_TRY(list_more(d, n, &more));
    }
    *out = (struct writ_numbers){ n, keep_list(d, got, n, sizeof(got[0]), &ok) };
    return ok ? WRIT_OK : writ_fail_nomem(d->err);
}

static enum writ_status take_bool(struct decoder *d, bool *out)
{
    struct writ_slice rest = writ_slice_from(d->all, d->at);

    *out = writ_slice_starts(rest, WRIT_LIT("true"));
    return expect(d, *out ? WRIT_LIT("true") : WRIT_LIT("false"));
}

static enum writ_status take_field(struct decoder *d, struct writ_record *r, const struct field *f)
{
    void *to = (uint8_t *)r + f->offset;

    switch (f->kind) {
    case FIELD_TEXT:
        return take_text(d, to);
    case FIELD_U64:
        return take_u64(d, to);
    case FIELD_BOOL:
        return take_bool(d, to);
    case FIELD_TEXTS:
        return take_texts(d, to);
    case FIELD_NUMBERS:
        return take_numbers(d, to);
    case FIELD_OPEN:
        return expect(d, WRIT_LIT("{"));
    case FIELD_CLOSE:
        return expect(d, WRIT_LIT("}"));
    case FIELD_END:
        break;
    }
    return WRIT_ARG;
}

static enum writ_status decode(struct decoder *d, struct writ_record *r)
{
    struct writ_slice type;
    bool first = false;

    WRIT_TRY(expect(d, WRIT_LIT("{\"type\":")));
    WRIT_TRY(take_text(d, &type));
    r->type = writ_record_type_parse(type);
    const struct field *f = writ_record_fields(r->type);
    if (f == NULL)
        return bad(d, "an unknown record type");
    WRIT_TRY(expect(d, WRIT_LIT(",\"v\":1,\"time\":")));
    WRIT_TRY(take_u64(d, &r->time));
    for (; f->kind != FIELD_END; f++) {
        if (f->kind != FIELD_CLOSE) {
            WRIT_TRY(expect(d, first ? WRIT_LIT("\"") : WRIT_LIT(",\"")));
            WRIT_TRY(expect(d, writ_cstr(f->name)));
            WRIT_TRY(expect(d, WRIT_LIT("\":")));
        }
        WRIT_TRY(take_field(d, r, f));
        first = f->kind == FIELD_OPEN;
    }
    WRIT_TRY(expect(d, WRIT_LIT("}")));
    return d->at == d->all.len ? WRIT_OK : bad(d, "bytes behind the end");
}

enum writ_status writ_record_decode(struct writ_slice bytes, struct writ_arena *arena,
                                    struct writ_record *out, struct writ_err *err)
{
    struct decoder d = { bytes, 0, arena, err };
    struct writ_record r = { 0 };

    if (bytes.len > WRIT_RECORD_MAX)
        return writ_fail(err, WRIT_LIMIT, "record: longer than 65,535 bytes");
    d.at = writ_utf8_check(bytes);
    if (d.at != bytes.len)
        return bad(&d, "not UTF-8");
    d.at = 0;
    WRIT_TRY(decode(&d, &r));
    *out = r;
    return WRIT_OK;
}
