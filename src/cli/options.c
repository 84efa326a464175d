#include "options.h"

#include "base/banned.h"

/* Longer names than this are nobody's slip of the finger. */
#define DISTANCE_MAX 32

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t writ_text_distance(struct writ_slice a, struct writ_slice b)
{
    /* Three rows of the table of optimal string alignment: two back, one back, this one. */
    size_t rows[3][DISTANCE_MAX + 1];

    if (a.len > DISTANCE_MAX || b.len > DISTANCE_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= b.len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t *now = rows[i % 3], *last = rows[(i + 2) % 3];
        const size_t *before = rows[(i + 1) % 3];

        now[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            bool same = a.ptr[i - 1] == b.ptr[j - 1];

            now[j] = least(least(last[j] + 1, now[j - 1] + 1), last[j - 1] + (same ? 0 : 1));
            if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1])
                now[j] = least(now[j], before[j - 2] + 1);
        }
    }
    return rows[a.len % 3][b.len];
}

static bool named(const struct writ_option *o, struct writ_slice name)
{
    return writ_slice_is(name, o->name) || (o->alias != NULL && writ_slice_is(name, o->alias));
}

static const struct writ_option *find_in(const struct writ_option *table, struct writ_slice name)
{
    for (const struct writ_option *o = table; o != NULL && o->kind != WRIT_OPTION_END; o++)
        if (named(o, name))
            return o;
    return NULL;
}

static void nearest_in(const struct writ_option *table, struct writ_slice name,
                       const char **nearest, size_t *distance)
{
    for (const struct writ_option *o = table; o != NULL && o->kind != WRIT_OPTION_END; o++) {
        size_t d = writ_text_distance(name, writ_cstr(o->name));
        /* "--reas" is the beginning of "--reason", however far that is. */
        if (name.len >= 2 && writ_slice_starts(writ_cstr(o->name), name))
            d = 1;
        if (d < *distance) {
            *distance = d;
            *nearest = o->name;
        }
    }
}

static enum writ_status unknown(const struct writ_args_spec *spec, struct writ_slice name,
                                const char *dashes, struct writ_err *err)
{
    const char *nearest = NULL;
    size_t distance = name.len < 5 ? 2 : 4; /* exclusive */

    nearest_in(spec->own, name, &nearest, &distance);
    nearest_in(spec->global, name, &nearest, &distance);
    if (nearest != NULL)
        return writ_fail(err, WRIT_ARG, "unknown option %s%.*s; did you mean --%s?", dashes,
                         WRIT_FMT(name), nearest);
    return writ_fail(err, WRIT_ARG, "unknown option %s%.*s", dashes, WRIT_FMT(name));
}

struct parser {
    const struct writ_args_spec *spec;
    int argc, at;
    char *const *argv;
    struct writ_args *out;
    struct writ_err *err;
};

static enum writ_status add_option(struct parser *p, const struct writ_option *o, const char *value)
{
    if (o->kind != WRIT_OPTION_MANY && writ_args_has(p->out, o->name))
        return writ_fail(p->err, WRIT_ARG, "--%s is given twice", o->name);
    if (p->out->len == WRIT_ARGS_MAX)
        return writ_fail(p->err, WRIT_ARG, "more than %d options", WRIT_ARGS_MAX);
    p->out->at[p->out->len++] = (struct writ_arg){ o, value };
    return WRIT_OK;
}

static enum writ_status read_option(struct parser *p, const char *arg)
{
    bool is_long = arg[1] == '-';
    const char *dashes = is_long ? "--" : "-";
    struct writ_slice name = writ_cstr(arg + (is_long ? 2 : 1));
    const uint8_t *equals = name.len == 0 ? NULL : memchr(name.ptr, '=', name.len);
    const char *value = NULL;

    if (is_long && equals != NULL) {
        value = (const char *)equals + 1;
        name.len = (size_t)(equals - name.ptr);
    }
    /* One letter takes one dash, a name two: "-json" and "--o" are slips, not options. */
    const struct writ_option *o = find_in(p->spec->own, name);
    if (o == NULL)
        o = find_in(p->spec->global, name);
    if (o == NULL || is_long != (name.len > 1))
        return unknown(p->spec, name, dashes, p->err);
    if (o->kind == WRIT_OPTION_FLAG) {
        if (value != NULL)
            return writ_fail(p->err, WRIT_ARG, "--%s takes no value", o->name);
        return add_option(p, o, NULL);
    }
    if (value == NULL && p->at < p->argc)
        value = p->argv[p->at++];
    if (value == NULL || *value == '\0')
        return writ_fail(p->err, WRIT_ARG, "--%s needs a value: --%s %s", o->name, o->name,
                         o->value);
    return add_option(p, o, value);
}

