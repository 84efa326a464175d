/*
 * A normal form is normal: it stays as it is, begins with a scheme in lower case, has no dot
 * segments in its path, and nothing encoded that a path could hide behind.
 */
#include <stdlib.h>

#include "uri.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good)
        abort();
}

static void check_path(struct writ_slice path)
{
    for (size_t i = 0; i < path.len; i++) {
        if (path.ptr[i] != '/')
            continue;
        size_t end = i + 1;
        while (end < path.len && path.ptr[end] != '/')
            end++;
        struct writ_slice segment = writ_slice(path.ptr + i + 1, end - i - 1);
        check(!writ_slice_is(segment, ".") && !writ_slice_is(segment, ".."));
        check(segment.len != 0 || end == path.len);
    }
}

static void check_uri(struct writ_slice uri)
{
    size_t colon = 0, end = 0;

    while (colon < uri.len && uri.ptr[colon] != ':')
        check(uri.ptr[colon] < 'A' || uri.ptr[colon] > 'Z'), colon++;
    check(colon != 0 && colon < uri.len && uri.ptr[0] >= 'a' && uri.ptr[0] <= 'z');
    for (size_t i = 0; i < uri.len; i++)
        check(uri.ptr[i] > 0x20 && uri.ptr[i] < 0x7f && uri.ptr[i] != '\\' && uri.ptr[i] != '#');
    struct writ_slice rest = writ_slice_from(uri, colon + 1);
    if (!writ_slice_starts(rest, WRIT_LIT("//")))
        return;
    rest = writ_slice_from(rest, 2);
    while (rest.len != 0 && rest.ptr[0] != '/')
        rest = writ_slice_from(rest, 1);
    check(rest.len != 0); /* there is always a path */
    while (end < rest.len && rest.ptr[end] != '?')
        end++;
    check_path(writ_slice(rest.ptr, end));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    WRIT_AUTO_ARENA arena;
    struct writ_slice in = writ_slice(data, size), out, again;

    writ_arena_init(&arena, 1u << 18);
    if (uri_normalise(in, &arena, &out, NULL) == WRIT_OK) {
        check_uri(out);
        if (out.len <= URI_MAX) {
            check(uri_normalise(out, &arena, &again, NULL) == WRIT_OK);
            check(writ_slice_eq(out, again));
        }
    }
    if (path_normalise(in, &arena, &out, NULL) == WRIT_OK) {
        check_path(out);
        check(out.len == 1 || out.ptr[out.len - 1] != '/');
        check(path_normalise(out, &arena, &again, NULL) == WRIT_OK && writ_slice_eq(out, again));
    }
    return 0;
}
