#include "commands.h"

#include "connect.h"
#include "home.h"
#include "ledger_read.h"
#include "list.h"
#include "submit.h"
#include "text.h"
#include "words.h"

#include "base/banned.h"

#define FILE_MAX (64u << 10)

/* clang-format off */
const struct writ_option WRIT_OPTIONS_TARGET_ADD[] = {
    { WRIT_OPTION_ONE, "environment", NULL, "ENV", "where it runs: production, test", false },
    { WRIT_OPTION_FLAG, "third-party", NULL, NULL, "somebody else runs it", false },
    { WRIT_OPTION_MANY, "resource", NULL, "TOOL=TEMPLATE[,…]",
      "what a tool acts on: 'move=file://{from},file://{to}'", false },
    { WRIT_OPTION_MANY, "sensitive", NULL, "PATTERN", "actions to mark as sensitive", false },
    { WRIT_OPTION_MANY, "spend", NULL, "TOOL=ARG:UNIT", "which argument is an amount: pay=amount:EUR", false },
    { WRIT_OPTION_FLAG, "pin", NULL, NULL, "accept new tools as first seen (the default)", false },
    { WRIT_OPTION_FLAG, "hold-new", NULL, NULL, "hold new tools until somebody accepts them", false },
    { WRIT_OPTION_ONE, "file", NULL, "FILE", "begin with the fields of this JSON file; options add", false },
    WRIT_OPTION_HUMAN,
    WRIT_OPTION_SIGN_KEY,
    WRIT_OPTIONS_DONE,
};

const struct writ_option WRIT_OPTIONS_ACCEPT_TOOL[] = {
    { WRIT_OPTION_ONE, "digest", NULL, "HEX", "the definition to accept; the held one if not given", false },
    WRIT_OPTION_HUMAN,
    WRIT_OPTION_SIGN_KEY,
    WRIT_OPTIONS_DONE,
};
/* clang-format on */

static enum writ_status from_file(const char *path, json_t *text, struct writ_err *err)
{
    static const char *const FIELDS[] = { "type",        "v",         "cell",        "id",
                                          "issued",      "target",    "environment", "third_party",
                                          "sensitive",   "resources", "spend",       "tools",
                                          "on_new_tool", NULL };
    WRIT_AUTO_BUF bytes;
    WRIT_AUTO_JSON *file = NULL;

    writ_buf_init(&bytes, FILE_MAX);
    WRIT_TRY(writ_home_read_file(path, &bytes, err));
    WRIT_TRY(writ_json_parse_object(writ_buf_slice(&bytes), FILE_MAX, &file, err));
    WRIT_TRY(writ_json_only(file, path, FIELDS, err));
    return json_object_update(text, file) == 0 ? WRIT_OK : writ_fail_nomem(err);
}

/* The object `name` of the text, made when it is not there; NULL when memory is out. */
static json_t *part(json_t *text, const char *name)
{
    json_t *object = json_object_get(text, name);

    if (json_is_object(object))
        return object;
    return json_object_set_new(text, name, json_object()) == 0 ? json_object_get(text, name) : NULL;
}

/* "TOOL=REST" into its halves. */
static enum writ_status halves(const char *option, const char *text, char tool[257],
                               const char **rest, struct writ_err *err)
{
    const char *equals = strchr(text, '=');

    if (equals == NULL || equals == text || equals - text > 256 || equals[1] == '\0')
        return writ_fail(err, WRIT_ARG, "--%s %s: the form is TOOL=…", option, text);
    (void)snprintf(tool, 257, "%.*s", (int)(equals - text), text);
    *rest = equals + 1;
    return WRIT_OK;
}

static enum writ_status add_resource(json_t *text, const char *value, struct writ_err *err)
{
    json_t *all = part(text, "resources");
    const char *templates = NULL;
    char tool[257];

    if (all == NULL)
        return writ_fail_nomem(err);
    WRIT_TRY(halves("resource", value, tool, &templates, err));
    return writ_text_commas(all, tool, templates, err);
}

static enum writ_status add_spend(json_t *text, const char *value, struct writ_err *err)
{
    json_t *all = part(text, "spend");
    const char *rest = NULL;
    char tool[257];

