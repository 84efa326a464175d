#include "test.h"

#include "grant_parts.h"

#include "base/banned.h"

/* A grant's text with one part replaced. `base` with ' for ". */
#define BASE                                                                          \
    "{'type':'writ.grant','v':1,'cell':'c','id':'g','issued':'2026-11-23T20:00:00Z'," \
    "'parent':'p','human':'alice','holder':'bot','purpose':'x',"                      \
    "'not_before':'2026-11-23T20:00:00Z','expires':'2026-11-23T21:00:00Z',"           \
    "'actions':['a/tools/*'],'resources':['file:///s/*'],'max_depth':1,'proof':'key'}"

static json_t *read_json(const char *quoted)
{
    char text[32768];
    json_t *o = NULL;
    struct writ_err err;

    (void)snprintf(text, sizeof(text), "%s", quoted);
    for (char *c = text; *c != '\0'; c++)
        *c = *c == '\'' ? '"' : *c;
    if (writ_json_parse(writ_cstr(text), sizeof(text), &o, &err) != WRIT_OK)
        fail_msg("test JSON %s: %s", text, err.text);
    return o;
}

/* `changes`: an object laid over the base; null removes a member. */
static enum writ_status parse(const char *changes, struct writ_grant **out, struct writ_err *err)
{
    WRIT_AUTO_JSON *o = read_json(BASE), *over = read_json(changes);
    WRIT_AUTO_BUF text;
    const char *key;
    json_t *value;

    writ_buf_init(&text, 65536);
    json_object_foreach(over, key, value)
    {
        if (json_is_null(value))
            (void)json_object_del(o, key);
        else
            assert_int_equal(json_object_set(o, key, value), 0);
    }
    assert_int_equal(writ_json_canonical(o, &text, NULL), WRIT_OK);
    return writ_grant_parse(writ_buf_slice(&text), out, err);
}

