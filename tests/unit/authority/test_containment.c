#include "test.h"

#include "base/env.h"
#include "base/json.h"
#include "containment_model.h"
#include "grant_parts.h"

#include "base/banned.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PAIRS 100000
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PAIRS 100000
#endif
#endif
#ifndef PAIRS
#define PAIRS 1000000
#endif
#define JSON_PAIRS (PAIRS / 50)
#define SPECS_MAX  512

static struct spec specs[SPECS_MAX];
static struct constraint compiled[SPECS_MAX];
static size_t spec_len;
static struct writ_arena spec_arena;
static json_t *values[VALUE_COUNT];

/* --- all constraints over the small alphabet --- */

static void add_spec(struct spec s, const char *body)
{
    for (int optional = 0; optional < 2; optional++) {
        WRIT_AUTO_JSON *j = NULL;
        struct writ_err err;
        struct spec *to = &specs[spec_len];
        if (optional != 0 && (s.kind == M_ANY || s.kind == M_ABSENT))
            return;
        assert_true(spec_len < SPECS_MAX);
        *to = s;
        to->optional = optional != 0;
        (void)snprintf(to->json, sizeof(to->json), "{%s%s}", body,
                       optional != 0 ? ",\"optional\":true" : "");
        assert_int_equal(writ_json_parse_object(writ_cstr(to->json), 1000, &j, &err), WRIT_OK);
        if (constraint_parse(j, "x", &spec_arena, &compiled[spec_len], &err) != WRIT_OK)
            fail_msg("%s: %s", to->json, err.text);
        for (size_t v = 0; v < VALUE_COUNT; v++)
            to->allowed |= (unsigned long long)model_allows(to, &VALUES[v]) << v;
        assert_true(to->allowed != 0);
        spec_len++;
    }
}

/* exact, one_of and prefix of strings: all subsets of `words` of up to `most` words. */
static void add_texts(enum model_kind kind, const char *name, const char *const *words, size_t n)
{
    char body[128];

    for (unsigned set = 1; set < 1u << n; set++) {
        struct spec s = { .kind = kind };
        int len = snprintf(body, sizeof(body), "\"kind\":\"%s\",\"one_of\":[", name);
        for (size_t i = 0; i < n; i++)
            if ((set >> i & 1) != 0) {
                len += snprintf(body + len, sizeof(body) - (size_t)len, "%s\"%s\"",
                                s.len != 0 ? "," : "", words[i]);
                s.texts[s.len++] = words[i];
            }
        (void)snprintf(body + len, sizeof(body) - (size_t)len, "]");
        add_spec(s, body);
    }
    for (size_t i = 0; i < n; i++) {
        struct spec s = { .kind = kind, .len = 1, .texts = { words[i] } };
        (void)snprintf(body, sizeof(body), "\"kind\":\"%s\",\"exact\":\"%s\"", name, words[i]);
        add_spec(s, body);
        s.is_prefix = true;
        (void)snprintf(body, sizeof(body), "\"kind\":\"%s\",\"prefix\":\"%s\"", name, words[i]);
        if (words[i][0] != '\0')
            add_spec(s, body);
    }
}

static void add_numbers(void)
{
    static const double N[] = { 0, 1, 1.5, 2, 3 };
    char body[128];

    for (size_t i = 0; i < COUNT(N); i++) {
        (void)snprintf(body, sizeof(body), "\"exact\":%g", N[i]);
        add_spec((struct spec){ .kind = M_NUMBER, .len = 1, .numbers = { N[i] } }, body);
        (void)snprintf(body, sizeof(body), "\"range\":{\"min\":%g}", N[i]);
        add_spec((struct spec){ .kind = M_NUMBER, .is_range = true, .min = N[i], .max = 1e90 },
                 body);
        (void)snprintf(body, sizeof(body), "\"range\":{\"max\":%g}", N[i]);
        add_spec((struct spec){ .kind = M_NUMBER, .is_range = true, .min = -1e90, .max = N[i] },
                 body);
        for (size_t k = i; k < COUNT(N); k++) {
            (void)snprintf(body, sizeof(body), "\"range\":{\"min\":%g,\"max\":%g}", N[i], N[k]);
            add_spec((struct spec){ .kind = M_NUMBER, .is_range = true, .min = N[i], .max = N[k] },
                     body);
            (void)snprintf(body, sizeof(body), "\"one_of\":[%g,%g]", N[k], N[i]);
            add_spec((struct spec){ .kind = M_NUMBER, .len = 2, .numbers = { N[i], N[k] } }, body);
        }
    }
}

