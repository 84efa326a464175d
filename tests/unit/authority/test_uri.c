#include "test.h"

#include "pattern.h"
#include "uri.h"

#include "base/banned.h"

/* NULL: refused. */
static const struct {
    const char *in, *out;
} URIS[] = {
    { "file:///srv/a.txt", "file:///srv/a.txt" },
    { "FILE:///srv/a.txt", "file:///srv/a.txt" },
    { "file:///", "file:///" },
    { "file:///srv/", "file:///srv/" },
    { "file:///srv//a", "file:///srv/a" },
    { "file:///srv/./a", "file:///srv/a" },
    { "file:///srv/b/../a", "file:///srv/a" },
    { "file:///srv/b/..", "file:///srv/" },
    { "file:///srv/.", "file:///srv/" },
    { "file:///srv/..", "file:///" },
    { "file:///srv/../..", NULL },
    { "file:///..", NULL },
    { "file:///srv/%2e%2e/a", "file:///a" },
    { "file:///srv/%2E./a", "file:///a" },
    { "file:///srv/.%2e/../a", NULL },
    { "file:///srv/...", "file:///srv/..." },
    { "file:///srv/..a", "file:///srv/..a" },
    { "file:///srv%2fa", NULL },
    { "file:///srv%2Fa", NULL },
    { "file:///srv%5Ca", NULL },
    { "file:///srv\\a", NULL },
    { "file:///srv%00a", NULL },
    { "file:///srv%0aa", NULL },
    { "file:///srv%7Fa", NULL },
    { "file:///srv/%252e%252e/a", "file:///srv/%252e%252e/a" },
    { "file:///srv/%252fa", "file:///srv/%252fa" },
    { "file:///srv/%61", "file:///srv/a" },
    { "file:///srv/%7e", "file:///srv/~" },
    { "file:///srv/a%20b", "file:///srv/a%20b" },
    { "file:///srv/a b", NULL },
    { "file:///srv/a%3f", "file:///srv/a%3F" },
    { "file:///srv/a?b", NULL },
    { "file:///srv/a?/../../etc/passwd", NULL },
    { "file:///srv/a#b", NULL },
    { "file:///srv/%", NULL },
    { "file:///srv/%a", NULL },
    { "file:///srv/%zz", NULL },
    { "file:///srv/\xc3\xa9", "file:///srv/%C3%A9" },
    { "file:///srv/%c3%a9", "file:///srv/%C3%A9" },
    { "file://host/srv", NULL },
    { "file://localhost/srv", NULL },
    { "file:/srv", NULL },
    { "file:srv", NULL },
    { "https://a.example", "https://a.example/" },
    { "HTTPS://A.Example/X", "https://a.example/X" },
    { "https://a.example/x/../y?q=/../z", "https://a.example/y?q=/../z" },
    { "https://a.example?q", "https://a.example/?q" },
    { "https://a.example:8443/x", "https://a.example:8443/x" },
    { "https://a.example:443/x", NULL },
    { "http://a.example:80/x", NULL },
    { "https://a.example:/x", NULL },
    { "https://a.example:0443/x", NULL },
    { "https://a.example:x/x", NULL },
    { "https://a.example:1:2/x", NULL },
    { "https://a.example:123456/x", NULL },
    { "https://user@a.example/x", NULL },
    { "https://user:pw@a.example/x", NULL },
    { "https://a.example%40b/x", NULL },
    { "https://a.example./x", NULL },
    { "https:///x", NULL },
    { "https://", NULL },
    { "https:x", NULL },
    { "https://a\xc3\xa9/x", NULL },
    { "https://a,b/x", NULL },
    { "https://a.example\\x", NULL },
    { "https://a.example/x#y", NULL },
    { "https://[::1]/x", "https://[::1]/x" },
    { "https://[2001:DB8::1]:8443/x", "https://[2001:db8::1]:8443/x" },
    { "https://[::1]:443/x", NULL },
    { "https://[::1", NULL },
    { "https://[]/x", NULL },
    { "https://[::1]evil/x", NULL },
    { "https://[::1]:a/x", NULL },
    { "https://a[b]/x", NULL },
    { "https://a]/x", NULL },
    { "ftp://a.example", "ftp://a.example/" },
    { "postgres:///db", "postgres:///db" },
    { "writ:files", "writ:files" },
    { "mailto:a@b", "mailto:a@b" },
    { "urn:a/../b", NULL },
    { "urn:a/%2e%2e/b", NULL },
    { "urn:.", NULL },
    { "urn:", NULL },
    { "urn", NULL },
    { "", NULL },
    { ":a", NULL },
    { "1a:b", NULL },
    { "/srv/a", NULL },
    { "//a/b", NULL },
    { "a\nb:c", NULL },
};

static void test_normalise(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(URIS); i++) {
        WRIT_AUTO_ARENA arena;
        struct writ_slice out, again;
        struct writ_err err = { .status = WRIT_OK };
        writ_arena_init(&arena, 1 << 16);
        enum writ_status st = uri_normalise(writ_cstr(URIS[i].in), &arena, &out, &err);
        if ((st == WRIT_OK) != (URIS[i].out != NULL))
            fail_msg("%s: %s", URIS[i].in, st == WRIT_OK ? "not refused" : err.text);
        if (st != WRIT_OK)
            continue;
        if (!writ_slice_is(out, URIS[i].out))
            fail_msg("%s became %.*s", URIS[i].in, (int)out.len, (const char *)out.ptr);
        assert_int_equal(uri_normalise(out, &arena, &again, &err), WRIT_OK);
        assert_true(writ_slice_eq(out, again));
    }
}

