#include "test.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "world.h"

#include "base/banned.h"

static void must(const struct world *w, enum writ_status st)
{
    if (st != WRIT_OK)
        fail_msg("%s", w->err.text);
}

#define AGENT(more)                                                                     \
    "'key':'ed25519:O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik','environment':'test'," \
    "'purpose':'x','third_party':false" more

/* One row per rule: who signs what, and how it ends. */
static const struct {
    const char *rule, *type, *fields;
    enum who by;
    enum writ_status want;
} ROWS[] = {
    { "an operator adds a human", "writ.human",
      "{'human':'dora','keys':['ssh-ed25519 "
      "AAAAC3NzaC1lZDI1NTE5AAAAIDtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop'],'roles':['auditor']}",
      OLGA, WRIT_OK },
    { "an approver adds a human", "writ.human", "{'human':'dora','keys':[],'roles':[]}", BOB,
      WRIT_REFUSED },
    { "a stranger adds a human", "writ.human", "{'human':'dora','keys':[],'roles':[]}", MALLORY,
      WRIT_SIGNATURE },
    { "no keys", "writ.human", "{'human':'dora','keys':[],'roles':['auditor']}", OLGA,
      WRIT_FORMAT },
    { "no roles", "writ.human", "{'human':'olga','keys':['%s'],'roles':[]}", ALICE, WRIT_FORMAT },
    { "a role twice", "writ.human",
      "{'human':'olga','keys':['%s'],'roles':['operator','operator']}", ALICE, WRIT_FORMAT },
    { "an unknown role", "writ.human", "{'human':'olga','keys':['%s'],'roles':['root']}", ALICE,
      WRIT_FORMAT },
    { "a key that another has", "writ.human", "{'human':'bob','keys':['%s'],'roles':['approver']}",
      ALICE, WRIT_CONFLICT },
    { "a name in capitals", "writ.human", "{'human':'Bob','keys':['%s'],'roles':['approver']}",
      ALICE, WRIT_FORMAT },
    { "an operator changes roles", "writ.human",
      "{'human':'olga','keys':['%s'],'roles':['auditor']}", ALICE, WRIT_OK },
    { "an operator registers an agent", "writ.agent", "{'agent':'new','owner':'bob'," AGENT("}"),
      OLGA, WRIT_OK },
    { "an approver registers an agent", "writ.agent", "{'agent':'new','owner':'bob'," AGENT("}"),
      BOB, WRIT_REFUSED },
    { "an owner nobody knows", "writ.agent", "{'agent':'new','owner':'dora'," AGENT("}"), OLGA,
      WRIT_REFUSED },
    { "an agent changes hands", "writ.agent", "{'agent':'bot','owner':'bob'," AGENT("}"), OLGA,
      WRIT_CONFLICT },
    { "a field too many", "writ.agent", "{'agent':'new','owner':'bob','x':1," AGENT("}"), OLGA,
      WRIT_FORMAT },
    { "no owner", "writ.agent", "{'agent':'new'," AGENT("}"), OLGA, WRIT_FORMAT },
    { "another cell", "writ.agent", "{'cell':'other','agent':'new','owner':'bob'," AGENT("}"), OLGA,
      WRIT_REFUSED },
    { "an id used before", "writ.agent", "{'id':'t-1','agent':'new','owner':'bob'," AGENT("}"),
      OLGA, WRIT_CONFLICT },
    { "an id with a space", "writ.agent", "{'id':'t 1','agent':'new','owner':'bob'," AGENT("}"),
      OLGA, WRIT_FORMAT },
    { "another version", "writ.agent", "{'v':2,'agent':'new','owner':'bob'," AGENT("}"), OLGA,
      WRIT_FORMAT },
    { "issued ten minutes ago", "writ.agent",
      "{'issued':'2026-11-23T19:50:00Z','agent':'new','owner':'bob'," AGENT("}"), OLGA, WRIT_OK },
    { "issued a moment before that", "writ.agent",
      "{'issued':'2026-11-23T19:49:59.999999Z','agent':'new','owner':'bob'," AGENT("}"), OLGA,
      WRIT_TIME },
    { "issued ten minutes ahead", "writ.agent",
      "{'issued':'2026-11-23T20:10:00Z','agent':'new','owner':'bob'," AGENT("}"), OLGA, WRIT_OK },
    { "issued a moment after that", "writ.agent",
      "{'issued':'2026-11-23T20:10:00.000001Z','agent':'new','owner':'bob'," AGENT("}"), OLGA,
      WRIT_TIME },
    { "an unknown type", "writ.policy", "{}", ALICE, WRIT_FORMAT },
    { "a second authority", "writ.authority",
      "{'human':'olga','key':'%s','ledger_key':'x+1+AQ','roles':['operator']}", OLGA,
      WRIT_CONFLICT },
    { "an approver adds a target", "writ.target",
      "{'target':'mail','environment':'test','third_party':true}", BOB, WRIT_REFUSED },
    { "sensitive actions of another target", "writ.target",
      "{'target':'mail','environment':'test','third_party':true,'sensitive':['mails/*']}", OLGA,
      WRIT_FORMAT },
    { "a template whose scheme is an argument", "writ.target",
      "{'target':'mail','environment':'test','third_party':true,'resources':{'a':['{s}:{p}']}}",
      OLGA, WRIT_FORMAT },
    { "a template of two arguments and nothing else", "writ.target",
      "{'target':'mail','environment':'test','third_party':true,'resources':{'a':['{s}{p}']}}",
      OLGA, WRIT_FORMAT },
    { "a template without a scheme", "writ.target",
      "{'target':'mail','environment':'test','third_party':true,'resources':{'a':['x/{p}']}}", OLGA,
      WRIT_FORMAT },
    { "a stop that does not hold", "writ.lift", "{'stop':3}", OLGA, WRIT_NOT_FOUND },
    { "a tool that nobody has shown", "writ.tool",
      "{'target':'files','tool':'read','digest':"
      "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'}",
      OLGA, WRIT_NOT_FOUND },
};

