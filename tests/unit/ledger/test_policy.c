#include "fixture.h"

#include "ledger/policy.h"

#include "base/banned.h"

/*
 * The policy of a row: @0 to @9 stand for the keys of ten witnesses, @L and @M for those of two
 * logs, @X for a log with the public key of witness 0.
 */
static struct writ_slice expand(const char *text, struct writ_buf *out)
{
    writ_buf_clear(out);
    for (; *text != '\0'; text++) {
        WRIT_AUTO_KEY *key = NULL;
        uint8_t seed[32] = { 0 };
        struct writ_note_key k;
        char name[32];

        if (*text != '@') {
            assert_int_equal(writ_buf_add_byte(out, (uint8_t)*text), WRIT_OK);
            continue;
        }
        char which = *++text;
        bool log = which >= 'A';
        seed[0] = (uint8_t)(which == 'X' ? '0' : which);
        (void)snprintf(name, sizeof(name), "%s.example/%c", log ? "log" : "witness", which);
        assert_int_equal(writ_key_from_seed(seed, &key, NULL), WRIT_OK);
        assert_int_equal(writ_note_key_make(writ_cstr(name), log ? 1 : 4, key, &k, NULL), WRIT_OK);
        assert_int_equal(writ_note_key_text(&k, out), WRIT_OK);
    }
    return writ_buf_slice(out);
}

#define SIX                                                                          \
    "log @L\nwitness a @0\nwitness b @1\nwitness c @2\nwitness d @3\nwitness e @4\n" \
    "witness f @5\n"

static void counts_the_quorum(void **state)
{
    static const struct {
        const char *rule, *text;
        uint64_t cosigned;
        bool met;
    } rows[] = {
        { "none wants nobody", SIX "quorum none\n", 0, true },
        { "one witness", SIX "quorum b\n", 2, true },
        { "one witness, others cosigned", SIX "quorum b\n", 0x3d, false },
        { "any: one", SIX "group g any a b c\nquorum g\n", 4, true },
        { "any: none of them", SIX "group g any a b c\nquorum g\n", 0x38, false },
        { "all: all", SIX "group g all a b c\nquorum g\n", 7, true },
        { "all: one is missing", SIX "group g all a b c\nquorum g\n", 0x3e, false },
        { "two of three", SIX "group g 2 a b c\nquorum g\n", 5, true },
        { "one of three is not two", SIX "group g 2 a b c\nquorum g\n", 0x3c, false },
        { "groups of groups", SIX "group x 2 a b c\ngroup y any d e f\ngroup z all x y\nquorum z\n",
          0x23, true },
        { "groups of groups: one side",
          SIX "group x 2 a b c\ngroup y any d e f\ngroup z all x y\nquorum z\n", 7, false },
        { "groups of groups: both sides, one too weak",
          SIX "group x 2 a b c\ngroup y any d e f\ngroup z all x y\nquorum z\n", 0x39, false },
        { "a group and a witness", SIX "group x all a b\ngroup z any x c\nquorum z\n", 4, true },
        { "an inner group as quorum", SIX "group x all a b\ngroup z any x c\nquorum x\n", 4,
          false },
        { "lines after the quorum", SIX "quorum a\ngroup g all b c\n", 1, true },
        { "blanks, tabs, comments, addresses",
          "# the log\n\n \t log\t@L  https://log.example/ \n\t# w\nwitness \xc3\xa9 @0 "
          "https://w.example\nquorum \xc3\xa9\n",
          1, true },
        { "no log", "witness a @0\nquorum a\n", 1, true },
        { "names of rules are names", "witness any @0\ngroup all any any\nquorum all\n", 1, true },
    };
    WRIT_AUTO_BUF text;
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    static struct writ_policy p;

    (void)state;
    writ_buf_init(&text, WRIT_POLICY_MAX);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_ok(writ_policy_parse(expand(rows[i].text, &text), &p, &err));
        if (writ_policy_met(&p, rows[i].cosigned) != rows[i].met)
            fail_msg("%s", rows[i].rule);
    }
}

