#include "grant_options.h"

#include "amount.h"
#include "base/text.h"
#include "home.h"
#include "text.h"

#include "base/banned.h"

#define FILE_MAX (64u << 10)

static json_t *object_in(json_t *parent, const char *name)
{
    json_t *object = json_object_get(parent, name);

    if (json_is_object(object))
        return object;
    /* NULL when memory is out: json_object_set_new then frees nothing and fails. */
    return json_object_set_new(parent, name, json_object()) == 0 ? json_object_get(parent, name)
                                                                 : NULL;
}

enum writ_status writ_grant_limit(json_t *grant, const char *text, struct writ_err *err)
{
    json_t *limits = object_in(grant, "limits"), *max = NULL;
    struct writ_slice s = writ_cstr(text), unit;
    const char *equals = strchr(text, '=');
    char name[16] = "", unit_text[65];
    uint64_t n;

    if (limits == NULL)
        return writ_fail_nomem(err);
    if (equals != NULL)
        (void)snprintf(name, sizeof(name), "%.*s", (int)(equals - text), text);
    if (strcmp(name, "spend") == 0) {
        WRIT_TRY(writ_sum_parse(equals + 1, &max, &unit, err));
        (void)snprintf(unit_text, sizeof(unit_text), "%.*s", WRIT_FMT(unit));
        return writ_text_put(limits, "spend",
                             json_pack("{s:o, s:s}", "max", max, "unit", unit_text), err);
    }
    if (strcmp(name, "calls") != 0 && strcmp(name, "per_minute") != 0 &&
        strcmp(name, "concurrency") != 0)
        return writ_fail(err, WRIT_ARG,
                         "--limit %s: the limits are calls=N, per_minute=N, concurrency=N and "
                         "spend=100EUR",
                         text);
    if (writ_u64_parse(writ_slice_from(s, (size_t)(equals + 1 - text)), &n) != WRIT_OK ||
        n > INT64_MAX)
        return writ_fail(err, WRIT_ARG, "--limit %s: \"%s\" is not a number", text, equals + 1);
    return writ_text_put(limits, name, json_integer((json_int_t)n), err);
}

enum writ_status writ_grant_argument(json_t *grant, const char *text, struct writ_err *err)
{
    json_t *all = object_in(grant, "arguments"), *constraint = NULL;
    const char *json = strstr(text, ":{");
    char action[513], name[257];
    struct writ_err why = { 0 };

    if (all == NULL)
        return writ_fail_nomem(err);
    const char *colon = json != NULL ? memrchr(text, ':', (size_t)(json - text)) : NULL;
    if (colon == NULL || colon == text || json - colon < 2)
        return writ_fail(err, WRIT_ARG, "--argument %s: the form is ACTION:NAME:{…}", text);
    if (writ_json_parse_object(writ_cstr(json + 1), FILE_MAX, &constraint, &why) != WRIT_OK)
        return writ_fail(err, WRIT_ARG, "--argument %s: %s", text, why.text);
    int a = snprintf(action, sizeof(action), "%.*s", (int)(colon - text), text);
    int b = snprintf(name, sizeof(name), "%.*s", (int)(json - colon - 1), colon + 1);
    json_t *rule = object_in(all, action);
    if (a < 0 || (size_t)a >= sizeof(action) || b < 0 || (size_t)b >= sizeof(name) ||
        rule == NULL || json_object_get(rule, name) != NULL) {
        json_decref(constraint);
        return writ_fail(err, WRIT_ARG, "--argument %s: too long, not UTF-8, or given twice", text);
    }
    return writ_text_put(rule, name, constraint, err);
}

/* One of "quorum=N", "four_eyes" and "within=DURATION". */
static enum writ_status approval_part(json_t *rule, const char *part, const char *whole,
                                      struct writ_err *err)
{
    uint64_t n;