/* Each row: what is laid over, and whether it is a grant then. */
static const struct {
    const char *rule, *changes;
    bool good;
} TEXTS[] = {
    { "as it is", "{}", true },
    { "a root grant", "{'parent':null}", true },
    { "an unknown field", "{'note':'x'}", false },
    { "another type", "{'type':'writ.grants'}", false },
    { "another version", "{'v':2}", false },
    { "no id", "{'id':null}", false },
    { "an id with a slash", "{'id':'a/b'}", false },
    { "an empty parent", "{'parent':''}", false },
    { "a parent that is a number", "{'parent':1}", false },
    { "no human", "{'human':null}", false },
    { "a human in capitals", "{'human':'Alice'}", false },
    { "an empty holder", "{'holder':''}", false },
    { "no purpose", "{'purpose':''}", false },
    { "a purpose with a line feed", "{'purpose':'a\\nb'}", false },
    { "a time without zone", "{'expires':'2026-11-23T21:00:00'}", false },
    { "a time of another zone", "{'expires':'2026-11-23T21:00:00+01:00'}", false },
    { "over before it begins", "{'expires':'2026-11-23T20:00:00Z'}", false },
    { "366 days", "{'expires':'2027-11-24T20:00:00Z'}", true },
    { "and a second", "{'expires':'2027-11-24T20:00:01Z'}", false },
    { "no actions", "{'actions':[]}", false },
    { "actions missing", "{'actions':null}", false },
    { "an action that is none", "{'actions':['a']}", false },
    { "actions that are no list", "{'actions':'a/tools/x'}", false },
    { "an action that is a number", "{'actions':[1]}", false },
    { "no resources", "{'resources':[]}", false },
    { "a resource that is not normal", "{'resources':['file:///s/../t']}", false },
    { "every resource", "{'resources':['*']}", true },
    { "no arguments at all", "{'arguments':{'a/tools/x':{}}}", true },
    { "arguments that are no object", "{'arguments':[]}", false },
    { "rules that overlap", "{'arguments':{'a/tools/x':{},'a/*':{}}}", false },
    { "rules that do not", "{'arguments':{'a/tools/x':{},'a/tools/y':{}}}", true },
    { "a rule for no action", "{'arguments':{'a':{}}}", false },
    { "a rule that is a list", "{'arguments':{'a/tools/x':[]}}", false },
    { "a constraint that is a value", "{'arguments':{'a/tools/x':{'p':1}}}", false },
    { "no calls", "{'limits':{'calls':0}}", false },
    { "a billion calls", "{'limits':{'calls':1000000000}}", true },
    { "one more", "{'limits':{'calls':1000000001}}", false },
    { "calls as text", "{'limits':{'calls':'5'}}", false },
    { "half a call", "{'limits':{'calls':0.5}}", false },
    { "a rate of 6000", "{'limits':{'per_minute':6000}}", true },
    { "a rate of 6001", "{'limits':{'per_minute':6001}}", false },
    { "no rate", "{'limits':{'per_minute':0}}", false },
    { "1024 at once", "{'limits':{'concurrency':1024}}", true },
    { "1025 at once", "{'limits':{'concurrency':1025}}", false },
    { "nothing at once", "{'limits':{'concurrency':0}}", false },
    { "an unknown limit", "{'limits':{'tokens':5}}", false },
    { "limits that are a list", "{'limits':[]}", false },
    { "nothing to spend", "{'limits':{'spend':{'unit':'EUR','max':0}}}", true },
    { "cents to spend", "{'limits':{'spend':{'unit':'EUR','max':0.05}}}", true },
    { "less than a millionth", "{'limits':{'spend':{'unit':'EUR','max':0.0000005}}}", false },
    { "a negative sum", "{'limits':{'spend':{'unit':'EUR','max':-1}}}", false },
    { "a sum as text", "{'limits':{'spend':{'unit':'EUR','max':'5'}}}", false },
    { "twelve digits", "{'limits':{'spend':{'unit':'EUR','max':999999999999}}}", true },
    { "thirteen digits", "{'limits':{'spend':{'unit':'EUR','max':1000000000000}}}", false },
    { "no unit", "{'limits':{'spend':{'max':1}}}", false },
    { "an empty unit", "{'limits':{'spend':{'unit':'','max':1}}}", false },
    { "an unknown field of spend", "{'limits':{'spend':{'unit':'E','max':1,'per':2}}}", false },
    { "seven deep", "{'max_depth':7}", true },
    { "eight deep", "{'max_depth':8}", false },
    { "depth missing", "{'max_depth':null}", false },
    { "negative depth", "{'max_depth':-1}", false },
    { "no proof", "{'proof':'none'}", true },
    { "a proof nobody knows", "{'proof':'dpop'}", false },
    { "proof missing", "{'proof':null}", false },
    { "an approval", "{'approval':[{'actions':['*'],'quorum':8,'within_s':604800}]}", true },
    { "no approvals", "{'approval':[]}", false },
    { "a quorum of nobody", "{'approval':[{'actions':['*'],'quorum':0,'within_s':60}]}", false },
    { "a quorum of nine", "{'approval':[{'actions':['*'],'quorum':9,'within_s':60}]}", false },
    { "within 9 s", "{'approval':[{'actions':['*'],'quorum':1,'within_s':9}]}", false },
    { "within 10 s", "{'approval':[{'actions':['*'],'quorum':1,'within_s':10}]}", true },
    { "within more than a week", "{'approval':[{'actions':['*'],'quorum':1,'within_s':604801}]}",
      false },
    { "an approval of nothing", "{'approval':[{'actions':[],'quorum':1,'within_s':60}]}", false },
    { "an unknown field of approval",
      "{'approval':[{'actions':['*'],'quorum':1,'within_s':60,'by':'bob'}]}", false },
    { "four eyes as text",
      "{'approval':[{'actions':['*'],'quorum':1,'within_s':60,'four_eyes':'yes'}]}", false },
};