static void make_specs(void)
{
    static const char *const TEXTS[] = { "", "a", "ab", "b" };
    static const char *const PATHS[] = { "/", "/s", "/s/a" };
    static const char *const LISTS[] = { "[]", "[\"a\"]", "[\"b\"]", "[\"b\",\"a\"]" };
    char body[128];

    writ_arena_init(&spec_arena, 1 << 22);
    add_texts(M_TEXT, "text", TEXTS, COUNT(TEXTS));
    add_texts(M_PATH, "path", PATHS, COUNT(PATHS));
    add_numbers();
    for (int i = 0; i < 4; i++) {
        (void)snprintf(body, sizeof(body), "\"exact\":%s", LISTS[i]);
        add_spec((struct spec){ .kind = M_LIST, .list = i }, body);
        (void)snprintf(body, sizeof(body), "\"subset\":%s", LISTS[i]);
        if (i != 0)
            add_spec((struct spec){ .kind = M_LIST, .list = i, .is_subset = true }, body);
    }
    add_spec((struct spec){ .kind = M_BOOL, .truths = 2 }, "\"exact\":true");
    add_spec((struct spec){ .kind = M_BOOL, .truths = 1 }, "\"exact\":false");
    add_spec((struct spec){ .kind = M_BOOL, .truths = 3 }, "\"one_of\":[true,false]");
    add_spec((struct spec){ .kind = M_ANY }, "\"any\":true");
    add_spec((struct spec){ .kind = M_ABSENT }, "\"absent\":true");
    for (size_t v = 0; v < VALUE_COUNT; v++)
        if (VALUES[v].json != NULL)
            assert_int_equal(writ_json_parse(writ_cstr(VALUES[v].json), 1000, &values[v], NULL),
                             WRIT_OK);
}

static int setup(void **state)
{
    (void)state;
    make_specs();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t v = 0; v < VALUE_COUNT; v++)
        json_decref(values[v]);
    writ_arena_release(&spec_arena);
    return 0;
}

/* Each constraint allows exactly what the model says, and is within exactly those it is within. */
static void test_all_constraints(void **state)
{
    size_t inside = 0;

    (void)state;
    for (size_t i = 0; i < spec_len; i++)
        for (size_t v = 0; v < VALUE_COUNT; v++) {
            WRIT_AUTO_ARENA scratch;
            writ_arena_init(&scratch, 1 << 20);
            if (constraint_match(&compiled[i], values[v], &scratch) !=
                ((specs[i].allowed >> v & 1) != 0))
                fail_msg("%s and %s: the model says %d", specs[i].json,
                         VALUES[v].json != NULL ? VALUES[v].json : "(absent)",
                         (int)(specs[i].allowed >> v & 1));
        }
    for (size_t c = 0; c < spec_len; c++)
        for (size_t p = 0; p < spec_len; p++) {
            bool want = (specs[c].allowed & ~specs[p].allowed) == 0;
            if (constraint_within(&compiled[c], &compiled[p]) != want)
                fail_msg("%s within %s: the model says %d", specs[c].json, specs[p].json,
                         (int)want);
            inside += want;
        }
    print_message("%zu constraints, %zu of %zu pairs contained\n", spec_len, inside,
                  spec_len * spec_len);
}

/* --- random grants --- */

#define NAMES 2 /* "p" and "q"; "r" is a name that no rule has */
static const char *const NAME[] = { "p", "q" };

/* As the generator wrote it: indices into the tables above. */
struct draft {
    size_t actions[3], resources[3], actions_len, resources_len, rules_len;
    struct {
        size_t action;
        bool named[NAMES];
        size_t spec[NAMES];
    } rules[3];
};

/* The same as the code has it, in place. */
struct built {
    struct writ_grant g;
    struct pattern actions[3], resources[3];
    struct rule rules[3];
    struct argument arguments[3][NAMES];
};

static uint64_t seed = 0x9e3779b97f4a7c15ull;

static size_t pick(size_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (size_t)((seed >> 16) % n);
}

static struct pattern pattern_of(const char *text)
{
    struct pattern p = { writ_cstr(text), text[strlen(text) - 1] == '*' };

    p.text.len -= p.prefix;
    return p;
}