    if (strcmp(part, "four_eyes") == 0)
        return writ_text_put(rule, "four_eyes", json_true(), err);
    if (strncmp(part, "quorum=", 7) == 0 && writ_u64_parse(writ_cstr(part + 7), &n) == WRIT_OK &&
        n <= INT32_MAX)
        return writ_text_put(rule, "quorum", json_integer((json_int_t)n), err);
    if (strncmp(part, "within=", 7) == 0) {
        WRIT_TRY(writ_duration_parse(part + 7, &n, err));
        return writ_text_put(rule, "within_s", json_integer((json_int_t)(n / WRIT_SECOND)), err);
    }
    return writ_fail(err, WRIT_ARG,
                     "--approval %s: after the action come quorum=N, four_eyes, within=10m", whole);
}

enum writ_status writ_grant_approval(json_t *grant, const char *text, struct writ_err *err)
{
    json_t *list = json_object_get(grant, "approval");
    size_t len = strcspn(text, ",");
    char part[64];

    if (!json_is_array(list)) {
        WRIT_TRY(writ_text_put(grant, "approval", json_array(), err));
        list = json_object_get(grant, "approval");
    }
    if (len == 0)
        return writ_fail(err, WRIT_ARG, "--approval %s: an action comes first", text);
    json_t *rule = json_pack("{s:[s%], s:i, s:b, s:i}", "actions", text, len, "quorum", 1,
                             "four_eyes", 0, "within_s", 600);
    if (rule == NULL || json_array_append_new(list, rule) != 0)
        return writ_fail(err, WRIT_ARG, "--approval: not UTF-8 text");
    for (const char *at = text + len; *at == ','; at += len) {
        at++;
        len = strcspn(at, ",");
        int n = snprintf(part, sizeof(part), "%.*s", (int)(len < sizeof(part) ? len : 63), at);
        if (n < 0)
            return writ_fail_nomem(err);
        WRIT_TRY(approval_part(rule, part, text, err));
    }
    return WRIT_OK;
}

/* The fields of --file; type, ids and times of an earlier text are made anew. */
static enum writ_status start_from_file(const char *path, json_t *grant, struct writ_err *err)
{
    static const char *const FIELDS[] = { "type",      "v",          "cell",    "id",
                                          "issued",    "parent",     "human",   "holder",
                                          "purpose",   "not_before", "expires", "actions",
                                          "resources", "arguments",  "limits",  "max_depth",
                                          "proof",     "approval",   NULL };
    WRIT_AUTO_BUF text;
    WRIT_AUTO_JSON *file = NULL;

    writ_buf_init(&text, FILE_MAX);
    WRIT_TRY(writ_home_read_file(path, &text, err));
    WRIT_TRY(writ_json_parse_object(writ_buf_slice(&text), FILE_MAX, &file, err));
    WRIT_TRY(writ_json_only(file, path, FIELDS, err));
    return json_object_update(grant, file) == 0 ? WRIT_OK : writ_fail_nomem(err);
}

static enum writ_status set_times(const struct writ_cli *cli, json_t *grant, struct writ_err *err)
{
    const char *span = writ_args_value(&cli->args, "for");
    const char *until = writ_args_value(&cli->args, "expires");
    const char *from = writ_args_value(&cli->args, "not-before");
    uint64_t now = cli->env.now_us(cli->env.ctx), start = now - now % WRIT_SECOND, length, end;

    if (span != NULL && until != NULL)
        return writ_fail(err, WRIT_ARG, "--for and --expires say the same thing; give one");
    if (from != NULL && writ_time_parse(writ_cstr(from), &start) != WRIT_OK)
        return writ_fail(err, WRIT_ARG, "--not-before %s: not a time like 2026-11-23T20:15:04Z",
                         from);
    if (from != NULL || span != NULL || json_object_get(grant, "not_before") == NULL)
        WRIT_TRY(writ_text_time(grant, "not_before", start, err));
    if (until != NULL) {
        if (writ_time_parse(writ_cstr(until), &end) != WRIT_OK)
            return writ_fail(err, WRIT_ARG, "--expires %s: not a time like 2026-11-23T20:15:04Z",
                             until);
        return writ_text_time(grant, "expires", end, err);
    }
    if (span != NULL) {
        WRIT_TRY(writ_duration_parse(span, &length, err));
        return writ_text_time(grant, "expires", start + length, err);
    }
    if (json_object_get(grant, "expires") == NULL)
        return writ_fail(err, WRIT_ARG, "say how long: --for 30m, or --expires TIME");
    return WRIT_OK;
}