static void test_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++) {
        struct writ_grant *g = NULL;
        struct writ_err err = { .status = WRIT_OK };
        enum writ_status st = parse(TEXTS[i].changes, &g, &err);
        if ((st == WRIT_OK) != TEXTS[i].good)
            fail_msg("%s: %s", TEXTS[i].rule, st == WRIT_OK ? "accepted" : err.text);
        if (st != WRIT_OK && (g != NULL || err.text[0] == '\0'))
            fail_msg("%s: refused without words", TEXTS[i].rule);
        writ_grant_free(g);
    }
}

static void test_counts(void **state)
{
    static const struct {
        const char *start, *item, *end;
        size_t most;
    } LISTS[] = {
        { "{'actions':[", "'a/tools/x%zu'", "]}", PATTERNS_MAX },
        { "{'resources':[", "'file:///%zu'", "]}", PATTERNS_MAX },
        { "{'arguments':{", "'a/tools/x%zu':{}", "}}", RULES_MAX },
        { "{'arguments':{'a/tools/x':{", "'x%zu':{'any':true}", "}}}", ARGUMENTS_MAX },
        { "{'arguments':{'a/tools/x':{'p':{'one_of':[", "%zu", "]}}}}", VALUES_MAX },
        { "{'approval':[", "{'actions':['a/tools/x%zu'],'quorum':1,'within_s':60}", "]}",
          APPROVALS_MAX },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(LISTS); i++)
        for (size_t more = 0; more < 2; more++) {
            static char text[16384];
            size_t at = (size_t)snprintf(text, sizeof(text), "%s", LISTS[i].start);
            for (size_t n = 0; n < LISTS[i].most + more; n++) {
                char number[24];
                const char *hole = strstr(LISTS[i].item, "%zu");
                (void)snprintf(number, sizeof(number), "%zu", n);
                at +=
                    (size_t)snprintf(text + at, sizeof(text) - at, "%s%.*s%s%s", n ? "," : "",
                                     (int)(hole - LISTS[i].item), LISTS[i].item, number, hole + 3);
            }
            (void)snprintf(text + at, sizeof(text) - at, "%s", LISTS[i].end);
            struct writ_grant *g = NULL;
            struct writ_err err = { .status = WRIT_OK };
            if ((parse(text, &g, &err) == WRIT_OK) != (more == 0))
                fail_msg("%s with %zu: %s", LISTS[i].start, LISTS[i].most + more, err.text);
            writ_grant_free(g);
        }
}