    if (all == NULL)
        return writ_fail_nomem(err);
    WRIT_TRY(halves("spend", value, tool, &rest, err));
    const char *colon = strrchr(rest, ':');
    if (colon == NULL || colon == rest || colon[1] == '\0')
        return writ_fail(err, WRIT_ARG, "--spend %s: the form is TOOL=ARGUMENT:UNIT", value);
    return writ_text_put(
        all, tool,
        json_pack("{s:s%, s:s}", "argument", rest, (size_t)(colon - rest), "unit", colon + 1), err);
}

static enum writ_status add_options(struct writ_cli *cli, json_t *text, struct writ_err *err)
{
    const struct writ_args *a = &cli->args;
    const char *environment = writ_args_value(a, "environment"), *value;
    size_t cursor = 0;

    if (environment != NULL)
        WRIT_TRY(writ_text_set(text, "environment", environment, err));
    if (json_object_get(text, "environment") == NULL)
        return writ_fail(err, WRIT_ARG, "--environment ENV is missing");
    if (writ_args_has(a, "third-party") || json_object_get(text, "third_party") == NULL)
        WRIT_TRY(
            writ_text_put(text, "third_party", json_boolean(writ_args_has(a, "third-party")), err));
    while ((value = writ_args_next(a, "resource", &cursor)) != NULL)
        WRIT_TRY(add_resource(text, value, err));
    cursor = 0;
    while ((value = writ_args_next(a, "sensitive", &cursor)) != NULL)
        WRIT_TRY(writ_text_append(text, "sensitive", value, err));
    cursor = 0;
    while ((value = writ_args_next(a, "spend", &cursor)) != NULL)
        WRIT_TRY(add_spend(text, value, err));
    if (writ_args_has(a, "pin") && writ_args_has(a, "hold-new"))
        return writ_fail(err, WRIT_ARG, "--pin and --hold-new exclude each other");
    if (writ_args_has(a, "pin") || writ_args_has(a, "hold-new"))
        return writ_text_set(text, "on_new_tool", writ_args_has(a, "hold-new") ? "hold" : "pin",
                             err);
    return WRIT_OK;
}

/*
 * A target that is described anew keeps the tools that were accepted, and what happens to new
 * ones, unless the new description says otherwise: nothing is opened by saying nothing.
 */
static enum writ_status keep_tools(struct writ_cli *cli, const char *name, json_t *text,
                                   struct writ_err *err)
{
    WRIT_AUTO_LEDGER ledger = { 0 };
    WRIT_AUTO_JSON *items = NULL;
    WRIT_AUTO_JSON *before = NULL;

    WRIT_TRY(writ_call_view(cli, "targets", name, true, &items, err));
    const json_t *known = json_array_get(items, 0);
    json_t *tools = json_object_get(known, "tools");
    if (json_object_size(tools) != 0 && json_object_get(text, "tools") == NULL)
        WRIT_TRY(writ_text_put(text, "tools", json_deep_copy(tools), err));
    if (known == NULL || json_object_get(text, "on_new_tool") != NULL)
        return WRIT_OK;
    WRIT_TRY(writ_ledger_open(cli, &ledger, err));
    WRIT_TRY(writ_ledger_at(&ledger, writ_field_number(known, "index"), err));
    if (ledger.record.type != WRIT_RECORD_TARGET_ADDED)
        return writ_fail(err, WRIT_CORRUPT, "the ledger here is not the authority's");
    WRIT_TRY(
        writ_json_parse_object(ledger.record.as.signed_text.text, WRIT_RECORD_MAX, &before, err));
    return writ_text_set(
        text, "on_new_tool",
        strcmp(writ_field_text(before, "on_new_tool"), "pin") == 0 ? "pin" : "hold", err);
}

enum writ_status writ_cmd_target_add(struct writ_cli *cli, struct writ_err *err)
{
    WRIT_AUTO_JSON *text = json_object();
    WRIT_AUTO_JSON *reply = NULL;
    const char *name = cli->args.words[0], *file = writ_args_value(&cli->args, "file"), *unused;
    char what[128];