static void keeps_keys_names_and_addresses(void **state)
{
    WRIT_AUTO_BUF text;
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    static struct writ_policy p;

    (void)state;
    writ_buf_init(&text, WRIT_POLICY_MAX);
    assert_ok(writ_policy_parse(
        expand("log @L\nlog @M http://m\nwitness a @7 http://w\nquorum a\n", &text), &p, &err));
    assert_true(p.logs == 2 && p.witnesses == 1 && p.groups == 0);
    assert_string_equal(p.log[0].name, "log.example/L");
    assert_string_equal(p.witness_key[0].name, "witness.example/7");
    assert_int_equal(p.log_url[0].len, 0);
    assert_true(writ_slice_is(p.log_url[1], "http://m"));
    assert_true(writ_slice_is(p.witness[0].name, "a"));
    assert_true(writ_slice_is(p.witness[0].url, "http://w"));
}

static void refuses(void **state)
{
    static const struct {
        const char *rule, *text, *words;
    } rows[] = {
        { "an empty policy", "", "quorum line" },
        { "no quorum", SIX, "quorum line" },
        { "two quorums", SIX "quorum a\nquorum a\n", "line 9: a: there is a quorum line" },
        { "a quorum of nobody", SIX "quorum\n", "line 8: a name is missing" },
        { "a quorum that is not defined", SIX "quorum g\n", "line 8: g: no line before" },
        { "a quorum before its witness", "quorum a\nwitness a @0\n", "line 1: a: no line before" },
        { "a quorum of two", SIX "quorum a b\n", "line 8: b: the line should have ended" },
        { "no final LF", "quorum none", "line 1 does not end in LF" },
        { "an unknown line", "logs @L\nquorum none\n", "line 1: logs: a line begins" },
        { "an upper-case word", "Quorum none\n", "line 1: Quorum: a line begins" },
        { "a carriage return", "quorum none\r\n", "byte 0x0d" },
        { "DEL", "# \x7f\nquorum none\n", "byte 0x7f" },
        { "a log without a key", "log\nquorum none\n", "line 1: a verifier key is missing" },
        { "a log with a bad key", "log x+y+z\nquorum none\n", "line 1: key id" },
        { "a log with a witness's key", "log @0\nquorum none\n", "not the key of a log" },
        { "a witness with a log's key", "witness a @L\nquorum a\n", "not the key of a witness" },
        { "a log with two addresses", "log @L http://a http://b\nquorum none\n",
          "http://b: the line" },
        { "a witness with two addresses", "witness a @0 u v\nquorum a\n", "v: the line" },
        { "a log twice", "log @L\nlog @L\nquorum none\n", "line 2: log.example/L" },
        { "a key twice", "witness a @0\nwitness b @0\nquorum a\n", "same public key" },
        { "a log that is its own witness", "log @X\nwitness a @0\nquorum a\n", "same public key" },
        { "a name twice", "witness a @0\nwitness a @1\nquorum a\n",
          "line 2: a: this name is defined" },
        { "a group with a witness's name", SIX "group a all b\nquorum a\n",
          "this name is defined" },
        { "the name none", "witness none @0\nquorum none\n", "a meaning of its own" },
        { "a group named none", SIX "group none all a\nquorum none\n", "a meaning of its own" },
        { "none as a member", SIX "group g any a none\nquorum g\n", "none: no line before" },
        { "a group without a rule", SIX "group g\nquorum g\n", "a group needs" },
        { "a group without members", SIX "group g all\nquorum g\n", "a group has members" },
        { "none of a group", SIX "group g 0 a b\nquorum g\n", "0: more than the group has" },
        { "more than a group has", SIX "group g 3 a b\nquorum g\n", "3: more than the group has" },
        { "a number with a zero before", SIX "group g 01 a b\nquorum g\n", "a group needs" },
        { "a member twice", SIX "group g 2 a a\nquorum g\n", "a: a member of a group already" },
        { "a member of two groups", SIX "group g any a\ngroup h any a\nquorum g\n",
          "line 9: a: a member" },
        { "a group in itself", SIX "group g any g\nquorum g\n", "g: no line before" },
        { "a member that comes later", "group g any a\nwitness a @0\nquorum g\n",
          "no line before" },
        { "a witness without a name", "witness\nquorum none\n", "a name is missing" },
    };
    WRIT_AUTO_BUF text;
    static struct writ_policy p, before;

    (void)state;
    writ_buf_init(&text, WRIT_POLICY_MAX);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct writ_err err = { WRIT_OK, 0, 0, "" };
        enum writ_status st = writ_policy_parse(expand(rows[i].text, &text), &p, &err);
        if (st != WRIT_FORMAT || strstr(err.text, rows[i].words) == NULL)
            fail_msg("%s: %s: %s", rows[i].rule, writ_status_text(st), err.text);
        assert_memory_equal(&p, &before, sizeof(p)); /* untouched */
    }
}

