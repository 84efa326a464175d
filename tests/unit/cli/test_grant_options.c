#include "test.h"

#include "grant_options.h"

#include "authority/grant.h"
#include "commands.h"
#include "text.h"

#include "base/banned.h"

#define NOON 1795435200123456ull /* 2026-11-23T12:00:00.123456Z */

static uint64_t fixed_now(void *ctx)
{
    (void)ctx;
    return NOON;
}

static enum writ_status zeros(void *ctx, uint8_t *out, size_t n)
{
    (void)ctx;
    memset(out, 0, n);
    return WRIT_OK;
}

#define BASE      "--purpose=p", "--for=30m", "--action=files/*", "--resource=file:///srv/*"
#define PARTS_MAX 14

struct row {
    const char *rule;
    const char *argv[PARTS_MAX];
    enum writ_status want; /* of the options; what passes must also parse as a grant */
    const char *holds;     /* a part of the text, or of the error */
};

/* clang-format off */
static const struct row ROWS[] = {
    { "the least that is needed", { BASE }, WRIT_OK, "\"expires\":\"2026-11-23T12:30:00Z\"" },
    { "it starts now",            { BASE }, WRIT_OK, "\"not_before\":\"2026-11-23T12:00:00Z\"" },
    { "not passed on by default", { BASE }, WRIT_OK, "\"max_depth\":0" },
    { "key is the default proof", { BASE }, WRIT_OK, "\"proof\":\"key\"" },
    { "no limits is an object",   { BASE }, WRIT_OK, "\"limits\":{}" },
    { "all limits", { BASE, "--limit=calls=20", "--limit=per_minute=60", "--limit=concurrency=2", "--limit=spend=100EUR" }, WRIT_OK,
      "\"limits\":{\"calls\":20,\"concurrency\":2,\"per_minute\":60,\"spend\":{\"max\":100,\"unit\":\"EUR\"}}" },
    { "spend with decimals", { BASE, "--limit=spend=0.50EUR" }, WRIT_OK, "\"max\":0.5" },
    { "an unknown limit", { BASE, "--limit=tokens=5" }, WRIT_ARG, "the limits are" },
    { "a limit that is no number", { BASE, "--limit=calls=many" }, WRIT_ARG, "is not a number" },
    { "a limit without a value", { BASE, "--limit=calls" }, WRIT_ARG, "" },
    { "a constraint", { BASE, "--argument=files/tools/rm:path:{\"prefix\":\"/tmp/\"}" }, WRIT_OK,
      "\"arguments\":{\"files/tools/rm\":{\"path\":{\"prefix\":\"/tmp/\"}}}" },
    { "two for one action", { BASE, "--argument=files/tools/rm:a:{\"any\":true}", "--argument=files/tools/rm:b:{\"absent\":true}" }, WRIT_OK,
      "{\"a\":{\"any\":true},\"b\":{\"absent\":true}}" },
    { "the same twice", { BASE, "--argument=files/tools/rm:a:{\"any\":true}", "--argument=files/tools/rm:a:{\"any\":true}" }, WRIT_ARG, "given twice" },
    { "a colon in the pattern", { BASE, "--argument=files/prompts/a:*:x:{\"any\":true}" }, WRIT_OK, "\"files/prompts/a:*\":{\"x\":" },
    { "no JSON", { BASE, "--argument=files/tools/rm:path" }, WRIT_ARG, "the form is" },
    { "no name", { BASE, "--argument=files/tools/rm:{\"any\":true}" }, WRIT_ARG, "the form is" },
    { "an empty name", { BASE, "--argument=files/tools/rm::{\"any\":true}" }, WRIT_ARG, "the form is" },
    { "JSON with a duplicate key", { BASE, "--argument=files/tools/rm:p:{\"any\":true,\"any\":true}" }, WRIT_ARG, "" },
    { "text after the JSON", { BASE, "--argument=files/tools/rm:p:{\"any\":true}x" }, WRIT_ARG, "" },
    { "an approval", { BASE, "--approval=files/tools/rm" }, WRIT_OK,
      "\"approval\":[{\"actions\":[\"files/tools/rm\"],\"four_eyes\":false,\"quorum\":1,\"within_s\":600}]" },
    { "an approval in full", { BASE, "--approval=files/*,quorum=2,four_eyes,within=2h" }, WRIT_OK,
      "{\"actions\":[\"files/*\"],\"four_eyes\":true,\"quorum\":2,\"within_s\":7200}" },
    { "an approval with something else", { BASE, "--approval=files/*,often" }, WRIT_ARG, "quorum=N" },
    { "an approval without an action", { BASE, "--approval=,quorum=2" }, WRIT_ARG, "an action comes first" },
    { "a depth", { BASE, "--max-depth=3" }, WRIT_OK, "\"max_depth\":3" },
    { "too deep", { BASE, "--max-depth=8" }, WRIT_ARG, "0 to 7" },
    { "a weaker proof is said aloud", { BASE, "--proof=none" }, WRIT_OK, "\"proof\":\"none\"" },
    { "an end by the clock", { "--purpose=p", "--expires=2026-11-24T00:00:00Z", "--action=a/tools/b", "--resource=writ:a" }, WRIT_OK, "\"expires\":\"2026-11-24T00:00:00Z\"" },
    { "both ends", { BASE, "--expires=2026-11-24T00:00:00Z" }, WRIT_ARG, "say the same thing" },
    { "a later start", { BASE, "--not-before=2026-11-24T00:00:00Z" }, WRIT_OK, "\"expires\":\"2026-11-24T00:30:00Z\"" },
    { "no end", { "--purpose=p", "--action=a/tools/b", "--resource=writ:a" }, WRIT_ARG, "say how long" },
    { "no purpose", { "--for=1m", "--action=a/tools/b", "--resource=writ:a" }, WRIT_ARG, "--purpose is missing" },
    { "no action", { "--purpose=p", "--for=1m", "--resource=writ:a" }, WRIT_ARG, "--action is missing" },
    { "no resource", { "--purpose=p", "--for=1m", "--action=a/tools/b" }, WRIT_ARG, "--resource is missing" },
};
/* clang-format on */