static bool overlaps(const struct draft *d, size_t action)
{
    for (size_t i = 0; i < d->rules_len; i++)
        for (size_t a = 0; a < COUNT(ACTIONS); a++)
            if (model_pattern(ACTION_PATTERNS[d->rules[i].action], ACTIONS[a]) &&
                model_pattern(ACTION_PATTERNS[action], ACTIONS[a]))
                return true;
    return false;
}

static void add_rule(struct draft *d)
{
    size_t action = pick(COUNT(ACTION_PATTERNS));

    if (d->rules_len == 3 || overlaps(d, action))
        return;
    d->rules[d->rules_len].action = action;
    for (size_t i = 0; i < NAMES; i++) {
        d->rules[d->rules_len].named[i] = pick(4) != 0;
        d->rules[d->rules_len].spec[i] = pick(spec_len);
    }
    d->rules_len++;
}

static struct draft draw(void)
{
    struct draft d;

    memset(&d, 0, sizeof(d));
    d.actions_len = 1 + pick(3);
    d.resources_len = 1 + pick(3);
    for (size_t i = 0; i < d.actions_len; i++)
        d.actions[i] = pick(COUNT(ACTION_PATTERNS));
    for (size_t i = 0; i < d.resources_len; i++)
        d.resources[i] = pick(COUNT(RESOURCE_PATTERNS));
    for (size_t n = pick(4); n > 0; n--)
        add_rule(&d);
    return d;
}

/* A value set that is likely within the one before, or beside it. */
static size_t other_spec(size_t was)
{
    for (int tries = 0; tries < 40; tries++) {
        size_t s = pick(spec_len);
        if ((specs[s].allowed & ~specs[was].allowed) == 0)
            return s;
    }
    return pick(spec_len);
}

/* A child: the parent with a few things changed, mostly narrowed. */
static struct draft mutate(struct draft d)
{
    for (size_t n = pick(4); n > 0; n--) {
        size_t r = d.rules_len == 0 ? 0 : pick(d.rules_len), i = pick(NAMES);
        switch (pick(6)) {
        case 0:
            d.actions[pick(d.actions_len)] = pick(COUNT(ACTION_PATTERNS));
            break;
        case 1:
            d.resources[pick(d.resources_len)] = pick(COUNT(RESOURCE_PATTERNS));
            break;
        case 2:
            add_rule(&d);
            break;
        case 3:
            if (pick(4) == 0 && d.rules_len != 0)
                d.rules_len--;
            break;
        case 4:
            d.rules[r].named[i] = pick(2) != 0;
            break;
        default:
            d.rules[r].spec[i] = other_spec(d.rules[r].spec[i]);
            break;
        }
    }
    return d;
}

static void build(const struct draft *d, struct built *b, const char *id, const char *parent,
                  uint8_t depth)
{
    memset(b, 0, sizeof(*b));
    for (size_t i = 0; i < d->actions_len; i++)
        b->actions[i] = pattern_of(ACTION_PATTERNS[d->actions[i]]);
    for (size_t i = 0; i < d->resources_len; i++)
        b->resources[i] = pattern_of(RESOURCE_PATTERNS[d->resources[i]]);
    for (size_t i = 0; i < d->rules_len; i++) {
        struct rule *r = &b->rules[i];
        r->action = pattern_of(ACTION_PATTERNS[d->rules[i].action]);
        r->at = b->arguments[i];
        for (size_t n = 0; n < NAMES; n++)
            if (d->rules[i].named[n])
                b->arguments[i][r->len++] =
                    (struct argument){ writ_cstr(NAME[n]), compiled[d->rules[i].spec[n]] };
    }
    b->g.id = writ_cstr(id);
    b->g.parent = writ_cstr(parent);
    b->g.expires = 1;
    b->g.max_depth = depth;
    b->g.actions = (struct patterns){ d->actions_len, b->actions };
    b->g.resources = (struct patterns){ d->resources_len, b->resources };
    b->g.rules = b->rules;
    b->g.rules_len = (uint8_t)d->rules_len;
}

/* --- what a draft means --- */

/* Arguments are a product: of p's values, q's values, and whether r may be there. */
struct meaning {
    unsigned long long names[NAMES];
    bool free; /* no rule: also other names */
};

static bool any_matches(const size_t *list, size_t len, const char *const *patterns, const char *s)
{
    for (size_t i = 0; i < len; i++)
        if (model_pattern(patterns[list[i]], s))
            return true;
    return false;
}