static void test_nul_and_length(void **state)
{
    WRIT_AUTO_ARENA arena;
    struct writ_slice out;
    char *text = calloc(1, URI_MAX + 2);

    (void)state;
    assert_non_null(text);
    writ_arena_init(&arena, 1 << 16);
    assert_int_equal(uri_normalise(writ_slice("file:///a\0b", 11), &arena, &out, NULL),
                     WRIT_FORMAT);
    assert_int_equal(path_normalise(writ_slice("/a\0b", 4), &arena, &out, NULL), WRIT_FORMAT);
    memset(text, 'a', URI_MAX + 1);
    memcpy(text, "file:///", 8);
    assert_int_equal(uri_normalise(writ_slice(text, URI_MAX), &arena, &out, NULL), WRIT_OK);
    assert_int_equal(uri_normalise(writ_slice(text, URI_MAX + 1), &arena, &out, NULL), WRIT_FORMAT);
    text[0] = '/';
    assert_int_equal(path_normalise(writ_slice(text, URI_MAX + 1), &arena, &out, NULL),
                     WRIT_FORMAT);
    free(text);
}

static void test_paths(void **state)
{
    static const struct {
        const char *in, *out;
    } PATHS[] = {
        { "/", "/" },
        { "/srv", "/srv" },
        { "/srv/", "/srv" },
        { "//srv///a", "/srv/a" },
        { "/srv/./a/..", "/srv" },
        { "/srv/../etc", "/etc" },
        { "/..", NULL },
        { "/a/../..", NULL },
        { "a", NULL },
        { "", NULL },
        { "./a", NULL },
        { "~/a", NULL },
        { "/a\\b", NULL },
        { "/a\nb", NULL },
        { "/a\x7f", NULL },
        { "/%2e%2e/a", "/%2e%2e/a" },
        { "/a b", "/a b" },
        { "/\xc3\xa9", "/\xc3\xa9" },
        { "/...", "/..." },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(PATHS); i++) {
        WRIT_AUTO_ARENA arena;
        struct writ_slice out;
        writ_arena_init(&arena, 1 << 16);
        enum writ_status st = path_normalise(writ_cstr(PATHS[i].in), &arena, &out, NULL);
        if ((st == WRIT_OK) != (PATHS[i].out != NULL) ||
            (st == WRIT_OK && !writ_slice_is(out, PATHS[i].out)))
            fail_msg("%s", PATHS[i].in);
    }
}

static void test_patterns(void **state)
{
    static const struct {
        const char *text;
        bool action, resource; /* whether it is a pattern of that sort */
    } ROWS[] = {
        { "*", true, true },
        { "files/tools/read", true, false },
        { "files/tools/*", true, false },
        { "files/tools/re*", true, false },
        { "files/*", true, false },
        { "f*", true, false },
        { "files", false, false },
        { "files/tools", false, false },
        { "files/tool/read", false, false },
        { "files/resources/read", true, false },
        { "files/resources/write", false, false },
        { "files/prompts/x", true, false },
        { "Files/tools/x", false, false },
        { "files/tools/a*b", false, false },
        { "**", false, false },
        { "files/tools/*/x", false, false },
        { "", false, false },
        { "a\n*", false, false },
        { "file:///srv/*", true, true }, /* no action begins so: it is useless, not harmful */
        { "file:///srv/a", false, true },
        { "file:///srv/../a", false, false },
        { "file:///srv/%61", false, false },
        { "file://*", true, false },
        { "file*", true, false },
        { "https://*", true, false },
        { "https://a.example*", true, false },
        { "https://a.example/*", true, true },
        { "https://A.example/*", true, false },
        { "ftp://a.exam*", true, false },
        { "ftp://*", true, false },
        { "ftp://a.example/*", true, true },
        { "writ:files", false, true },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct pattern p;
        struct writ_slice s = writ_cstr(ROWS[i].text);
        if ((pattern_parse_action(s, &p, NULL) == WRIT_OK) != ROWS[i].action)
            fail_msg("action %s", ROWS[i].text);
        if ((pattern_parse_resource(s, &p, NULL) == WRIT_OK) != ROWS[i].resource)
            fail_msg("resource %s", ROWS[i].text);
    }
}

static struct pattern pattern(const char *text)
{
    struct pattern p = { writ_cstr(text), false };

    if (text[strlen(text) - 1] == '*') {
        p.prefix = true;
        p.text.len--;
    }
    return p;
}

static void test_pattern_sets(void **state)
{
    static const struct {
        const char *a, *b;
        bool a_in_b, b_in_a;
        const char *meet; /* NULL: they share nothing */
    } ROWS[] = {
        { "a", "a", true, true, "a" },       { "a", "b", false, false, NULL },
        { "a", "a*", true, false, "a" },     { "ab", "a*", true, false, "ab" },
        { "a*", "ab*", false, true, "ab*" }, { "a*", "b*", false, false, NULL },
        { "*", "a*", false, true, "a*" },    { "*", "*", true, true, "*" },
        { "b", "a*", false, false, NULL },   { "a*", "a", false, true, "a" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct pattern a = pattern(ROWS[i].a), b = pattern(ROWS[i].b), meet;
        assert_int_equal(pattern_within(&a, &b), ROWS[i].a_in_b);
        assert_int_equal(pattern_within(&b, &a), ROWS[i].b_in_a);
        assert_int_equal(pattern_meet(&a, &b, &meet), ROWS[i].meet != NULL);
        if (ROWS[i].meet == NULL)
            continue;
        struct pattern want = pattern(ROWS[i].meet);
        assert_true(writ_slice_eq(meet.text, want.text) && meet.prefix == want.prefix);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_normalise),    cmocka_unit_test(test_nul_and_length),
        cmocka_unit_test(test_paths),        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_pattern_sets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
