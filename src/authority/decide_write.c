#include "decide_parts.h"

#include <stdio.h>

#include "base/text.h"

#include "base/banned.h"

/* What a refused caller is told of its grant; longer lists are cut. */
#define ALLOWED_MAX 1024

struct writ_slice decision_hex(struct writ_arena *arena, struct writ_slice bytes)
{
    char *text = writ_arena_alloc(arena, bytes.len * 2 + 1);

    if (text == NULL || bytes.len == 0)
        return (struct writ_slice){ NULL, 0 };
    writ_hex(text, bytes.ptr, bytes.len);
    return writ_slice(text, bytes.len * 2);
}

static struct writ_slice base64_of(struct writ_arena *arena, struct writ_slice bytes)
{
    WRIT_AUTO_BUF text;
    struct writ_slice kept = { NULL, 0 };

    writ_buf_init(&text, 256);
    if (writ_base64url_encode(&text, bytes) == WRIT_OK)
        (void)writ_arena_copy(arena, writ_buf_slice(&text), &kept);
    return kept;
}

void writ_approval_digest(struct writ_slice grant, struct writ_slice action,
                          const struct writ_texts *resources, struct writ_slice arguments,
                          char out[65])
{
    const struct writ_slice parts[] = { WRIT_LIT("writ.approval/v1"), grant, action, arguments };
    struct writ_sha256 sha;

    /* None of these can hold a line feed, so the lines are unambiguous. */
    writ_sha256_init(&sha);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        writ_sha256_add(&sha, parts[i]);
        writ_sha256_add(&sha, WRIT_LIT("\n"));
    }
    for (size_t i = 0; i < resources->len; i++) {
        writ_sha256_add(&sha, resources->at[i]);
        writ_sha256_add(&sha, WRIT_LIT("\n"));
    }
    struct writ_hash h = writ_sha256_done(&sha);
    writ_hex(out, h.b, sizeof(h.b));
}

static void add_patterns(struct writ_buf *text, const char *label, const struct patterns *l)
{
    enum writ_status st = writ_buf_add_cstr(text, label);

    for (size_t i = 0; i < l->len && st == WRIT_OK; i++)
        st = writ_buf_addf(text, "%s%.*s%s", i == 0 ? " " : ", ", WRIT_FMT(l->at[i].text),
                           l->at[i].prefix ? "*" : "");
    (void)st; /* what does not fit is left out: it is help, not evidence */
}

/* The narrowest grant of the chain, in words. */
static struct writ_slice allowed_words(const struct question *q, const struct chain *c)
{
    WRIT_AUTO_BUF text;
    struct writ_slice kept = { NULL, 0 };

    writ_buf_init(&text, ALLOWED_MAX);
    if (c->len == 0)
        return kept;
    const struct writ_grant *g = &c->links[c->len - 1]->g;
    add_patterns(&text, "actions", &g->actions);
    add_patterns(&text, "; resources", &g->resources);
    struct writ_slice whole = writ_buf_slice(&text);
    whole.len = writ_utf8_check(whole);
    (void)writ_arena_copy(q->arena, whole, &kept);
    return kept;
}

static enum writ_status write_chain(const struct question *q, const struct chain *c, bool allow,
                                    struct writ_rec_decided *r)
{
    uint64_t *numbers = writ_arena_array(q->arena, c->len * 3, sizeof(*numbers));

    if (c->len == 0)
        return WRIT_OK;
    if (numbers == NULL)
        return WRIT_NOMEM;
    for (size_t i = 0; i < c->len; i++) {
        const struct usage *u = c->links[i]->usage;
        numbers[i] = c->links[i]->index;
        numbers[c->len + i] = (u == NULL ? 0 : u->calls) + (allow ? 1 : 0);
        /* Counted where it is limited, which is to say in one unit: it cannot overflow there. */
        bool counts = allow && c->links[i]->g.spend != NULL;
        numbers[2 * c->len + i] = (u == NULL ? 0 : u->spend) + (counts ? q->spend : 0);
    }
    r->chain = (struct writ_numbers){ c->len, numbers };
    r->limits.calls = (struct writ_numbers){ c->len, numbers + c->len };
    r->limits.spend = (struct writ_numbers){ c->len, numbers + 2 * c->len };
    r->human = c->links[0]->human->text.human;
    r->grant = c->links[c->len - 1]->g.id;
    return WRIT_OK;
}

static enum writ_status write_credential(const struct question *q, struct writ_rec_decided *r)
{
    const struct writ_action_request *req = q->r;
    bool is_signed = req->signature.len != 0;