/* One constraint: a value it allows, and one it does not; "" for absent, NULL for none such. */
static const struct {
    const char *constraint, *good, *bad;
} VALUES[] = {
    { "{'exact':'a'}", "'a'", "'A'" },
    { "{'exact':5}", "5.0", "5.000001" },
    { "{'exact':5}", "'5.00'", "'five'" },
    { "{'exact':100000}", "100000.0", "1000000" },
    { "{'exact':0}", "-0.0", "''" },
    { "{'exact':true}", "true", "'true'" },
    { "{'exact':['a','b']}", "['b','a','b']", "['a']" },
    { "{'exact':[]}", "[]", "['a']" },
    { "{'exact':[1,'1']}", "['1',1.0]", "[1,1]" },
    { "{'one_of':['a','b']}", "'b'", "'ab'" },
    { "{'one_of':['a','b']}", "'a'", "" },
    { "{'one_of':['a'],'optional':true}", "", "'b'" },
    { "{'prefix':'ab'}", "'abc'", "'a'" },
    { "{'kind':'path','prefix':'/s/'}", "'/s/a/../b'", "'/s/../b'" },
    { "{'kind':'path','prefix':'/s'}", "'/s'", "'/sa'" },
    { "{'kind':'path','prefix':'/'}", "'/x'", "'x'" },
    { "{'kind':'path','exact':'/s/./a'}", "'/s//a/'", "'/s/b'" },
    { "{'kind':'url','prefix':'https://A.example'}", "'HTTPS://a.example/x'",
      "'https://a.example.evil/x'" },
    { "{'kind':'url','prefix':'ftp://a.example'}", "'ftp://a.example/x'",
      "'ftp://a.example.evil/x'" },
    { "{'kind':'url','exact':'https://a.example/%61'}", "'https://a.example/a'",
      "'https://a.example:443/a'" },
    { "{'kind':'email','exact':'A@B.example'}", "'A@b.EXAMPLE'", "'a@b.example'" },
    { "{'kind':'email','one_of':['a@b']}", "'a@B'", "'a@b@c'" },
    { "{'kind':'datetime','range':{'min':'2026-01-01T00:00:00Z'}}", "'2026-01-01T01:00:00+01:00'",
      "'2026-01-01T00:59:59+01:00'" },
    { "{'kind':'datetime','range':{'max':'2026-01-01T00:00:00Z'}}",
      "'2025-12-31T23:00:00.000000-01:00'", "'2025-12-31T23:00:00.000001-01:00'" },
    { "{'kind':'datetime','range':{'max':'2026-01-01T00:00:00Z'}}", "'2025-12-31T00:00:00Z'",
      "'2025-12-31T00:00:00+99:99'" },
    { "{'range':{'min':-1.5,'max':10}}", "9.999999", "10.000001" },
    { "{'range':{'min':-1.5,'max':10}}", "-1.5", "-1.51" },
    { "{'range':{'min':-1.5,'max':10}}", "'-1.4'", "-10" },
    { "{'range':{'min':9}}", "10", "8" },
    { "{'range':{'max':10}}", "1e1", "'1e1'" },
    { "{'range':{'max':10}}", "0.1", "0.1234567" },
    { "{'subset':['a',1,true]}", "[true,1]", "['1']" },
    { "{'subset':['a']}", "[]", "'a'" },
    { "{'subset':['a']}", "['a']", "[['a']]" },
    { "{'subset':['a']}", "['a','a']", "[null]" },
    { "{'any':true}", "", NULL },
    { "{'any':true}", "{'deep':[1]}", NULL },
    { "{'absent':true}", "", "null" },
    { "{'exact':'a','optional':true}", "", "null" },
};

static bool covers(const struct writ_grant *g, const char *value)
{
    WRIT_AUTO_JSON *arguments = json_object();
    struct writ_slice resource = WRIT_LIT("file:///s/a");

    if (value[0] != '\0')
        assert_int_equal(json_object_set_new(arguments, "p", read_json(value)), 0);
    return writ_grant_covers(g, WRIT_LIT("a/tools/x"), &resource, 1, arguments, g->not_before,
                             NULL) == WRIT_OK;
}

static void test_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(VALUES); i++) {
        char text[256];
        struct writ_grant *g = NULL;
        struct writ_err err;
        (void)snprintf(text, sizeof(text), "{'arguments':{'a/tools/x':{'p':%s}}}",
                       VALUES[i].constraint);
        if (parse(text, &g, &err) != WRIT_OK)
            fail_msg("%s: %s", VALUES[i].constraint, err.text);
        if (!covers(g, VALUES[i].good))
            fail_msg("%s refuses %s", VALUES[i].constraint, VALUES[i].good);
        if (VALUES[i].bad != NULL && covers(g, VALUES[i].bad))
            fail_msg("%s allows %s", VALUES[i].constraint, VALUES[i].bad);
        writ_grant_free(g);
    }
}

