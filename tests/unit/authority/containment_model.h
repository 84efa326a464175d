/*
 * The model that test_containment holds the code to: what grants mean, by enumeration.
 *
 * A finite universe stands for all requests. It is chosen so that it tells apart whatever the
 * generator can write: for each prefix there is a string behind it that no pattern names, for
 * each range a number below, between and above its ends, for each list one with a foreign
 * element. So "contained in the universe" is "contained", in both directions.
 *
 * The model knows a value by hand-written columns (its text, its number, its path when resolved,
 * its elements), and shares no code with src/authority.
 */
#ifndef WRIT_TESTS_CONTAINMENT_MODEL_H
#define WRIT_TESTS_CONTAINMENT_MODEL_H

#define NO_LIST (-1)
#define NO_NUM  1e99
#define FOREIGN 4 /* an element that is neither "a" nor "b" */

static const struct value_row {
    const char *json; /* NULL: the argument is absent */
    const char *text; /* NULL: no string */
    double number;    /* also of a string that is a decimal */
    const char *path; /* resolved by hand; NULL: none */
    int list;         /* bits: "a", "b", FOREIGN */
    int truth;        /* -1: no boolean */
} VALUES[] = {
    { NULL, NULL, NO_NUM, NULL, NO_LIST, -1 },
    { "\"\"", "", NO_NUM, NULL, NO_LIST, -1 },
    { "\"a\"", "a", NO_NUM, NULL, NO_LIST, -1 },
    { "\"ab\"", "ab", NO_NUM, NULL, NO_LIST, -1 },
    { "\"azz\"", "azz", NO_NUM, NULL, NO_LIST, -1 },
    { "\"abzz\"", "abzz", NO_NUM, NULL, NO_LIST, -1 },
    { "\"b\"", "b", NO_NUM, NULL, NO_LIST, -1 },
    { "\"bzz\"", "bzz", NO_NUM, NULL, NO_LIST, -1 },
    { "\"zz\"", "zz", NO_NUM, NULL, NO_LIST, -1 },
    { "-1", NULL, -1, NULL, NO_LIST, -1 },
    { "0", NULL, 0, NULL, NO_LIST, -1 },
    { "0.5", NULL, 0.5, NULL, NO_LIST, -1 },
    { "1", NULL, 1, NULL, NO_LIST, -1 },
    { "1.25", NULL, 1.25, NULL, NO_LIST, -1 },
    { "1.5", NULL, 1.5, NULL, NO_LIST, -1 },
    { "\"1.50\"", "1.50", 1.5, NULL, NO_LIST, -1 },
    { "1.75", NULL, 1.75, NULL, NO_LIST, -1 },
    { "2", NULL, 2, NULL, NO_LIST, -1 },
    { "2.0", NULL, 2, NULL, NO_LIST, -1 },
    { "\"2\"", "2", 2, NULL, NO_LIST, -1 },
    { "2.5", NULL, 2.5, NULL, NO_LIST, -1 },
    { "3", NULL, 3, NULL, NO_LIST, -1 },
    { "20.0", NULL, 20, NULL, NO_LIST, -1 },
    { "[]", NULL, NO_NUM, NULL, 0, -1 },
    { "[\"a\"]", NULL, NO_NUM, NULL, 1, -1 },
    { "[\"b\"]", NULL, NO_NUM, NULL, 2, -1 },
    { "[\"a\",\"b\"]", NULL, NO_NUM, NULL, 3, -1 },
    { "[\"b\",\"a\",\"a\"]", NULL, NO_NUM, NULL, 3, -1 },
    { "[\"zz\"]", NULL, NO_NUM, NULL, FOREIGN, -1 },
    { "[\"a\",1]", NULL, NO_NUM, NULL, 1 | FOREIGN, -1 },
    { "true", NULL, NO_NUM, NULL, NO_LIST, 1 },
    { "false", NULL, NO_NUM, NULL, NO_LIST, 0 },
    { "\"/\"", "/", NO_NUM, "/", NO_LIST, -1 },
    { "\"/s\"", "/s", NO_NUM, "/s", NO_LIST, -1 },
    { "\"/s/\"", "/s/", NO_NUM, "/s", NO_LIST, -1 },
    { "\"/sz\"", "/sz", NO_NUM, "/sz", NO_LIST, -1 },
    { "\"/s/a\"", "/s/a", NO_NUM, "/s/a", NO_LIST, -1 },
    { "\"/s/ab\"", "/s/ab", NO_NUM, "/s/ab", NO_LIST, -1 },
    { "\"/s/a/zz\"", "/s/a/zz", NO_NUM, "/s/a/zz", NO_LIST, -1 },
    { "\"/q/../s//./a\"", "/q/../s//./a", NO_NUM, "/s/a", NO_LIST, -1 },
    { "\"/s/../q\"", "/s/../q", NO_NUM, "/q", NO_LIST, -1 },
    { "\"/../s\"", "/../s", NO_NUM, NULL, NO_LIST, -1 },
    { "null", NULL, NO_NUM, NULL, NO_LIST, -1 },
    { "{}", NULL, NO_NUM, NULL, NO_LIST, -1 },
};
#define VALUE_COUNT (sizeof(VALUES) / sizeof(VALUES[0]))
#define ALL_VALUES  ((1ull << VALUE_COUNT) - 1)