static void replace_key(const struct world *w, char *to, size_t size, const char *fields)
{
    const char *at = strstr(fields, "%s");

    if (at == NULL)
        (void)snprintf(to, size, "%s", fields);
    else
        (void)snprintf(to, size, "%.*s%s%s", (int)(at - fields), fields, w->lines[OLGA], at + 2);
}

static void test_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct world w;
        char fields[1024];
        world_init(&w);
        replace_key(&w, fields, sizeof(fields), ROWS[i].fields);
        size_t before = w.len;
        enum writ_status got =
            world_change(&w, ROWS[i].by, world_text(&w, ROWS[i].type, "%s", fields));
        if (got != ROWS[i].want)
            fail_msg("%s: %d, not %d (%s)", ROWS[i].rule, (int)got, (int)ROWS[i].want, w.err.text);
        assert_int_equal(w.len, before + (got == WRIT_OK));
        world_release(&w);
    }
}

static void test_signatures(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    struct writ_slice text = world_grant_text(&w, "g", "{}"),
                      other = world_grant_text(&w, "h", "{}");
    struct writ_slice good = world_ssh(&w, w.people[ALICE], "writ.grant", text);
    static const char *const SPACES[] = { "writ.change", "writ.approval", "writ.gran", "file" };
    for (size_t i = 0; i < ARRAY_LEN(SPACES); i++)
        assert_int_equal(
            world_change_raw(&w, text, world_ssh(&w, w.people[ALICE], SPACES[i], text), true),
            WRIT_SIGNATURE);
    assert_int_equal(world_change_raw(&w, other, good, true), WRIT_SIGNATURE);
    assert_int_equal(world_change_raw(&w, text, WRIT_LIT("nothing"), true), WRIT_FORMAT);
    /* The same meaning in other bytes, signed as they are. */
    const char *spaced = world_quotes(&w, "{ %.*s", (int)text.len - 1, (const char *)text.ptr + 1);
    assert_int_equal(
        world_change_raw(&w, writ_cstr(spaced),
                         world_ssh(&w, w.people[ALICE], "writ.grant", writ_cstr(spaced)), true),
        WRIT_FORMAT);
    /* A root grant is the named human's own, with the role for it. */
    assert_int_equal(world_change(&w, BOB, text), WRIT_REFUSED);
    assert_int_equal(world_change(&w, OLGA, world_grant_text(&w, "o", "{'human':'olga'}")),
                     WRIT_REFUSED);
    assert_int_equal(world_change(&w, ALICE, world_grant_text(&w, "x", "{'holder':'ghost'}")),
                     WRIT_REFUSED);
    assert_int_equal(world_change(&w, ALICE,
                                  world_grant_text(&w, "x",
                                                   "{'not_before':'2026-11-23T10:00:00Z',"
                                                   "'expires':'2026-11-23T20:00:00Z'}")),
                     WRIT_TIME);
    must(&w, world_change_raw(&w, text, good, true));
    assert_int_equal(world_change_raw(&w, text, good, true), WRIT_CONFLICT);
    world_release(&w);
}