    if (text == NULL)
        return writ_fail_nomem(err);
    if (!writ_name_valid(writ_cstr(name)))
        return writ_fail(err, WRIT_ARG, "%s: 1-64 of a-z 0-9 . _ -, first a letter or digit", name);
    if (file != NULL)
        WRIT_TRY(from_file(file, text, err));
    WRIT_TRY(writ_text_set(text, "target", name, err));
    WRIT_TRY(add_options(cli, text, err));
    WRIT_TRY(writ_cli_need(cli, "sign-key", "WRIT_SIGN_KEY", &unused, err));
    WRIT_TRY(keep_tools(cli, name, text, err));
    if (json_object_get(text, "on_new_tool") == NULL)
        WRIT_TRY(writ_text_set(text, "on_new_tool", "pin", err));
    if (!cli->json)
        writ_words_target(&cli->note, text);
    WRIT_TRY(writ_submit_change(cli, "writ.target", text, &reply, err));
    (void)snprintf(what, sizeof(what), "Target %s is in force", name);
    writ_submit_print(cli, what, reply);
    return WRIT_OK;
}

enum writ_status writ_cmd_target_accept_tool(struct writ_cli *cli, struct writ_err *err)
{
    WRIT_AUTO_JSON *text = json_object();
    WRIT_AUTO_JSON *target = NULL;
    WRIT_AUTO_JSON *reply = NULL;
    const char *name = cli->args.words[0], *tool = cli->args.words[1];
    const char *digest = writ_args_value(&cli->args, "digest");
    char what[512];

    if (text == NULL)
        return writ_fail_nomem(err);
    if (digest == NULL) {
        WRIT_TRY(writ_call_item(cli, "targets", name, &target, err));
        digest = writ_field_text(json_object_get(target, "held"), tool);
        if (*digest == '\0')
            return writ_fail(err, WRIT_NOT_FOUND, "no definition of %s is held at %s", tool, name);
    }
    WRIT_TRY(writ_text_set(text, "target", name, err));
    WRIT_TRY(writ_text_set(text, "tool", tool, err));
    WRIT_TRY(writ_text_set(text, "digest", digest, err));
    WRIT_TRY(writ_submit_change(cli, "writ.tool", text, &reply, err));
    (void)snprintf(what, sizeof(what), "Tool %s of %s is accepted as %.12s…", tool, name, digest);
    writ_submit_print(cli, what, reply);
    return WRIT_OK;
}

static void join_names(struct writ_table *t, enum writ_style style, const json_t *object)
{
    WRIT_AUTO_BUF cell;
    const char *name;
    json_t *value;

    writ_buf_init(&cell, 8192);
    json_object_foreach((json_t *)(uintptr_t)object, name,
                        value) if (writ_buf_addf(&cell, "%s%s", cell.len == 0 ? "" : " ", name) !=
                                   WRIT_OK) break; /* the table cuts a cell so long anyway */
    writ_table_add(t, style, writ_buf_slice(&cell));
}

enum writ_status writ_cmd_targets(struct writ_cli *cli, struct writ_err *err)
{
    static const char *const HEAD[] = {
        "TARGET", "ENVIRONMENT", "SENSITIVE", "HELD", "TOOLS", NULL
    };
    WRIT_AUTO_JSON *items = NULL;
    WRIT_AUTO_TABLE t;

    writ_table_init(&t, HEAD);
    WRIT_TRY(writ_call_view(cli, "targets", NULL, true, &items, err));
    if (cli->json) {
        writ_put_json(&cli->out, items);
        return WRIT_OK;
    }
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *g = json_array_get(items, i);
        size_t sensitive = json_array_size(json_object_get(g, "sensitive"));

        writ_table_addf(&t, WRIT_STYLE_BOLD, "%s", writ_field_text(g, "target"));
        writ_table_addf(&t, WRIT_STYLE_PLAIN, "%s%s", writ_field_text(g, "environment"),
                        writ_field_true(g, "third_party") ? " (third party)" : "");
        writ_table_addf(&t, WRIT_STYLE_PLAIN, "%zu", sensitive);
        join_names(&t, WRIT_STYLE_BAD, json_object_get(g, "held"));
        join_names(&t, WRIT_STYLE_PLAIN, json_object_get(g, "tools"));
    }
    return writ_list_print(cli, &t, "there are no targets", err);
}
