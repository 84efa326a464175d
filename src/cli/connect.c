#include "connect.h"

#include <stdlib.h>

#include "home.h"
#include "wire/client.h"

#include "base/banned.h"

static enum writ_status ensure(struct writ_cli *cli, struct writ_err *err)
{
    char path[WRIT_PATH_MAX];

    if (cli->client != NULL)
        return WRIT_OK;
    WRIT_TRY(writ_home_find(cli, err));
    WRIT_TRY(writ_home_path(cli, "writd.sock", path, err));
    enum writ_status st = writ_client_connect(path, WRIT_CALL_MS, &cli->client, err);
    if (st == WRIT_TIME || st == WRIT_FORMAT)
        return writ_fail(err, WRIT_CLOSED, "writd at %s does not answer as it should", path);
    return st;
}

enum writ_status writ_call(struct writ_cli *cli, const char *op, json_t *body, json_t **reply,
                           struct writ_err *err)
{
    WRIT_AUTO_JSON *given = body;
    WRIT_AUTO_BUF text;
    struct writ_slice answer;
    struct writ_err why = { 0 };

    writ_buf_init(&text, WRIT_WIRE_JSON_MAX);
    WRIT_TRY(ensure(cli, err));
    if (given != NULL)
        WRIT_TRY(writ_json_canonical(given, &text, err));
    enum writ_status st =
        writ_client_api(cli->client, op, writ_buf_slice(&text), WRIT_CALL_MS, &answer, &why);
    if (st == WRIT_CLOSED)
        writ_call_close(cli);
    if (st != WRIT_OK) {
        if (err != NULL)
            *err = why;
        return st;
    }
    return writ_json_parse_object(answer, WRIT_FRAME_MAX, reply, err);
}

void writ_call_close(struct writ_cli *cli)
{
    writ_client_close(cli->client);
    cli->client = NULL;
}

/* In the order of the ledger; approvals, which have no index, in the order of asking. */
static int by_age(const void *a, const void *b)
{
    const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
    uint64_t i = writ_field_number(x, "index"), j = writ_field_number(y, "index");

    if (i != j)
        return i < j ? -1 : 1;
    return strcmp(writ_field_text(x, "requested"), writ_field_text(y, "requested"));
}

static json_t *sorted(const json_t *items)
{
    size_t n = json_array_size(items);
    json_t **at = calloc(n + 1, sizeof(json_t *));
    json_t *list = at != NULL ? json_array() : NULL;

    for (size_t i = 0; list != NULL && i < n; i++)
        at[i] = json_array_get(items, i);
    if (list != NULL)
        qsort(at, n, sizeof(json_t *), by_age);
    for (size_t i = 0; list != NULL && i < n; i++)
        if (json_array_append(list, at[i]) != 0) {
            json_decref(list);
            list = NULL;
        }
    free(at);
    return list;
}

enum writ_status writ_call_view(struct writ_cli *cli, const char *what, const char *filter,
                                bool all, json_t **items, struct writ_err *err)
{
    WRIT_AUTO_JSON *reply = NULL;
    json_t *body = json_pack("{s:s, s:s, s:b}", "what", what, "filter",
                             filter != NULL ? filter : "", "all", all ? 1 : 0);

    if (body == NULL)
        return writ_fail(err, WRIT_ARG, "\"%s\" is not text", filter != NULL ? filter : what);
    WRIT_TRY(writ_call(cli, "view", body, &reply, err));
    json_t *list = json_object_get(reply, "items");
    if (!json_is_array(list))
        return writ_fail(err, WRIT_FORMAT, "writd answered without a list of %s", what);
    list = sorted(list);
    if (list == NULL)
        return writ_fail_nomem(err);
    *items = list;
    return WRIT_OK;
}

enum writ_status writ_call_item(struct writ_cli *cli, const char *what, const char *name,
                                json_t **item, struct writ_err *err)
{
    WRIT_AUTO_JSON *items = NULL;

    WRIT_TRY(writ_call_view(cli, what, name, true, &items, err));
    if (json_array_size(items) == 0) {
        /* "grants" holds "a grant": `what` is always an English plural. */
        int singular = (int)strlen(what) - 1;
        return writ_fail(err, WRIT_NOT_FOUND, "there is no %.*s \"%s\"", singular, what, name);
    }
    *item = json_incref(json_array_get(items, 0));
    return WRIT_OK;
}

const char *writ_field_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "";
}

uint64_t writ_field_number(const json_t *object, const char *name)
{
    json_int_t n = json_integer_value(json_object_get(object, name));
    return n > 0 ? (uint64_t)n : 0;
}

bool writ_field_true(const json_t *object, const char *name)
{
    return json_is_true(json_object_get(object, name));
}