static struct meaning meaning_of(const struct draft *d, const char *action)
{
    for (size_t i = 0; i < d->rules_len; i++)
        if (model_pattern(ACTION_PATTERNS[d->rules[i].action], action)) {
            struct meaning m = { { 1, 1 }, false }; /* bit 0: absent */
            for (size_t n = 0; n < NAMES; n++)
                if (d->rules[i].named[n])
                    m.names[n] = specs[d->rules[i].spec[n]].allowed;
            return m;
        }
    return (struct meaning){ { ALL_VALUES, ALL_VALUES }, true };
}

static bool model_request(const struct draft *d, size_t action, size_t resource, size_t p, size_t q,
                          bool r)
{
    struct meaning m = meaning_of(d, ACTIONS[action]);

    return any_matches(d->actions, d->actions_len, ACTION_PATTERNS, ACTIONS[action]) &&
           any_matches(d->resources, d->resources_len, RESOURCE_PATTERNS, RESOURCES[resource]) &&
           (m.names[0] >> p & 1) != 0 && (m.names[1] >> q & 1) != 0 && (!r || m.free);
}

/* By factors, which is the same as by enumeration because each factor is never empty. */
static bool model_within(const struct draft *c, const struct draft *p)
{
    for (size_t i = 0; i < COUNT(RESOURCES); i++)
        if (any_matches(c->resources, c->resources_len, RESOURCE_PATTERNS, RESOURCES[i]) &&
            !any_matches(p->resources, p->resources_len, RESOURCE_PATTERNS, RESOURCES[i]))
            return false;
    for (size_t i = 0; i < COUNT(ACTIONS); i++) {
        if (!any_matches(c->actions, c->actions_len, ACTION_PATTERNS, ACTIONS[i]))
            continue;
        struct meaning of_c = meaning_of(c, ACTIONS[i]), of_p = meaning_of(p, ACTIONS[i]);
        if (!any_matches(p->actions, p->actions_len, ACTION_PATTERNS, ACTIONS[i]) ||
            (of_c.names[0] & ~of_p.names[0]) != 0 || (of_c.names[1] & ~of_p.names[1]) != 0 ||
            (of_c.free && !of_p.free))
            return false;
    }
    return true;
}

static bool enumerated_within(const struct draft *c, const struct draft *parent)
{
    for (size_t a = 0; a < COUNT(ACTIONS); a++)
        for (size_t r = 0; r < COUNT(RESOURCES); r++)
            for (size_t p = 0; p < VALUE_COUNT; p++)
                for (size_t q = 0; q < VALUE_COUNT; q++)
                    for (int more = 0; more < 2; more++)
                        if (model_request(c, a, r, p, q, more != 0) &&
                            !model_request(parent, a, r, p, q, more != 0))
                            return false;
    return true;
}

static void draw_pair(struct draft *parent, struct draft *child)
{
    *parent = draw();
    *child = pick(4) == 0 ? draw() : mutate(*parent);
}

static void test_random_pairs(void **state)
{
    size_t contained = 0;
    uint64_t start = writ_monotonic_ns();

    (void)state;
    for (size_t i = 0; i < PAIRS; i++) {
        struct draft parent, child;
        struct built p, c;
        struct writ_err err = { .status = WRIT_OK };
        draw_pair(&parent, &child);
        build(&parent, &p, "p", "", 2);
        build(&child, &c, "c", "p", 1);
        bool said = writ_grant_within(&c.g, &p.g, &err) == WRIT_OK;
        bool want = model_within(&child, &parent);
        if (i % 2000 == 0 && enumerated_within(&child, &parent) != want)
            fail_msg("pair %zu: the model disagrees with itself", i);
        if (said && !want)
            fail_msg("pair %zu is said to be contained, and is not", i);
        if (!said && want)
            fail_msg("pair %zu is contained, but: %s", i, err.text);
        contained += said;
    }
    print_message("%d pairs, %zu contained, %zu not, in %.1f s%s\n", PAIRS, contained,
                  (size_t)PAIRS - contained, (double)(writ_monotonic_ns() - start) / 1e9,
                  PAIRS < 1000000 ? " (fewer under sanitizers)" : "");
    assert_true(contained > PAIRS / 20 && contained < PAIRS - PAIRS / 20);
}

/* --- the same from JSON, and single requests --- */

static json_t *strings(const size_t *list, size_t n, const char *const *table)
{
    json_t *out = json_array();

    for (size_t i = 0; i < n; i++)
        assert_int_equal(json_array_append_new(out, json_string(table[list[i]])), 0);
    return out;
}