static void test_constraints_refused(void **state)
{
    static const char *const BAD[] = {
        "{}",
        "{'kind':'text'}",
        "{'exact':'a','prefix':'a'}",
        "{'exact':null}",
        "{'exact':{}}",
        "{'exact':'a','more':1}",
        "{'kind':'words','exact':'a'}",
        "{'kind':'number','exact':'a'}",
        "{'kind':'number','exact':0.1234567}",
        "{'kind':'path','exact':'a'}",
        "{'kind':'path','prefix':'/..'}",
        "{'kind':'url','prefix':'/a'}",
        "{'kind':'email','exact':'a'}",
        "{'kind':'datetime','exact':'2026-13-01T00:00:00Z'}",
        "{'kind':'email','prefix':'a'}",
        "{'kind':'number','prefix':'1'}",
        "{'prefix':''}",
        "{'one_of':[]}",
        "{'one_of':['a',1]}",
        "{'one_of':[['a']]}",
        "{'range':{}}",
        "{'range':{'min':2,'max':1}}",
        "{'range':{'min':1,'step':1}}",
        "{'kind':'text','range':{'min':1}}",
        "{'subset':[]}",
        "{'subset':'a'}",
        "{'kind':'text','subset':['a']}",
        "{'subset':[[1]]}",
        "{'any':false}",
        "{'any':1}",
        "{'absent':false}",
        "{'any':true,'optional':true}",
        "{'any':true,'kind':'text'}",
        "{'exact':'a','optional':1}",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        char text[256];
        struct writ_grant *g = NULL;
        (void)snprintf(text, sizeof(text), "{'arguments':{'a/tools/x':{'p':%s}}}", BAD[i]);
        if (parse(text, &g, NULL) == WRIT_OK)
            fail_msg("accepted %s", BAD[i]);
    }
}

/* The child is the parent but for one dimension; `wider` names it in the message. */
static const struct {
    const char *rule, *child, *wider;
} WITHIN[] = {
    { "the same", "{}", NULL },
    { "an action more", "{'actions':['a/tools/*','b/tools/x']}", "action `b/tools/x`" },
    { "a wider prefix", "{'actions':['a/*']}", "action `a/*`" },
    { "fewer actions", "{'actions':['a/tools/x']}", NULL },
    { "a resource more", "{'resources':['file:///s/*','writ:a']}", "resource `writ:a`" },
    { "a wider resource", "{'resources':['file:///*']}", "resource `file:///*`" },
    { "a narrower resource", "{'resources':['file:///s/a*']}", NULL },
    { "free arguments", "{'arguments':null}", "are free" },
    { "arguments free for some", "{'arguments':{'a/tools/y':{}}}", "are free" },
    { "an argument more", "{'arguments':{'a/tools/x':{'p':{'one_of':['a','b']},'n':{'any':true}}}}",
      "argument `n`" },
    { "a value more", "{'arguments':{'a/tools/x':{'p':{'one_of':['a','b','c']}}}}",
      "argument `p`" },
    { "a value fewer", "{'arguments':{'a/tools/x':{'p':{'exact':'a'}}}}", NULL },
    { "left out", "{'arguments':{'a/tools/x':{}}}", "may be left out" },
    { "optional", "{'arguments':{'a/tools/x':{'p':{'exact':'a','optional':true}}}}",
      "argument `p`" },
    { "calls missing", "{'limits':{'per_minute':5,'concurrency':2,'spend':{'unit':'EUR','max':9}}}",
      "limits.calls" },
    { "calls larger",
      "{'limits':{'calls':6,'per_minute':5,'concurrency':2,'spend':{'unit':'EUR','max':9}}}",
      "limits.calls" },
    { "rate missing", "{'limits':{'calls':5,'concurrency':2,'spend':{'unit':'EUR','max':9}}}",
      "limits.per_minute" },
    { "rate larger",
      "{'limits':{'calls':5,'per_minute':6,'concurrency':2,'spend':{'unit':'EUR','max':9}}}",
      "limits.per_minute" },
    { "concurrency missing", "{'limits':{'calls':5,'per_minute':5,'spend':{'unit':'EUR','max':9}}}",
      "limits.concurrency" },
    { "concurrency larger",
      "{'limits':{'calls':5,'per_minute':5,'concurrency':3,'spend':{'unit':'EUR','max':9}}}",
      "limits.concurrency" },
    { "spend missing", "{'limits':{'calls':5,'per_minute':5,'concurrency':2}}", "limits.spend" },
    { "spend larger",
      "{'limits':{'calls':5,'per_minute':5,'concurrency':2,'spend':{'unit':'EUR','max':9.5}}}",
      "limits.spend" },
    { "spend of another unit",
      "{'limits':{'calls':5,'per_minute':5,'concurrency':2,'spend':{'unit':'USD','max':1}}}",
      "limits.spend" },
    { "all limits smaller",
      "{'limits':{'calls':4,'per_minute':4,'concurrency':1,'spend':{'unit':'EUR','max':8}}}",
      NULL },
    { "earlier", "{'not_before':'2026-11-23T19:59:59.999999Z'}", "not_before" },
    { "later", "{'not_before':'2026-11-23T20:00:01Z'}", NULL },
    { "longer", "{'expires':'2026-11-23T21:00:00.000001Z'}", "expires" },
    { "shorter", "{'expires':'2026-11-23T20:59:59Z'}", NULL },
    { "as deep", "{'max_depth':2}", "max_depth" },
    { "deeper", "{'max_depth':3}", "max_depth" },
    { "no proof", "{'proof':'none'}", "proof" },
    { "another human", "{'human':'bob'}", "cell and human" },
    { "another cell", "{'cell':'d'}", "cell and human" },
    { "another parent", "{'parent':'q'}", "another parent" },
    { "another holder", "{'holder':'helper'}", NULL },
    { "another purpose", "{'purpose':'y'}", NULL },
    { "an approval", "{'approval':[{'actions':['*'],'quorum':1,'within_s':60}]}", NULL },
};