static void test_derived(void **state)
{
    struct world w;
    const char *fields = "{'parent':'g','holder':'helper','max_depth':1}";

    (void)state;
    world_init(&w);
    world_grant(&w, "g", "{'max_depth':2}");
    struct writ_slice text = world_grant_text(&w, "d", "%s", fields);
    assert_int_equal(world_derive(&w, HELPER, text), WRIT_SIGNATURE); /* the holder signs */
    assert_int_equal(world_change(&w, ALICE, text), WRIT_SIGNATURE);  /* and no human for it */
    assert_int_equal(world_derive(&w, BOT, world_grant_text(&w, "d", "{'parent':'none'}")),
                     WRIT_NOT_FOUND);
    assert_int_equal(world_derive(&w, BOT, world_grant_text(&w, "d", "{'parent':''}")),
                     WRIT_FORMAT);
    assert_int_equal(
        world_derive(&w, BOT, world_grant_text(&w, "d", "{'parent':'g','max_depth':2}")),
        WRIT_REFUSED);
    assert_int_equal(
        world_derive(&w, BOT,
                     world_grant_text(&w, "d", "{'parent':'g','max_depth':1,'resources':['*']}")),
        WRIT_REFUSED);
    must(&w, world_derive(&w, BOT, text));
    must(&w,
         world_derive(&w, HELPER,
                      world_grant_text(&w, "e", "{'parent':'d','holder':'third','max_depth':0}")));
    assert_int_equal(world_derive(&w, THIRD,
                                  world_grant_text(&w, "f",
                                                   "{'parent':'e','holder':'fourth',"
                                                   "'max_depth':0}")),
                     WRIT_REFUSED);
    must(&w, world_narrow(&w, WRIT_RECORD_AGENT_SUSPENDED, "helper"));
    assert_int_equal(world_derive(&w, HELPER,
                                  world_grant_text(&w, "h",
                                                   "{'parent':'d','holder':'third',"
                                                   "'max_depth':0}")),
                     WRIT_REFUSED);
    must(&w, world_narrow(&w, WRIT_RECORD_GRANT_REVOKED, "g"));
    assert_int_equal(world_derive(&w, BOT,
                                  world_grant_text(&w, "i",
                                                   "{'parent':'g','holder':'third',"
                                                   "'max_depth':0}")),
                     WRIT_REFUSED);
    world_release(&w);
}

