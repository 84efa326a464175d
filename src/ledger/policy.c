#include "ledger/policy.h"

#include <stdlib.h>

#include "base/text.h"
#include "note_parts.h"

#include "base/banned.h"

/* The words of one line, taken from the front. */
struct line {
    struct writ_slice text, rest; /* the whole policy, and what is left of the line */
    size_t number;
    struct writ_err *err;
};

enum kind { KIND_UNKNOWN = 0, KIND_WITNESS, KIND_GROUP };

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static size_t offset_of(const struct line *l, struct writ_slice word)
{
    return (size_t)((word.len != 0 ? word.ptr : l->rest.ptr) - l->text.ptr);
}

/* The next word; empty at the end of the line. */
static struct writ_slice take_word(struct line *l)
{
    size_t n = 0;

    while (l->rest.len != 0 && is_space(l->rest.ptr[0]))
        l->rest = writ_slice(l->rest.ptr + 1, l->rest.len - 1);
    while (n < l->rest.len && !is_space(l->rest.ptr[n]))
        n++;
    struct writ_slice word = writ_slice(l->rest.ptr, n);
    l->rest = writ_slice(l->rest.ptr + n, l->rest.len - n);
    return word;
}

static enum writ_status bad(const struct line *l, struct writ_slice word, const char *why)
{
    return writ_fail_at(l->err, WRIT_FORMAT, offset_of(l, word), "line %zu: %.*s%s%s", l->number,
                        WRIT_FMT(word), word.len != 0 ? ": " : "", why);
}

static enum writ_status too_many(const struct line *l, struct writ_slice word, const char *what,
                                 int max)
{
    return writ_fail_at(l->err, WRIT_LIMIT, offset_of(l, word),
                        "line %zu: a policy has at most %d %s", l->number, max, what);
}

static enum writ_status end_of_line(struct line *l)
{
    struct writ_slice word = take_word(l);

    return word.len == 0 ? WRIT_OK : bad(l, word, "the line should have ended before");
}

static enum kind find(const struct writ_policy *p, struct writ_slice name, size_t *at)
{
    for (size_t i = 0; i < p->witnesses; i++)
        if (writ_slice_eq(p->witness[i].name, name)) {
            *at = i;
            return KIND_WITNESS;
        }
    for (size_t i = 0; i < p->groups; i++)
        if (writ_slice_eq(p->group[i].name, name)) {
            *at = i;
            return KIND_GROUP;
        }
    return KIND_UNKNOWN;
}

static enum writ_status take_new_name(struct line *l, const struct writ_policy *p,
                                      struct writ_slice *out)
{
    struct writ_slice name = take_word(l);
    size_t at;

    if (name.len == 0)
        return bad(l, name, "a name is missing");
    if (writ_slice_is(name, "none"))
        return bad(l, name, "this name has a meaning of its own");
    if (find(p, name, &at) != KIND_UNKNOWN)
        return bad(l, name, "this name is defined already");
    *out = name;
    return WRIT_OK;
}

static bool key_is_known(const struct writ_policy *p, const struct writ_note_key *k)
{
    for (size_t i = 0; i < p->logs; i++)
        if (memcmp(p->log[i].pub, k->pub, sizeof(k->pub)) == 0)
            return true;
    for (size_t i = 0; i < p->witnesses; i++)
        if (memcmp(p->witness_key[i].pub, k->pub, sizeof(k->pub)) == 0)
            return true;
    return false;
}

/* A key of the right type that no other line has: a log that witnesses itself shows nothing. */
static enum writ_status take_key(struct line *l, const struct writ_policy *p, uint8_t type,
                                 struct writ_note_key *out)
{
    struct writ_slice word = take_word(l);
    struct writ_err why = { WRIT_OK, 0, 0, "" };

    if (word.len == 0)
        return bad(l, word, "a verifier key is missing");
    if (writ_note_key_parse(word, out, &why) != WRIT_OK)
        return writ_fail_at(l->err, why.status, offset_of(l, word) + why.offset, "line %zu: %s",
                            l->number, why.text);
    if (out->type != type)
        return bad(l, word,
                   type == WRIT_NOTE_LOG ? "not the key of a log" : "not the key of a witness");
    if (key_is_known(p, out))
        return bad(l, word, "another line has the same public key");
    return WRIT_OK;
}

static enum writ_status parse_log(struct line *l, struct writ_policy *p)
{
    struct writ_note_key key;

    WRIT_TRY(take_key(l, p, WRIT_NOTE_LOG, &key));
    struct writ_slice url = take_word(l);
    WRIT_TRY(end_of_line(l));
    if (p->logs == WRIT_POLICY_LOGS)
        return too_many(l, url, "logs", WRIT_POLICY_LOGS);
    p->log[p->logs] = key;
    p->log_url[p->logs++] = url;
    return WRIT_OK;
}

static enum writ_status parse_witness(struct line *l, struct writ_policy *p)
{
    struct writ_policy_member w = { .group = WRIT_POLICY_NONE };
    struct writ_note_key key;

    WRIT_TRY(take_new_name(l, p, &w.name));
    WRIT_TRY(take_key(l, p, WRIT_NOTE_COSIGN, &key));
    w.url = take_word(l);
    WRIT_TRY(end_of_line(l));
    if (p->witnesses == WRIT_POLICY_WITNESSES)
        return too_many(l, w.name, "witnesses", WRIT_POLICY_WITNESSES);
    p->witness_key[p->witnesses] = key;
    p->witness[p->witnesses++] = w;
    return WRIT_OK;
}

static enum writ_status take_member(struct line *l, struct writ_policy *p, int group,
                                    struct writ_slice name)
{
    size_t at = 0;
    enum kind kind = find(p, name, &at);