    r->credential.kind = is_signed ? WRIT_LIT("key") : WRIT_LIT("session");
    r->credential.issued = is_signed ? req->issued : 0;
    r->credential.expires = is_signed ? req->issued + PROOF_AGE_US : 0;
    if (q->agent != NULL)
        r->credential.key = writ_cstr(q->agent->thumbprint);
    r->proof.kind = WRIT_LIT("none");
    if (is_signed) {
        r->proof.kind = req->verified == WRIT_CHECK_GOOD ? WRIT_LIT("key") : WRIT_LIT("invalid");
        r->proof.id = decision_hex(q->arena, req->nonce);
        r->proof.signature = base64_of(q->arena, req->signature);
        return r->proof.id.len != 0 && r->proof.signature.len != 0 ? WRIT_OK : WRIT_NOMEM;
    }
    if (req->session == UINT64_MAX)
        return WRIT_OK;
    char *id = writ_arena_alloc(q->arena, 24);
    if (id == NULL)
        return WRIT_NOMEM;
    (void)snprintf(id, 24, "%llu", (unsigned long long)req->session);
    r->credential.id = writ_cstr(id);
    struct index_key key = index_key(req->session);
    const struct session *s = map_get(&q->a->sessions, index_slice(&key));
    if (s != NULL)
        r->credential.expires = s->expires;
    return WRIT_OK;
}

/* The id is drawn from what is asked and from where it stands, so that replay finds the same. */
static enum writ_status write_request(const struct question *q, const struct finding *f,
                                      const struct chain *c, struct writ_decision *d)
{
    char *text = writ_arena_alloc(q->arena, 65 + 24);
    char index[32];
    struct writ_sha256 sha;

    if (text == NULL)
        return WRIT_NOMEM;
    const struct grant *leaf = c->links[c->len - 1];
    writ_approval_digest(leaf->g.id, q->r->action, &q->resources, q->arguments_hex, text);
    (void)snprintf(index, sizeof(index), "\n%llu", (unsigned long long)q->a->next_index);
    writ_sha256_init(&sha);
    writ_sha256_add(&sha, writ_cstr(text));
    writ_sha256_add(&sha, writ_cstr(index));
    struct writ_hash h = writ_sha256_done(&sha);
    char *id = text + 65;
    id[0] = 'a';
    id[1] = '-';
    writ_hex(id + 2, h.b, 8);
    d->asks_approval = true;
    d->request.type = WRIT_RECORD_APPROVAL_REQUESTED;
    d->request.time = q->now;
    d->request.as.held = (struct writ_rec_held){
        .id = writ_cstr(id),
        .grant = leaf->g.id,
        .txn = q->r->txn,
        .agent = q->r->agent,
        .human = c->links[0]->human->text.human,
        .action = q->r->action,
        .resources = q->resources,
        .arguments = q->arguments_hex,
        .digest = writ_cstr(text),
        .quorum = f->ask->quorum,
        .four_eyes = f->ask->four_eyes,
        .expires = q->now + f->ask->within_us,
    };
    d->record.as.decided.approval = d->request.as.held.id;
    return WRIT_OK;
}

enum writ_status decision_write(const struct question *q, const struct finding *f,
                                const struct chain *c, struct writ_decision *d,
                                struct writ_err *err)
{
    static const struct writ_slice VERDICTS[] = { WRIT_SLICE_INIT("deny"), WRIT_SLICE_INIT("allow"),
                                                  WRIT_SLICE_INIT("hold") };
    const struct writ_action_request *req = q->r;
    struct writ_rec_decided r = {
        .txn = req->txn,
        .agent = req->agent,
        .instance = req->instance,
        .selected = req->grant.len == 0,
        .grant = req->grant,
        .transport = req->transport,
        .gateway = req->gateway,
        .action = req->action,
        .resources = q->resources,
        .sensitive = q->target != NULL && patterns_match(&q->target->text.sensitive, req->action),
        .arguments = q->arguments_hex,
        .tool = req->tool,
        .verdict = VERDICTS[d->verdict],
        .reason = writ_cstr(f->reason),
        .detail = writ_cstr(f->detail),
        .approval = f->approval,
        .trace = req->trace,
    };

    if (q->arguments_hex.len == 0 || write_chain(q, c, d->verdict == WRIT_ALLOW, &r) != WRIT_OK ||
        write_credential(q, &r) != WRIT_OK)
        return writ_fail_nomem(err);
    d->record.type = WRIT_RECORD_ACTION_DECIDED;
    d->record.time = q->now;
    d->record.as.decided = r;
    if (f->ask != NULL && write_request(q, f, c, d) != WRIT_OK)
        return writ_fail_nomem(err);
    /* Of help only where another action would have been allowed. */
    if (d->verdict == WRIT_DENY && f->step >= STEP_SCOPE && f->step < STEP_LIMITS)
        d->allowed = allowed_words(q, c);
    return WRIT_OK;
}