/* The key is replaced while the signature is being verified elsewhere. */
static void test_key_replaced_meanwhile(void **state)
{
    struct world w;
    struct writ_record out;

    (void)state;
    world_init(&w);
    world_grant(&w, "g", "{}");
    struct writ_slice text = world_grant_text(&w, "late", "{'human':'bob'}");
    struct writ_change_request r = { .text = text,
                                     .signature =
                                         world_ssh(&w, w.people[BOB], "writ.grant", text) };
    struct writ_slice child =
        world_grant_text(&w, "child", "{'parent':'g','holder':'helper','max_depth':0}");
    struct writ_change_request d = { .text = child,
                                     .signature = world_agent_signature(&w, BOT, child) };
    assert_int_equal(writ_authority_find_signer(w.a, &r, &w.err), WRIT_OK);
    assert_int_equal(writ_authority_find_signer(w.a, &d, &w.err), WRIT_OK);
    must(&w, world_change(&w, OLGA,
                          world_text(&w, "writ.human",
                                     "{'human':'bob','keys':['%s'],'roles':['approver']}",
                                     w.lines[MALLORY])));
    must(&w, world_change(&w, OLGA,
                          world_text(&w, "writ.agent",
                                     "{'agent':'bot','owner':'alice','key':'%s','environment':"
                                     "'production','purpose':'tests','third_party':false}",
                                     w.bot_keys[FOURTH])));
    writ_change_verify(&r);
    writ_change_verify(&d);
    assert_int_equal(r.verified, WRIT_CHECK_GOOD);
    assert_int_equal(d.verified, WRIT_CHECK_GOOD);
    assert_true(writ_slice_is(r.by, "bob")); /* still there to be read */
    assert_true(writ_slice_is(d.by, "bot"));
    assert_int_equal(writ_authority_change(w.a, &r, w.now, &w.arena, &out, &w.err), WRIT_SIGNATURE);
    assert_int_equal(writ_authority_change(w.a, &d, w.now, &w.arena, &out, &w.err), WRIT_SIGNATURE);
    world_release(&w);
}

static void test_narrowing(void **state)
{
    static const struct {
        const char *rule, *subject;
        enum writ_record_type type;
        enum writ_status want;
    } STEPS[] = {
        { "an unknown grant", "x", WRIT_RECORD_GRANT_REVOKED, WRIT_NOT_FOUND },
        { "a grant", "g", WRIT_RECORD_GRANT_REVOKED, WRIT_OK },
        { "the grant again", "g", WRIT_RECORD_GRANT_REVOKED, WRIT_CONFLICT },
        { "an unknown agent", "x", WRIT_RECORD_AGENT_SUSPENDED, WRIT_NOT_FOUND },
        { "an agent", "bot", WRIT_RECORD_AGENT_SUSPENDED, WRIT_OK },
        { "the agent again", "bot", WRIT_RECORD_AGENT_SUSPENDED, WRIT_CONFLICT },
        { "retiring the suspended", "bot", WRIT_RECORD_AGENT_RETIRED, WRIT_OK },
        { "retiring again", "bot", WRIT_RECORD_AGENT_RETIRED, WRIT_CONFLICT },
        { "suspending the retired", "bot", WRIT_RECORD_AGENT_SUSPENDED, WRIT_CONFLICT },
        { "an unknown human", "x", WRIT_RECORD_HUMAN_SUSPENDED, WRIT_NOT_FOUND },
        { "an operator, of two", "alice", WRIT_RECORD_HUMAN_SUSPENDED, WRIT_OK },
        { "the last operator", "olga", WRIT_RECORD_HUMAN_SUSPENDED, WRIT_REFUSED },
        { "the last operator", "olga", WRIT_RECORD_HUMAN_REMOVED, WRIT_REFUSED },
        { "an approver", "bob", WRIT_RECORD_HUMAN_REMOVED, WRIT_OK },
        { "suspending the removed", "bob", WRIT_RECORD_HUMAN_SUSPENDED, WRIT_CONFLICT },
        { "an unknown target", "x", WRIT_RECORD_STOP_SET, WRIT_NOT_FOUND },
        { "a target", "files", WRIT_RECORD_STOP_SET, WRIT_OK },
        { "the target again", "files", WRIT_RECORD_STOP_SET, WRIT_CONFLICT },
        { "everything", "*", WRIT_RECORD_STOP_SET, WRIT_OK },
        { "an unknown session", "1", WRIT_RECORD_SESSION_CLOSED, WRIT_NOT_FOUND },
        { "a session without index", "x", WRIT_RECORD_SESSION_CLOSED, WRIT_FORMAT },
        { "a payload by no digest", "x", WRIT_RECORD_PAYLOAD_READ, WRIT_NOT_FOUND },
        { "what is no narrowing", "g", WRIT_RECORD_GRANT_SIGNED, WRIT_ARG },
        { "a line break", "a\nb", WRIT_RECORD_GRANT_REVOKED, WRIT_FORMAT },
    };
    struct world w;

    (void)state;
    world_init(&w);
    world_grant(&w, "g", "{}");
    for (size_t i = 0; i < ARRAY_LEN(STEPS); i++) {
        enum writ_status got = world_narrow(&w, STEPS[i].type, STEPS[i].subject);
        if (got != STEPS[i].want)
            fail_msg("%s: %d (%s)", STEPS[i].rule, (int)got, w.err.text);
    }
    /* Names are used once; the last operator keeps the role. */
    assert_int_equal(
        world_change(&w, OLGA,
                     world_text(&w, "writ.agent", "{'agent':'bot','owner':'alice'," AGENT("}"))),
        WRIT_REFUSED);
    assert_int_equal(world_change(&w, OLGA,
                                  world_text(&w, "writ.human",
                                             "{'human':'bob','keys':['%s'],'roles':['approver']}",
                                             w.lines[MALLORY])),
                     WRIT_CONFLICT);
    assert_int_equal(world_change(&w, OLGA,
                                  world_text(&w, "writ.human",
                                             "{'human':'olga','keys':['%s'],'roles':['auditor']}",
                                             w.lines[OLGA])),
                     WRIT_REFUSED);
    world_release(&w);
}