static struct writ_grant *from_json(const struct draft *d, const char *parent, int depth)
{
    WRIT_AUTO_BUF text;
    struct writ_grant *g = NULL;
    struct writ_err err;
    json_t *rules = json_object();

    for (size_t i = 0; i < d->rules_len; i++) {
        json_t *rule = json_object();
        for (size_t n = 0; n < NAMES; n++) {
            json_t *spec = NULL;
            if (!d->rules[i].named[n])
                continue;
            assert_int_equal(
                writ_json_parse(writ_cstr(specs[d->rules[i].spec[n]].json), 1000, &spec, NULL),
                WRIT_OK);
            assert_int_equal(json_object_set_new(rule, NAME[n], spec), 0);
        }
        assert_int_equal(json_object_set_new(rules, ACTION_PATTERNS[d->rules[i].action], rule), 0);
    }
    WRIT_AUTO_JSON *j = json_pack(
        "{s:s,s:i,s:s,s:s,s:s,s:s?,s:s,s:s,s:s,s:s,s:s,s:o,s:o,s:o,s:i,s:s}", "type", "writ.grant",
        "v", 1, "cell", "c", "id", parent == NULL ? "p" : "c", "issued", "2026-11-23T20:00:00Z",
        "parent", parent, "human", "alice", "holder", "bot", "purpose", "x", "not_before",
        "2026-11-23T20:00:00Z", "expires", "2026-11-23T21:00:00Z", "actions",
        strings(d->actions, d->actions_len, ACTION_PATTERNS), "resources",
        strings(d->resources, d->resources_len, RESOURCE_PATTERNS), "arguments", rules, "max_depth",
        depth, "proof", "key");
    writ_buf_init(&text, WRIT_GRANT_TEXT_MAX);
    assert_int_equal(writ_json_canonical(j, &text, NULL), WRIT_OK);
    if (writ_grant_parse(writ_buf_slice(&text), &g, &err) != WRIT_OK)
        fail_msg("%s: %.*s", err.text, (int)text.len, (const char *)text.ptr);
    return g;
}

/* Requests drawn at random are covered exactly when the model allows them. */
static size_t check_requests(const struct writ_grant *g, const struct draft *d)
{
    size_t allowed = 0;

    for (int i = 0; i < 20; i++) {
        size_t a = pick(COUNT(ACTIONS)), r = pick(COUNT(RESOURCES)), p = pick(VALUE_COUNT),
               q = pick(VALUE_COUNT);
        bool more = pick(8) == 0;
        WRIT_AUTO_JSON *arguments = json_object();
        struct writ_slice resource = writ_cstr(RESOURCES[r]);
        if (values[p] != NULL)
            assert_int_equal(json_object_set(arguments, "p", values[p]), 0);
        if (values[q] != NULL)
            assert_int_equal(json_object_set(arguments, "q", values[q]), 0);
        if (more)
            assert_int_equal(json_object_set_new(arguments, "r", json_string("a")), 0);
        bool said = writ_grant_covers(g, writ_cstr(ACTIONS[a]), &resource, 1, arguments,
                                      1795464000000000ull, NULL) == WRIT_OK;
        if (said != model_request(d, a, r, p, q, more))
            fail_msg("%s on %s with %s and %s: the model says %d", ACTIONS[a], RESOURCES[r],
                     VALUES[p].json, VALUES[q].json, !said);
        allowed += said;
    }
    return allowed;
}

static void test_from_json(void **state)
{
    size_t contained = 0, allowed = 0;

    (void)state;
    for (size_t i = 0; i < JSON_PAIRS; i++) {
        struct draft parent, child;
        draw_pair(&parent, &child);
        struct writ_grant *p = from_json(&parent, NULL, 2), *c = from_json(&child, "p", 1);
        bool said = writ_grant_within(c, p, NULL) == WRIT_OK;
        if (said != model_within(&child, &parent))
            fail_msg("JSON pair %zu: the model says %d", i, !said);
        contained += said;
        allowed += check_requests(p, &parent) + check_requests(c, &child);
        writ_grant_free(p);
        writ_grant_free(c);
    }
    print_message("%d pairs of JSON, %zu contained; %zu of %d requests allowed\n", JSON_PAIRS,
                  contained, allowed, JSON_PAIRS * 40);
    assert_true(allowed > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_constraints),
        cmocka_unit_test(test_random_pairs),
        cmocka_unit_test(test_from_json),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
