#include "names.h"

#include "base/text.h"

#include "base/banned.h"

static bool digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool lower(uint8_t c)
{
    return c >= 'a' && c <= 'z';
}

static bool upper(uint8_t c)
{
    return c >= 'A' && c <= 'Z';
}

static bool among(uint8_t c, const char *others)
{
    return c != 0 && strchr(others, c) != NULL;
}

bool name_valid(struct writ_slice s)
{
    if (s.len == 0 || s.len > 64 || !(lower(s.ptr[0]) || digit(s.ptr[0])))
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!lower(s.ptr[i]) && !digit(s.ptr[i]) && !among(s.ptr[i], "._-"))
            return false;
    return true;
}

static bool word_valid(struct writ_slice s, size_t max, const char *others)
{
    if (s.len == 0 || s.len > max)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        if (!lower(c) && !upper(c) && !digit(c) && !among(c, others))
            return false;
    }
    return true;
}

bool id_valid(struct writ_slice s)
{
    return word_valid(s, 64, "._-");
}

bool txn_valid(struct writ_slice s)
{
    return word_valid(s, 128, "._:-");
}

bool cell_valid(struct writ_slice s)
{
    if (s.len == 0 || s.len > 255)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] <= 0x20 || s.ptr[i] >= 0x7f || s.ptr[i] == '+')
            return false;
    return true;
}

bool hex_valid(struct writ_slice s, size_t n)
{
    if (s.len != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!digit(s.ptr[i]) && !(s.ptr[i] >= 'a' && s.ptr[i] <= 'f'))
            return false;
    return true;
}

bool words_valid(struct writ_slice s, size_t max)
{
    if (s.len > max || writ_utf8_check(s) != s.len)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < 0x20 || s.ptr[i] == 0x7f)
            return false;
    return true;
}

bool action_split(struct writ_slice action, struct action_name *out)
{
    struct action_name a = { 0 };
    size_t first = 0, second;

    while (first < action.len && action.ptr[first] != '/')
        first++;
    for (second = first + 1; second < action.len && action.ptr[second] != '/'; second++)
        ;
    if (second >= action.len)
        return false;
    a.target = writ_slice(action.ptr, first);
    a.kind = writ_slice(action.ptr + first + 1, second - first - 1);
    a.name = writ_slice_from(action, second + 1);
    if (!name_valid(a.target) || !word_valid(a.name, 128, "._-"))
        return false;
    if (!writ_slice_is(a.kind, "tools") && !writ_slice_is(a.kind, "prompts") &&
        !(writ_slice_is(a.kind, "resources") && writ_slice_is(a.name, "read")))
        return false;
    *out = a;
    return true;
}