#define PARENT                                                                            \
    "'limits':{'calls':5,'per_minute':5,'concurrency':2,'spend':{'unit':'EUR','max':9}}," \
    "'arguments':{'a/tools/x':{'p':{'one_of':['a','b']}}}"

static void test_within(void **state)
{
    struct writ_grant *parent = NULL, *leaf = NULL;
    struct writ_err err;

    (void)state;
    assert_int_equal(parse("{'id':'p','parent':null,'max_depth':2," PARENT "}", &parent, &err),
                     WRIT_OK);
    for (size_t i = 0; i < ARRAY_LEN(WITHIN); i++) {
        struct writ_grant *child = NULL;
        WRIT_AUTO_JSON *o = read_json("{" PARENT "}"), *over = read_json(WITHIN[i].child);
        assert_int_equal(json_object_update(o, over), 0);
        char *text = json_dumps(o, 0);
        assert_non_null(text);
        enum writ_status st = parse(text, &child, &err);
        free(text);
        if (st != WRIT_OK)
            fail_msg("%s: %s", WITHIN[i].rule, err.text);
        st = writ_grant_within(child, parent, &err);
        if (st != (WITHIN[i].wider == NULL ? WRIT_OK : WRIT_REFUSED))
            fail_msg("%s: %s", WITHIN[i].rule, st == WRIT_OK ? "is within" : err.text);
        if (st != WRIT_OK && strstr(err.text, WITHIN[i].wider) == NULL)
            fail_msg("%s: the message is `%s`", WITHIN[i].rule, err.text);
        writ_grant_free(child);
    }
    assert_int_equal(parse("{'id':'p','max_depth':0}", &leaf, &err), WRIT_OK);
    struct writ_grant *child = NULL;
    assert_int_equal(parse("{'max_depth':0}", &child, &err), WRIT_OK);
    assert_int_equal(writ_grant_within(child, leaf, &err), WRIT_REFUSED);
    assert_non_null(strstr(err.text, "may not be derived from"));
    writ_grant_free(child);
    writ_grant_free(leaf);
    writ_grant_free(parent);
    writ_grant_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),  cmocka_unit_test(test_counts),
        cmocka_unit_test(test_values), cmocka_unit_test(test_constraints_refused),
        cmocka_unit_test(test_within),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
