#include "scan.h"

#include "base/json.h"

#include "base/banned.h"

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t skip_space(struct writ_slice t, size_t at)
{
    while (at < t.len && is_space(t.ptr[at]))
        at++;
    return at;
}

/* Behind the closing quote of the string at `at`; 0 when it does not close. */
static size_t skip_string(struct writ_slice t, size_t at)
{
    for (at++; at < t.len; at++) {
        if (t.ptr[at] == '\\')
            at++;
        else if (t.ptr[at] == '"')
            return at + 1;
    }
    return 0;
}

/* Behind the literal at `at`; 0 when nothing is there, or the text ends within it. */
static size_t skip_literal(struct writ_slice t, size_t at)
{
    size_t start = at;

    while (at < t.len && !is_space(t.ptr[at]) && strchr(",:]}", t.ptr[at]) == NULL)
        at++;
    return at > start && at < t.len ? at : 0;
}

/* Behind the bracket that closes the one at `at`. Brackets are counted, not matched. */
static size_t skip_container(struct writ_slice t, size_t at)
{
    size_t depth = 0;

    while (at < t.len) {
        uint8_t c = t.ptr[at];
        if (c == '"') {
            at = skip_string(t, at);
            if (at == 0)
                return 0;
            continue;
        }
        at++;
        if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && --depth == 0)
            return at;
    }
    return 0;
}

/* Behind the value at `at`; 0 when the text ends first. */
static size_t skip_value(struct writ_slice t, size_t at)
{
    if (at >= t.len)
        return 0;
    if (t.ptr[at] == '"')
        return skip_string(t, at);
    if (t.ptr[at] == '{' || t.ptr[at] == '[')
        return skip_container(t, at);
    return skip_literal(t, at);
}

bool scan_begin(struct scan *s, struct writ_slice text)
{
    size_t at = skip_space(text, 0);

    if (at >= text.len || (text.ptr[at] != '{' && text.ptr[at] != '['))
        return false;
    *s = (struct scan){ text, at + 1, text.ptr[at] == '{', true };
    return true;
}

bool scan_next(struct scan *s, struct scan_member *out)
{
    struct writ_slice t = s->text, key = { NULL, 0 };
    size_t at = skip_space(t, s->at);

    if (!s->first) {
        if (at >= t.len || t.ptr[at] != ',')
            return false;
        at = skip_space(t, at + 1);
    }
    if (at >= t.len || t.ptr[at] == '}' || t.ptr[at] == ']')
        return false;
    size_t start = at;
    if (s->object) {
        size_t end = t.ptr[at] == '"' ? skip_string(t, at) : 0;
        if (end == 0)
            return false;
        key = writ_slice(t.ptr + at, end - at);
        at = skip_space(t, end);
        if (at >= t.len || t.ptr[at] != ':')
            return false;
        at = skip_space(t, at + 1);
    }
    size_t end = skip_value(t, at);
    if (end == 0)
        return false;
    *out = (struct scan_member){ key, writ_slice(t.ptr + start, end - start),
                                 writ_slice(t.ptr + at, end - at) };
    s->at = end;
    s->first = false;
    return true;
}

bool scan_key_is(struct writ_slice key, const char *name)
{
    struct writ_slice want = writ_cstr(name);

    if (key.len < 2)
        return false;
    if (memchr(key.ptr, '\\', key.len) == NULL)
        return writ_slice_eq(writ_slice(key.ptr + 1, key.len - 2), want);
    WRIT_AUTO_JSON *plain = NULL;
    if (writ_json_parse(key, key.len, &plain, NULL) != WRIT_OK)
        return false;
    return writ_slice_eq(writ_json_text(plain), want);
}

bool scan_find(struct writ_slice object, const char *name, struct writ_slice *out)
{
    struct scan s;
    struct scan_member m;

    if (!scan_begin(&s, object) || !s.object)
        return false;
    while (scan_next(&s, &m)) {
        if (scan_key_is(m.key, name)) {
            *out = m.value;
            return true;
        }
    }
    return false;
}