/* Lists given as options replace the file's: a list that only grows cannot narrow. */
static enum writ_status set_lists(const struct writ_cli *cli, json_t *grant, struct writ_err *err)
{
    static const struct {
        const char *option, *field;
        enum writ_status (*add)(json_t *grant, const char *text, struct writ_err *err);
    } LISTS[] = {
        { "action", "actions", NULL },
        { "resource", "resources", NULL },
        { "argument", "arguments", writ_grant_argument },
        { "limit", "limits", writ_grant_limit },
        { "approval", "approval", writ_grant_approval },
    };

    for (size_t i = 0; i < sizeof(LISTS) / sizeof(LISTS[0]); i++) {
        const char *value;
        size_t cursor = 0;

        /* Limits have names, so that one of them can be set and the others stay. */
        if (LISTS[i].add != writ_grant_limit && writ_args_has(&cli->args, LISTS[i].option))
            (void)json_object_del(grant, LISTS[i].field);
        while ((value = writ_args_next(&cli->args, LISTS[i].option, &cursor)) != NULL)
            WRIT_TRY(LISTS[i].add != NULL ? LISTS[i].add(grant, value, err)
                                          : writ_text_append(grant, LISTS[i].field, value, err));
    }
    if (json_object_get(grant, "limits") == NULL)
        WRIT_TRY(writ_text_put(grant, "limits", json_object(), err));
    return WRIT_OK;
}

static enum writ_status set_single(const struct writ_cli *cli, json_t *grant, struct writ_err *err)
{
    const char *purpose = writ_args_value(&cli->args, "purpose");
    const char *proof = writ_args_value(&cli->args, "proof");
    const char *depth = writ_args_value(&cli->args, "max-depth");
    uint64_t n;

    if (purpose != NULL)
        WRIT_TRY(writ_text_set(grant, "purpose", purpose, err));
    if (proof != NULL || json_object_get(grant, "proof") == NULL)
        WRIT_TRY(writ_text_set(grant, "proof", proof != NULL ? proof : "key", err));
    if (depth != NULL && (writ_u64_parse(writ_cstr(depth), &n) != WRIT_OK || n > 7))
        return writ_fail(err, WRIT_ARG, "--max-depth %s: a number from 0 to 7", depth);
    if (depth != NULL)
        return writ_text_put(grant, "max_depth", json_integer((json_int_t)n), err);
    if (json_object_get(grant, "max_depth") == NULL)
        return writ_text_put(grant, "max_depth", json_integer(0), err);
    return WRIT_OK;
}

enum writ_status writ_grant_from_options(const struct writ_cli *cli, json_t *grant,
                                         struct writ_err *err)
{
    static const struct {
        const char *field, *option;
    } NEEDED[] = { { "purpose", "purpose" }, { "actions", "action" }, { "resources", "resource" } };
    const char *file = writ_args_value(&cli->args, "file");

    if (file != NULL)
        WRIT_TRY(start_from_file(file, grant, err));
    WRIT_TRY(set_single(cli, grant, err));
    WRIT_TRY(set_lists(cli, grant, err));
    for (size_t i = 0; i < sizeof(NEEDED) / sizeof(NEEDED[0]); i++)
        if (json_object_get(grant, NEEDED[i].field) == NULL)
            return writ_fail(err, WRIT_ARG, "--%s is missing", NEEDED[i].option);
    return set_times(cli, grant, err);
}