static enum writ_status build(const char *const *argv, struct writ_buf *out, struct writ_err *err)
{
    const struct writ_command *grant = NULL;
    static const char *const NAME[] = { "grant" };
    struct writ_cli cli = { .env = { fixed_now, zeros, NULL } };
    WRIT_AUTO_JSON *text = json_object();
    int n = 0, used;

    while (n < PARTS_MAX && argv[n] != NULL)
        n++;
    grant = writ_command_find(1, (char *const *)(uintptr_t)NAME, &used);
    struct writ_args_spec spec = writ_command_spec(grant);
    assert_int_equal(writ_args_parse(&spec, n, (char *const *)(uintptr_t)argv, &cli.args, err),
                     WRIT_OK);
    WRIT_TRY(writ_grant_from_options(&cli, text, err));
    WRIT_TRY(writ_text_put(text, "parent", json_null(), err));
    WRIT_TRY(writ_text_set(text, "human", "alice", err));
    WRIT_TRY(writ_text_set(text, "holder", "bot", err));
    WRIT_TRY(writ_text_head(cli.env, "writ.grant", WRIT_LIT("x/a"), 'g', text, err));
    return writ_text_canonical(text, out, err);
}

static void options_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        const struct row *t = &ROWS[i];
        struct writ_err err = { 0 };
        WRIT_AUTO_GRANT *grant = NULL;
        WRIT_AUTO_BUF text;

        print_message("  %s\n", t->rule);
        writ_buf_init(&text, 4 * WRIT_TEXT_MAX);
        assert_int_equal(build(t->argv, &text, &err), t->want);
        if (t->want != WRIT_OK) {
            assert_non_null(strstr(err.text, t->holds));
            continue;
        }
        /* The authority reads what we write, by its own rules. */
        assert_int_equal(writ_grant_parse(writ_buf_slice(&text), &grant, &err), WRIT_OK);
        assert_true(writ_slice_is(writ_grant_holder(grant), "bot"));
        assert_int_equal(writ_buf_add_byte(&text, '\0'), WRIT_OK);
        assert_non_null(strstr((const char *)text.ptr, t->holds));
    }
}

/* A file gives the fields, an option replaces a list, a limit replaces its own. */
static void from_file(void **state)
{
    char path[] = "/tmp/writ-test-XXXXXX", option[64];
    const char *const argv[] = { option, "--action=files/tools/b", "--limit=calls=3", "--for=1m",
                                 NULL };
    int fd = mkstemp(path);
    struct writ_err err = { 0 };
    WRIT_AUTO_BUF text;

    (void)state;
    writ_buf_init(&text, 4 * WRIT_TEXT_MAX);
    assert_true(fd >= 0);
    FILE *f = fdopen(fd, "w");
    (void)fputs("{\"purpose\":\"of the file\",\"actions\":[\"files/tools/a\"],"
                "\"resources\":[\"writ:files\"],\"id\":\"g-old\","
                "\"limits\":{\"calls\":9,\"per_minute\":7}}",
                f);
    (void)fclose(f);
    (void)snprintf(option, sizeof(option), "--file=%s", path);
    assert_int_equal(build(argv, &text, &err), WRIT_OK);
    (void)remove(path);
    assert_int_equal(writ_buf_add_byte(&text, '\0'), WRIT_OK);
    const char *got = (const char *)text.ptr;
    assert_non_null(strstr(got, "\"actions\":[\"files/tools/b\"]"));
    assert_non_null(strstr(got, "\"limits\":{\"calls\":3,\"per_minute\":7}"));
    assert_non_null(strstr(got, "\"id\":\"g-0000000000000000\""));
    assert_non_null(strstr(got, "of the file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(options_table),
                                        cmocka_unit_test(from_file) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