    if (kind == KIND_UNKNOWN)
        return bad(l, name, "no line before defines this name");
    struct writ_policy_member *m = kind == KIND_WITNESS ? &p->witness[at] : &p->group[at];
    if (m->group != WRIT_POLICY_NONE)
        return bad(l, name, "a member of a group already");
    m->group = group;
    return WRIT_OK;
}

static enum writ_status parse_group(struct line *l, struct writ_policy *p)
{
    struct writ_policy_member g = { .group = WRIT_POLICY_NONE };
    struct writ_slice word;
    uint64_t need = 0;
    unsigned n = 0;

    WRIT_TRY(take_new_name(l, p, &g.name));
    struct writ_slice rule = take_word(l);
    bool all = writ_slice_is(rule, "all"), any = writ_slice_is(rule, "any");
    if (!all && !any && writ_u64_parse(rule, &need) != WRIT_OK)
        return bad(l, rule, "a group needs all, any or a number of its members");
    if (p->groups == WRIT_POLICY_GROUPS)
        return too_many(l, g.name, "groups", WRIT_POLICY_GROUPS);
    for (word = take_word(l); word.len != 0; word = take_word(l), n++)
        WRIT_TRY(take_member(l, p, (int)p->groups, word));
    if (n == 0)
        return bad(l, word, "a group has members");
    if (any)
        need = 1;
    else if (all)
        need = n;
    if (need == 0 || need > n)
        return bad(l, rule, "more than the group has, or none at all");
    p->need[p->groups] = (unsigned)need;
    p->members[p->groups] = n;
    p->group[p->groups++] = g;
    return WRIT_OK;
}

static enum writ_status parse_quorum(struct line *l, struct writ_policy *p, bool *have)
{
    struct writ_slice name = take_word(l);
    size_t at = 0;

    if (*have)
        return bad(l, name, "there is a quorum line already");
    if (name.len == 0)
        return bad(l, name, "a name is missing");
    enum kind kind = find(p, name, &at);
    if (kind == KIND_UNKNOWN && !writ_slice_is(name, "none"))
        return bad(l, name, "no line before defines this name");
    if (kind == KIND_WITNESS)
        p->quorum_witness = (int)at;
    else if (kind == KIND_GROUP)
        p->quorum_group = (int)at;
    *have = true;
    return end_of_line(l);
}

static enum writ_status parse_line(struct line *l, struct writ_policy *p, bool *quorum)
{
    struct writ_slice word = take_word(l);

    if (word.len == 0 || word.ptr[0] == '#')
        return WRIT_OK;
    if (writ_slice_is(word, "log"))
        return parse_log(l, p);
    if (writ_slice_is(word, "witness"))
        return parse_witness(l, p);
    if (writ_slice_is(word, "group"))
        return parse_group(l, p);
    if (writ_slice_is(word, "quorum"))
        return parse_quorum(l, p, quorum);
    return bad(l, word, "a line begins with log, witness, group, quorum or #");
}

static enum writ_status parse_lines(struct writ_slice text, struct writ_policy *p,
                                    struct writ_err *err)
{
    struct line l = { .text = text, .err = err };
    struct writ_slice rest = text;
    bool quorum = false;

    while (rest.len != 0) {
        const uint8_t *lf = memchr(rest.ptr, '\n', rest.len);

        l.number++;
        if (lf == NULL)
            return writ_fail_at(err, WRIT_FORMAT, text.len, "line %zu does not end in LF",
                                l.number);
        l.rest = writ_slice(rest.ptr, (size_t)(lf - rest.ptr));
        rest = writ_slice_from(rest, l.rest.len + 1);
        WRIT_TRY(parse_line(&l, p, &quorum));
    }
    if (!quorum)
        return writ_fail_at(err, WRIT_FORMAT, text.len, "a policy has a quorum line");
    return WRIT_OK;
}

enum writ_status writ_policy_parse(struct writ_slice text, struct writ_policy *out,
                                   struct writ_err *err)
{
    if (text.len > WRIT_POLICY_MAX)
        return writ_fail(err, WRIT_LIMIT, "a policy is at most %d bytes", WRIT_POLICY_MAX);
    for (size_t i = 0; i < text.len; i++)
        if ((text.ptr[i] < 0x20 && text.ptr[i] != '\t' && text.ptr[i] != '\n') ||
            text.ptr[i] == 0x7f)
            return writ_fail_at(err, WRIT_FORMAT, i, "byte 0x%02x: no control bytes but tab and LF",
                                (unsigned)text.ptr[i]);
    struct writ_policy *p = calloc(1, sizeof(*p));
    if (p == NULL)
        return writ_fail_nomem(err);
    p->quorum_witness = p->quorum_group = WRIT_POLICY_NONE;
    enum writ_status st = parse_lines(text, p, err);
    if (st == WRIT_OK)
        *out = *p;
    free(p);
    return st;
}

bool writ_policy_met(const struct writ_policy *p, uint64_t cosigned)
{
    unsigned have[WRIT_POLICY_GROUPS] = { 0 };

    if (p->quorum_witness != WRIT_POLICY_NONE)
        return (cosigned >> p->quorum_witness & 1u) != 0;
    if (p->quorum_group == WRIT_POLICY_NONE)
        return true; /* the policy says in so many words that it wants none */
    for (size_t i = 0; i < p->witnesses; i++)
        if (p->witness[i].group != WRIT_POLICY_NONE && (cosigned >> i & 1u) != 0)
            have[p->witness[i].group]++;
    /* A group is defined after its members: one pass from the first to the last will do. */
    for (size_t i = 0; i < p->groups; i++)
        if (p->group[i].group != WRIT_POLICY_NONE && have[i] >= p->need[i])
            have[p->group[i].group]++;
    return have[p->quorum_group] >= p->need[p->quorum_group];
}