static void names_the_place(void **state)
{
    WRIT_AUTO_BUF text;
    struct writ_err err = { WRIT_OK, 0, 0, "" };
    static struct writ_policy p;

    (void)state;
    writ_buf_init(&text, WRIT_POLICY_MAX);
    assert_int_equal(writ_policy_parse(WRIT_LIT("# one\n\n  quorum  g\n"), &p, &err), WRIT_FORMAT);
    assert_int_equal(err.offset, 17);
    assert_int_equal(writ_policy_parse(WRIT_LIT("quorum none\n\x01"), &p, &err), WRIT_FORMAT);
    assert_int_equal(err.offset, 12);
}

/* `n` lines of a kind, each with its own key. */
static void add_lines(struct writ_buf *out, const char *kind, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        WRIT_AUTO_KEY *key = NULL;
        uint8_t seed[32] = { (uint8_t)i, (uint8_t)kind[0] };
        struct writ_note_key k;

        if (kind[0] == 'g') {
            assert_int_equal(writ_buf_addf(out, "group g%u any w%u\n", i, i), WRIT_OK);
            continue;
        }
        assert_int_equal(writ_key_from_seed(seed, &key, NULL), WRIT_OK);
        assert_int_equal(
            writ_note_key_make(WRIT_LIT("x.example"), kind[0] == 'l' ? 1 : 4, key, &k, NULL),
            WRIT_OK);
        if (kind[0] == 'l')
            assert_int_equal(writ_buf_add_cstr(out, "log "), WRIT_OK);
        else
            assert_int_equal(writ_buf_addf(out, "witness w%u ", i), WRIT_OK);
        assert_int_equal(writ_note_key_text(&k, out), WRIT_OK);
        assert_int_equal(writ_buf_add_byte(out, '\n'), WRIT_OK);
    }
}

static void holds_its_limits(void **state)
{
    static const struct {
        unsigned logs, witnesses, groups;
        enum writ_status want;
    } rows[] = {
        { 32, 64, 32, WRIT_OK },
        { 33, 0, 0, WRIT_LIMIT },
        { 0, 65, 0, WRIT_LIMIT },
        { 0, 33, 33, WRIT_LIMIT },
    };
    WRIT_AUTO_BUF text;
    static struct writ_policy p;

    (void)state;
    writ_buf_init(&text, 2 * WRIT_POLICY_MAX);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        writ_buf_clear(&text);
        add_lines(&text, "log", rows[i].logs);
        add_lines(&text, "witness", rows[i].witnesses);
        add_lines(&text, "group", rows[i].groups);
        assert_int_equal(writ_buf_add_cstr(&text, "quorum none\n"), WRIT_OK);
        assert_int_equal(writ_policy_parse(writ_buf_slice(&text), &p, NULL), rows[i].want);
    }
    writ_buf_clear(&text);
    assert_int_equal(writ_buf_add_cstr(&text, "quorum none\n"), WRIT_OK);
    while (text.len < WRIT_POLICY_MAX)
        assert_int_equal(writ_buf_add_byte(&text, '\n'), WRIT_OK);
    assert_int_equal(writ_policy_parse(writ_buf_slice(&text), &p, NULL), WRIT_OK);
    assert_int_equal(writ_buf_add_byte(&text, '\n'), WRIT_OK);
    assert_int_equal(writ_policy_parse(writ_buf_slice(&text), &p, NULL), WRIT_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_the_quorum), cmocka_unit_test(keeps_keys_names_and_addresses),
        cmocka_unit_test(refuses),           cmocka_unit_test(names_the_place),
        cmocka_unit_test(holds_its_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