static enum writ_status add_word(struct parser *p, const char *word)
{
    if (*word == '\0')
        return writ_fail(p->err, WRIT_ARG, "an argument is empty; is a variable not set?");
    if (p->out->words_len == WRIT_ARGS_MAX || p->out->words_len == p->spec->words_max)
        return writ_fail(p->err, WRIT_ARG, "unexpected argument \"%s\"", word);
    p->out->words[p->out->words_len++] = word;
    return WRIT_OK;
}

static bool is_option(const char *arg)
{
    return arg[0] == '-' && arg[1] != '\0';
}

static enum writ_status parse_all(struct parser *p, bool stop_at_word)
{
    bool only_words = false;

    while (p->at < p->argc) {
        const char *arg = p->argv[p->at];

        if (!only_words && strcmp(arg, "--") == 0) {
            p->at++;
            if (p->spec->tail) {
                p->out->tail = p->argv + p->at;
                p->out->tail_len = (size_t)(p->argc - p->at);
                return WRIT_OK;
            }
            only_words = true;
            continue;
        }
        if (stop_at_word && (only_words || !is_option(arg)))
            return WRIT_OK;
        p->at++;
        if (!only_words && is_option(arg))
            WRIT_TRY(read_option(p, arg));
        else
            WRIT_TRY(add_word(p, arg));
    }
    return WRIT_OK;
}

enum writ_status writ_args_parse(const struct writ_args_spec *spec, int argc, char *const *argv,
                                 struct writ_args *out, struct writ_err *err)
{
    struct writ_args args = { 0 };
    struct parser p = { spec, argc, 0, argv, &args, err };

    WRIT_TRY(parse_all(&p, false));
    *out = args;
    return WRIT_OK;
}

enum writ_status writ_args_leading(const struct writ_option *table, int argc, char *const *argv,
                                   struct writ_args *out, int *used, struct writ_err *err)
{
    struct writ_args_spec spec = { .global = table };
    struct writ_args args = { 0 };
    struct parser p = { &spec, argc, 0, argv, &args, err };

    WRIT_TRY(parse_all(&p, true));
    *out = args;
    *used = p.at;
    return WRIT_OK;
}

enum writ_status writ_args_complete(const struct writ_args_spec *spec, const struct writ_args *args,
                                    struct writ_err *err)
{
    for (const struct writ_option *o = spec->own; o != NULL && o->kind != WRIT_OPTION_END; o++)
        if (o->required && !writ_args_has(args, o->name))
            return writ_fail(err, WRIT_ARG, "--%s %s is missing", o->name, o->value);
    if (args->words_len < spec->words_min)
        return writ_fail(err, WRIT_ARG, "an argument is missing");
    if (spec->tail && args->tail_len == 0)
        return writ_fail(err, WRIT_ARG, "the command to run is missing: -- COMMAND [ARGUMENT …]");
    return WRIT_OK;
}

static enum writ_status render_text(struct writ_buf *out, const char *text)
{
    WRIT_TRY(writ_buf_add_cstr(out, text));
    return writ_buf_add_byte(out, '\0');
}

enum writ_status writ_args_render(const struct writ_args *args, struct writ_buf *out)
{
    for (size_t i = 0; i < args->len; i++) {
        const struct writ_arg *a = &args->at[i];

        WRIT_TRY(writ_buf_addf(out, "--%s", a->option->name));
        if (a->value != NULL)
            WRIT_TRY(writ_buf_addf(out, "=%s", a->value));
        WRIT_TRY(writ_buf_add_byte(out, '\0'));
    }
    if (args->tail == NULL)
        WRIT_TRY(render_text(out, "--"));
    for (size_t i = 0; i < args->words_len; i++)
        WRIT_TRY(render_text(out, args->words[i]));
    if (args->tail == NULL)
        return WRIT_OK;
    WRIT_TRY(render_text(out, "--"));
    for (size_t i = 0; i < args->tail_len; i++)
        WRIT_TRY(render_text(out, args->tail[i]));
    return WRIT_OK;
}

const char *writ_args_next(const struct writ_args *args, const char *name, size_t *cursor)
{
    while (*cursor < args->len) {
        const struct writ_arg *a = &args->at[(*cursor)++];
        if (strcmp(a->option->name, name) == 0)
            return a->value;
    }
    return NULL;
}

const char *writ_args_value(const struct writ_args *args, const char *name)
{
    size_t cursor = 0;
    return writ_args_next(args, name, &cursor);
}

bool writ_args_has(const struct writ_args *args, const char *name)
{
    for (size_t i = 0; i < args->len; i++)
        if (strcmp(args->at[i].option->name, name) == 0)
            return true;
    return false;
}