/* --- ssh-keygen itself, so that the world's own signer is not all that is believed --- */

extern char **environ;

static bool run(const char *const *argv)
{
    pid_t pid;
    int status = -1;
    char *const *args = (char *const *)(uintptr_t)argv;
    posix_spawn_file_actions_t quiet;

    assert_int_equal(posix_spawn_file_actions_init(&quiet), 0);
    for (int fd = 0; fd < 3; fd++)
        assert_int_equal(posix_spawn_file_actions_addopen(&quiet, fd, "/dev/null", O_RDWR, 0), 0);
    int failed = posix_spawnp(&pid, argv[0], &quiet, NULL, args, environ);
    (void)posix_spawn_file_actions_destroy(&quiet);
    return failed == 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static struct writ_slice file(struct world *w, const char *path)
{
    char *bytes = writ_arena_alloc(&w->arena, 8192);
    FILE *f = fopen(path, "rb");

    assert_non_null(bytes);
    assert_non_null(f);
    size_t n = fread(bytes, 1, 8192, f);
    assert_int_equal(fclose(f), 0);
    return writ_slice(bytes, n);
}

static void test_ssh_keygen(void **state)
{
    struct world w;
    char folder[] = "/tmp/writ-test-changes-XXXXXX";

    (void)state;
    world_init(&w);
    assert_non_null(mkdtemp(folder));
    const char *key = world_quotes(&w, "%s/key", folder), *text = world_quotes(&w, "%s/t", folder);
    const char *public = world_quotes(&w, "%s/key.pub", folder);
    const char *signature = world_quotes(&w, "%s/t.sig", folder);
    if (!run((const char *const[]){ "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f",
                                    key, NULL }))
        fail_msg("ssh-keygen: is openssh-client installed?");
    struct writ_slice line = file(&w, public);
    while (line.len != 0 && line.ptr[line.len - 1] <= ' ')
        line.len--;
    must(&w, world_change(&w, OLGA,
                          world_text(&w, "writ.human",
                                     "{'human':'eve','keys':['%.*s'],'roles':['approver']}",
                                     (int)line.len, (const char *)line.ptr)));
    struct writ_slice grant = world_grant_text(&w, "g", "{'human':'eve'}");
    FILE *f = fopen(text, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(grant.ptr, 1, grant.len, f), grant.len);
    assert_int_equal(fclose(f), 0);
    assert_true(run((const char *const[]){ "ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n",
                                           "writ.grant", text, NULL }));
    must(&w, world_change_raw(&w, grant, file(&w, signature), true));
    assert_int_equal(world_act(&w, &(struct ask){ .grant = "g" }).verdict, WRIT_ALLOW);
    (void)unlink(key);
    (void)unlink(public);
    (void)unlink(text);
    (void)unlink(signature);
    assert_int_equal(rmdir(folder), 0);
    world_release(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),     cmocka_unit_test(test_signatures),
        cmocka_unit_test(test_derived),   cmocka_unit_test(test_key_replaced_meanwhile),
        cmocka_unit_test(test_narrowing), cmocka_unit_test(test_ssh_keygen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