/* What the generator may write; the star at the end is part of the string here. */
static const char *const ACTION_PATTERNS[] = { "a/tools/x", "a/tools/y", "a/tools/x*", "a/tools/*",
                                               "a/*",       "b/tools/x", "b/*",        "*" };
static const char *const ACTIONS[] = { "a/tools/x", "a/tools/y", "a/tools/x~", "a/tools/~",
                                       "a/~",       "b/tools/x", "b/~",        "~" };
static const char *const RESOURCE_PATTERNS[] = {
    "file:///s/a", "file:///s/a*", "file:///s/a/*", "file:///s/a/b", "file:///s/*", "writ:t", "*"
};
static const char *const RESOURCES[] = { "file:///s/a",   "file:///s/a~", "file:///s/a/~",
                                         "file:///s/a/b", "file:///s/~",  "writ:t",
                                         "writ:~" };
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static inline bool model_pattern(const char *pattern, const char *s)
{
    size_t n = strlen(pattern);

    return pattern[n - 1] == '*' ? strncmp(pattern, s, n - 1) == 0 : strcmp(pattern, s) == 0;
}

enum model_kind { M_TEXT, M_NUMBER, M_LIST, M_BOOL, M_PATH, M_ANY, M_ABSENT };

/* A constraint as the generator wrote it. */
struct spec {
    char json[160];
    enum model_kind kind;
    bool optional, is_prefix, is_range, is_subset;
    const char *texts[4]; /* exact, one_of, prefix, of text and path */
    double numbers[4];    /* exact, one_of */
    double min, max;
    int list, truths; /* truths: bit 0 false, bit 1 true */
    size_t len;
    unsigned long long allowed; /* bits into VALUES */
};

static inline bool model_text(const struct spec *s, const char *v)
{
    for (size_t i = 0; v != NULL && i < s->len; i++) {
        size_t n = strlen(s->texts[i]);
        if (!s->is_prefix && strcmp(s->texts[i], v) == 0)
            return true;
        if (!s->is_prefix || strncmp(s->texts[i], v, n) != 0)
            continue;
        /* Paths begin with whole segments. */
        if (s->kind == M_TEXT || v[n] == '\0' || v[n] == '/' || s->texts[i][n - 1] == '/')
            return true;
    }
    return false;
}

static inline bool model_number(const struct spec *s, double v)
{
    bool found = s->is_range && v != NO_NUM && v >= s->min && v <= s->max;

    for (size_t i = 0; !s->is_range && i < s->len; i++)
        found = found || s->numbers[i] == v;
    return found;
}

static inline bool model_allows(const struct spec *s, const struct value_row *v)
{
    if (s->kind == M_ANY)
        return true;
    if (v->json == NULL)
        return s->optional || s->kind == M_ABSENT;
    switch (s->kind) {
    case M_TEXT:
        return model_text(s, v->text);
    case M_PATH:
        return model_text(s, v->path);
    case M_NUMBER:
        return model_number(s, v->number);
    case M_LIST:
        if (v->list == NO_LIST)
            return false;
        return s->is_subset ? (v->list & ~s->list) == 0 : v->list == s->list;
    case M_BOOL:
        return v->truth >= 0 && (s->truths >> v->truth & 1) != 0;
    case M_ANY:
    case M_ABSENT:
        break;
    }
    return false;
}

#endif
