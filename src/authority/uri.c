#include "uri.h"

#include "base/banned.h"

static bool alpha(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool unreserved(uint8_t c)
{
    return alpha(c) || digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static uint8_t to_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static int hex_value(uint8_t c)
{
    if (digit(c))
        return c - '0';
    c = to_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Output with room for the worst case, three bytes for each of the input. */
struct text {
    uint8_t *at;
    size_t len;
};

static void put(struct text *t, uint8_t c)
{
    t->at[t->len++] = c;
}

static void put_encoded(struct text *t, uint8_t c)
{
    static const char HEX[] = "0123456789ABCDEF";

    put(t, '%');
    put(t, (uint8_t)HEX[c >> 4]);
    put(t, (uint8_t)HEX[c & 15]);
}

enum writ_status uri_encode(struct writ_slice in, bool keep_slash, struct writ_arena *arena,
                            struct writ_slice *out, struct writ_err *err)
{
    struct text t = { NULL, 0 };

    if (in.len > URI_MAX)
        return writ_fail(err, WRIT_FORMAT, "longer than %zu bytes", URI_MAX);
    t.at = writ_arena_alloc(arena, in.len * 3 + 1);
    if (t.at == NULL)
        return writ_fail_nomem(err);
    for (size_t i = 0; i < in.len; i++) {
        if (unreserved(in.ptr[i]) || (keep_slash && in.ptr[i] == '/'))
            put(&t, in.ptr[i]);
        else
            put_encoded(&t, in.ptr[i]);
    }
    *out = writ_slice(t.at, t.len);
    return WRIT_OK;
}

/* One part with percent-encoding in normal form; bytes beyond ASCII are encoded. */
static enum writ_status put_part(struct text *t, struct writ_slice part, struct writ_err *err)
{
    for (size_t i = 0; i < part.len; i++) {
        uint8_t c = part.ptr[i];
        if (c <= 0x20 || c == 0x7f || c == '\\' || c == '"' || c == '<' || c == '>' || c == '#')
            return writ_fail(err, WRIT_FORMAT, "a byte that a URI cannot hold (0x%02x)", c);
        if (c >= 0x80) {
            put_encoded(t, c);
            continue;
        }
        if (c != '%') {
            put(t, c);
            continue;
        }
        if (part.len - i < 3 || hex_value(part.ptr[i + 1]) < 0 || hex_value(part.ptr[i + 2]) < 0)
            return writ_fail(err, WRIT_FORMAT, "`%%` without two hex digits");
        c = (uint8_t)(hex_value(part.ptr[i + 1]) << 4 | hex_value(part.ptr[i + 2]));
        if (c < 0x20 || c == 0x7f || c == '/' || c == '\\')
            return writ_fail(err, WRIT_FORMAT, "an encoded control byte, slash or backslash");
        if (unreserved(c))
            put(t, c);
        else
            put_encoded(t, c);
        i += 2;
    }
    return WRIT_OK;
}

/* Resolves `.`, `..` and empty segments of t from `start`, where a slash stands. */
static enum writ_status resolve(struct text *t, size_t start, bool keep_last_slash,
                                struct writ_err *err)
{
    size_t in = start, to = start;
    bool slash = false;

    while (in < t->len) {
        size_t end = ++in; /* behind the slash */
        while (end < t->len && t->at[end] != '/')
            end++;
        size_t n = end - in;
        slash = end == t->len && n == 0;
        if (n == 2 && t->at[in] == '.' && t->at[in + 1] == '.') {
            if (to == start)
                return writ_fail(err, WRIT_FORMAT, "`..` would leave the root");
            do
                to--;
            while (t->at[to] != '/');
            slash = end == t->len;
        } else if (n == 1 && t->at[in] == '.') {
            slash = end == t->len;
        } else if (n != 0) {
            t->at[to++] = '/';
            memmove(t->at + to, t->at + in, n);
            to += n;
        }
        in = end;
    }
    if (to == start || (slash && keep_last_slash))
        t->at[to++] = '/';
    t->len = to;
    return WRIT_OK;
}

enum writ_status path_normalise(struct writ_slice in, struct writ_arena *arena,
                                struct writ_slice *out, struct writ_err *err)
{
    struct text t = { NULL, 0 };

    if (in.len == 0 || in.ptr[0] != '/')
        return writ_fail(err, WRIT_FORMAT, "path `%.*s` is not absolute", WRIT_FMT(in));
    if (in.len > URI_MAX)
        return writ_fail(err, WRIT_FORMAT, "path is longer than %zu bytes", URI_MAX);
    t.at = writ_arena_alloc(arena, in.len + 1);
    if (t.at == NULL)
        return writ_fail_nomem(err);
    for (size_t i = 0; i < in.len; i++) {
        if (in.ptr[i] < 0x20 || in.ptr[i] == 0x7f || in.ptr[i] == '\\')
            return writ_fail(err, WRIT_FORMAT, "path with a control byte or a backslash");
        put(&t, in.ptr[i]);
    }
    WRIT_TRY(resolve(&t, 0, false, err));
    *out = writ_slice(t.at, t.len);
    return WRIT_OK;
}

/* What stands behind the host: nothing, or a colon and a number in its only spelling. */
static enum writ_status check_port(struct writ_slice port, bool web, struct writ_err *err)
{
    if (port.len == 0)
        return WRIT_OK;
    if (port.ptr[0] != ':')
        return writ_fail(err, WRIT_FORMAT, "something else than a port behind the host");
    port = writ_slice_from(port, 1);
    for (size_t i = 0; i < port.len; i++)
        if (!digit(port.ptr[i]))
            return writ_fail(err, WRIT_FORMAT, "a port that is not a number");
    if (port.len == 0 || port.len > 5 || port.ptr[0] == '0' ||
        (web && (writ_slice_is(port, "443") || writ_slice_is(port, "80"))))
        return writ_fail(err, WRIT_FORMAT, "an empty, default or impossible port; leave it out");
    return WRIT_OK;
}

/* A name up to the colon, or an IP literal with its brackets. */
static enum writ_status put_host(struct text *t, struct writ_slice host, bool web,
                                 struct writ_err *err)
{
    bool literal = host.len != 0 && host.ptr[0] == '[';
    uint8_t last = literal ? ']' : ':';
    size_t n = 0;

    if (host.len != 0 && memchr(host.ptr, '@', host.len) != NULL)
        return writ_fail(err, WRIT_FORMAT, "user information before the host");
    while (n < host.len && host.ptr[n] != last)
        n++;
    if (literal && n++ == host.len)
        return writ_fail(err, WRIT_FORMAT, "an IP literal without its closing bracket");
    WRIT_TRY(check_port(writ_slice_from(host, n), web, err));
    if (n == 0 || (literal && n < 4) || host.ptr[n - 1] == '.')
        return writ_fail(err, WRIT_FORMAT, "an empty host, or one that ends in a dot");
    for (size_t i = 0; i < host.len; i++) {
        uint8_t c = host.ptr[i];
        bool bracket = literal && (i == 0 || i + 1 == n);
        if (!alpha(c) && !digit(c) && c != '-' && c != '.' && c != '_' && c != ':' && !bracket)
            return writ_fail(err, WRIT_FORMAT, "a host with a byte that none has (0x%02x)", c);
        put(t, to_lower(c));
    }
    return WRIT_OK;
}

/* Segments of a path that does not begin with a slash cannot be resolved against anything. */
static bool has_dot_segment(struct writ_slice path)
{
    for (size_t i = 0; i <= path.len; i++) {
        size_t end = i;
        while (end < path.len && path.ptr[end] != '/')
            end++;
        if ((end - i == 1 && path.ptr[i] == '.') ||
            (end - i == 2 && path.ptr[i] == '.' && path.ptr[i + 1] == '.'))
            return true;
        i = end;
    }
    return false;
}

static enum writ_status put_hierarchy(struct text *t, struct writ_slice rest,
                                      struct writ_slice scheme, struct writ_err *err)
{
    bool file = writ_slice_is(scheme, "file");
    bool web = writ_slice_is(scheme, "http") || writ_slice_is(scheme, "https");
    size_t n = 2;

    put(t, '/');
    put(t, '/');
    while (n < rest.len && rest.ptr[n] != '/' && rest.ptr[n] != '?')
        n++;
    struct writ_slice host = writ_slice(rest.ptr + 2, n - 2);
    if (file && host.len != 0)
        return writ_fail(err, WRIT_FORMAT, "a file URI with a host");
    if (!file && (web || host.len != 0))
        WRIT_TRY(put_host(t, host, web, err));
    size_t query = n;
    while (query < rest.len && rest.ptr[query] != '?')
        query++;
    /* Some servers take what follows the `?` for a part of the file's name, `/../` and all. */
    if (file && query < rest.len)
        return writ_fail(err, WRIT_FORMAT, "a file URI with a query; write %%3F in a name");
    size_t start = t->len;
    WRIT_TRY(put_part(t, writ_slice(rest.ptr + n, query - n), err));
    /* Never without a path: or a prefix could end within a host. */
    WRIT_TRY(resolve(t, start, true, err));
    return put_part(t, writ_slice_from(rest, query), err);
}

enum writ_status uri_normalise(struct writ_slice in, struct writ_arena *arena,
                               struct writ_slice *out, struct writ_err *err)
{
    struct text t = { NULL, 0 };
    size_t n = 0;

    if (in.len > URI_MAX)
        return writ_fail(err, WRIT_FORMAT, "a resource longer than %zu bytes", URI_MAX);
    while (n < in.len && (alpha(in.ptr[n]) || (n != 0 && (digit(in.ptr[n]) || in.ptr[n] == '+' ||
                                                          in.ptr[n] == '-' || in.ptr[n] == '.'))))
        n++;
    if (n == 0 || n >= in.len || in.ptr[n] != ':')
        return writ_fail(err, WRIT_FORMAT, "resource `%.*s` has no scheme", WRIT_FMT(in));
    /* Three bytes each at most, and a slash where the path was empty. */
    t.at = writ_arena_alloc(arena, in.len * 3 + 2);
    if (t.at == NULL)
        return writ_fail_nomem(err);
    for (size_t i = 0; i < n; i++)
        put(&t, to_lower(in.ptr[i]));
    struct writ_slice scheme = writ_slice(t.at, n);
    put(&t, ':');
    struct writ_slice rest = writ_slice_from(in, n + 1);
    if (writ_slice_starts(rest, WRIT_LIT("//"))) {
        WRIT_TRY(put_hierarchy(&t, rest, scheme, err));
    } else {
        size_t start = t.len;
        if (rest.len == 0 || writ_slice_is(scheme, "file") || writ_slice_is(scheme, "http") ||
            writ_slice_is(scheme, "https"))
            return writ_fail(err, WRIT_FORMAT, "resource `%.*s` is not complete", WRIT_FMT(in));
        WRIT_TRY(put_part(&t, rest, err));
        if (has_dot_segment(writ_slice(t.at + start, t.len - start)))
            return writ_fail(err, WRIT_FORMAT, "a relative path with dot segments");
    }
    *out = writ_slice(t.at, t.len);
    return WRIT_OK;
}
