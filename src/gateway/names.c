#include "names.h"

#include "base/banned.h"

bool names_item(struct writ_slice s)
{
    if (s.len == 0 || s.len > WRIT_MCP_NAME_MAX)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '.' || c == '-'))
            return false;
    }
    return true;
}

static bool is_hex(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool hex_not_zero(struct writ_slice s)
{
    bool some = false;

    for (size_t i = 0; i < s.len; i++) {
        if (!is_hex(s.ptr[i]))
            return false;
        some = some || s.ptr[i] != '0';
    }
    return some;
}

bool names_traceparent(struct writ_slice s)
{
    if (s.len != 55 || s.ptr[2] != '-' || s.ptr[35] != '-' || s.ptr[52] != '-')
        return false;
    return is_hex(s.ptr[0]) && is_hex(s.ptr[1]) && memcmp(s.ptr, "ff", 2) != 0 &&
           hex_not_zero(writ_slice(s.ptr + 3, 32)) && hex_not_zero(writ_slice(s.ptr + 36, 16)) &&
           is_hex(s.ptr[53]) && is_hex(s.ptr[54]);
}

/*
 * One folded character of `s` at *at. Two characters beyond ASCII fold into it: LATIN SMALL
 * LETTER LONG S to s, KELVIN SIGN to k; readers that fold take them too.
 */
static uint8_t fold_next(struct writ_slice s, size_t *at)
{
    uint8_t c = s.ptr[*at];

    if (c == 0xc5 && s.len - *at >= 2 && s.ptr[*at + 1] == 0xbf) {
        *at += 2;
        return 's';
    }
    if (c == 0xe2 && s.len - *at >= 3 && s.ptr[*at + 1] == 0x84 && s.ptr[*at + 2] == 0xaa) {
        *at += 3;
        return 'k';
    }
    *at += 1;
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static bool folds_to(struct writ_slice a, struct writ_slice b)
{
    size_t i = 0, j = 0;

    while (i < a.len && j < b.len)
        if (fold_next(a, &i) != fold_next(b, &j))
            return false;
    return i == a.len && j == b.len;
}

bool names_shadow(json_t *object, const char *const *known)
{
    for (void *it = json_object_iter(object); it != NULL; it = json_object_iter_next(object, it)) {
        struct writ_slice key = writ_slice(json_object_iter_key(it), json_object_iter_key_len(it));
        for (size_t i = 0; known[i] != NULL; i++)
            if (!writ_slice_is(key, known[i]) && folds_to(key, writ_cstr(known[i])))
                return true;
    }
    return false;
}

enum writ_status names_twins(json_t *object, bool *out)
{
    WRIT_AUTO_JSON *seen = json_object();
    WRIT_AUTO_BUF folded;

    writ_buf_init(&folded, WRIT_MCP_LINE_MAX);
    if (seen == NULL)
        return WRIT_NOMEM;
    for (void *it = json_object_iter(object); it != NULL; it = json_object_iter_next(object, it)) {
        struct writ_slice key = writ_slice(json_object_iter_key(it), json_object_iter_key_len(it));
        uint8_t *to;
        writ_buf_clear(&folded);
        WRIT_TRY(writ_buf_reserve(&folded, key.len + 1, &to));
        for (size_t at = 0; at < key.len;)
            to[folded.len++] = fold_next(key, &at);
        if (json_object_getn(seen, (const char *)to, folded.len) != NULL) {
            *out = true;
            return WRIT_OK;
        }
        if (json_object_setn_new(seen, (const char *)to, folded.len, json_true()) != 0)
            return WRIT_NOMEM;
    }
    *out = false;
    return WRIT_OK;
}
