#include "replay/package.h"

#include <stdio.h>
#include <stdlib.h>

#include "authority/authority.h"
#include "authority/grant.h"
#include "base/json.h"
#include "base/text.h"
#include "ledger/note.h"
#include "ledger/tree.h"

#include "base/banned.h"

/* A grant of the package by its ledger index. */
struct known_grant {
    uint64_t index;
    struct writ_grant *grant;
};

struct checker {
    struct writ_authority *a;
    struct writ_checkpoint checkpoint;
    struct writ_package_report *out;
    struct writ_arena arena;
    struct known_grant *grants;
    size_t grants_len;
    uint64_t index; /* of the record being checked */
    struct writ_err *err;
};

static enum writ_status fail_at(struct checker *c, enum writ_status st, const char *what)
{
    return writ_fail(c->err, st, "record %llu: %s", (unsigned long long)c->index, what);
}

/* The same, with the reason that a deeper check gave. */
static enum writ_status fail_because(struct checker *c, enum writ_status st,
                                     const struct writ_err *why)
{
    return fail_at(c, st, why->text[0] != '\0' ? why->text : writ_status_text(st));
}

static void keep_text(char *out, size_t size, struct writ_slice s)
{
    (void)snprintf(out, size, "%.*s", WRIT_FMT(s));
}

/* --- inclusion --- */

static enum writ_status check_inclusion(struct checker *c, const json_t *item,
                                        struct writ_slice record)
{
    const json_t *list = json_object_get(item, "proof");
    struct writ_proof proof = { 0 };
    WRIT_AUTO_BUF raw;

    writ_buf_init(&raw, 256);
    if (!json_is_array(list) || json_array_size(list) > WRIT_PROOF_MAX)
        return fail_at(c, WRIT_FORMAT, "its proof is not a list of hashes");
    for (size_t i = 0; i < json_array_size(list); i++) {
        writ_buf_clear(&raw);
        if (writ_base64_decode(&raw, writ_json_text(json_array_get(list, i))) != WRIT_OK ||
            raw.len != WRIT_HASH_LEN)
            return fail_at(c, WRIT_FORMAT, "its proof holds something else than hashes");
        memcpy(proof.hash[proof.len++].b, raw.ptr, WRIT_HASH_LEN);
    }
    struct writ_hash leaf = writ_tree_leaf(record);
    if (writ_tree_check_inclusion(c->index, c->checkpoint.size, &leaf, &proof,
                                  &c->checkpoint.root) != WRIT_OK)
        return fail_at(c, WRIT_CORRUPT, "it is not in the log at this index, as its proof claims");
    c->out->proofs++;
    return WRIT_OK;
}

/* --- signed texts --- */

static enum writ_status keep_grant(struct checker *c, struct writ_slice text)
{
    struct known_grant *grown =
        reallocarray(c->grants, c->grants_len + 1, sizeof(struct known_grant));
    struct writ_err why = { 0 };

    if (grown == NULL)
        return writ_fail_nomem(c->err);
    c->grants = grown;
    grown[c->grants_len] = (struct known_grant){ c->index, NULL };
    enum writ_status st = writ_grant_parse(text, &grown[c->grants_len].grant, &why);
    if (st != WRIT_OK)
        return fail_because(c, st, &why);
    c->grants_len++;
    return WRIT_OK;
}

static enum writ_status check_signed(struct checker *c, const struct writ_record *rec)
{
    struct writ_change_request r = { .text = rec->as.signed_text.text,
                                     .signature = rec->as.signed_text.signature };
    struct writ_record again;
    struct writ_err why = { 0 };

    enum writ_status st = writ_authority_find_signer(c->a, &r, &why);
    if (st != WRIT_OK)
        return fail_because(c, st, &why);
    writ_change_verify(&r);
    st = writ_authority_change(c->a, &r, rec->time, &c->arena, &again, &why);
    if (st != WRIT_OK)
        return fail_because(c, st, &why);
    if (again.type != rec->type || !writ_slice_eq(r.by, rec->as.signed_text.by))
        return fail_at(c, WRIT_CORRUPT, "its type or signer is not what the signature shows");
    if (r.by_agent)
        c->out->signatures_agent++;
    else
        c->out->signatures_human++;
    if (rec->type == WRIT_RECORD_AUTHORITY_CREATED) {
        keep_text(c->out->operator_name, sizeof(c->out->operator_name), r.by);
        keep_text(c->out->operator_key, sizeof(c->out->operator_key), writ_cstr(r.ssh.fingerprint));
    }
    bool grant = rec->type == WRIT_RECORD_GRANT_SIGNED || rec->type == WRIT_RECORD_GRANT_DERIVED;
    return grant ? keep_grant(c, rec->as.signed_text.text) : WRIT_OK;
}

/* --- sessions and actions --- */

static enum writ_status decode_base64(struct checker *c, struct writ_slice text,
                                      struct writ_slice *out)
{
    WRIT_AUTO_BUF raw;

    writ_buf_init(&raw, 256);
    if (writ_base64url_decode(&raw, text) != WRIT_OK)
        return fail_at(c, WRIT_FORMAT, "a signature cannot be read");
    return writ_arena_copy(&c->arena, writ_buf_slice(&raw), out) ? WRIT_OK
                                                                 : writ_fail_nomem(c->err);
}

static enum writ_status check_session(struct checker *c, const struct writ_rec_session *s)
{
    struct writ_session_request r = { .agent = s->agent,
                                      .instance = s->instance,
                                      .gateway = s->gateway,
                                      .transport = s->transport,
                                      .client = s->client,
                                      .issued = s->issued };
    uint8_t challenge[32];

    if (writ_hex_decode(s->challenge, challenge, sizeof(challenge)) != WRIT_OK)
        return fail_at(c, WRIT_FORMAT, "the challenge cannot be read");
    r.challenge = writ_slice(challenge, sizeof(challenge));
    WRIT_TRY(decode_base64(c, s->signature, &r.signature));
    writ_session_verify(&r, writ_authority_cell(c->a), writ_authority_agent_key(c->a, s->agent));
    if (r.verified != WRIT_CHECK_GOOD)
        return fail_at(c, WRIT_SIGNATURE, "the session is not signed by the agent's key");
    c->out->signatures_session++;
    return WRIT_OK;
}

static enum writ_status check_proof(struct checker *c, const struct writ_rec_decided *d)
{
    struct writ_action_request r = {
        .agent = d->agent,
        .instance = d->instance,
        .txn = d->txn,
        .grant = d->selected ? (struct writ_slice){ NULL, 0 } : d->grant,
        .action = d->action,
        .tool = d->tool,
        .issued = d->credential.issued,
    };
    uint8_t nonce[WRIT_NONCE_LEN];

    if (!writ_slice_is(d->proof.kind, "key")) {
        c->out->unsigned_actions++;
        return WRIT_OK;
    }
    if (writ_hex_decode(d->arguments, r.digest.b, sizeof(r.digest.b)) != WRIT_OK ||
        writ_hex_decode(d->proof.id, nonce, sizeof(nonce)) != WRIT_OK)
        return fail_at(c, WRIT_FORMAT, "the proof cannot be read");
    r.nonce = writ_slice(nonce, sizeof(nonce));
    WRIT_TRY(decode_base64(c, d->proof.signature, &r.signature));
    writ_action_verify(&r, writ_authority_cell(c->a), writ_authority_agent_key(c->a, d->agent));
    if (r.verified != WRIT_CHECK_GOOD)
        return fail_at(c, WRIT_SIGNATURE, "the action is not signed by the agent's key");
    c->out->signatures_action++;
    return WRIT_OK;
}

static const struct writ_grant *grant_at(const struct checker *c, uint64_t index)
{
    for (size_t i = 0; i < c->grants_len; i++)
        if (c->grants[i].index == index)
            return c->grants[i].grant;
    return NULL;
}

/* Root to leaf: each link is here, follows from the one before, and covers the action. */
static enum writ_status check_chain(struct checker *c, const struct writ_record *rec)
{
    const struct writ_rec_decided *d = &rec->as.decided;
    const struct writ_grant *above = NULL;

    if (d->chain.len == 0)
        return fail_at(c, WRIT_REFUSED, "it was allowed without a grant");
    for (size_t i = 0; i < d->chain.len; i++) {
        const struct writ_grant *g = grant_at(c, d->chain.at[i]);
        struct writ_err why = { 0 };
        if (g == NULL)
            return fail_at(c, WRIT_CORRUPT, "a grant of its chain is not in the package");
        struct writ_slice parent = above == NULL ? writ_slice(NULL, 0) : writ_grant_id(above);
        if (!writ_slice_eq(writ_grant_parent(g), parent))
            return fail_at(c, WRIT_REFUSED, "its chain of grants is broken");
        enum writ_status st = writ_grant_covers(g, d->action, d->resources.at, d->resources.len,
                                                NULL, rec->time, &why);
        if (st != WRIT_OK)
            return fail_because(c, st, &why);
        above = g;
    }
    if (!writ_slice_eq(writ_grant_holder(above), d->agent) ||
        !writ_slice_eq(writ_grant_human(above), d->human))
        return fail_at(c, WRIT_REFUSED, "its agent or human is not that of the grant");
    return WRIT_OK;
}

static enum writ_status check_decided(struct checker *c, const struct writ_record *rec)
{
    const struct writ_rec_decided *d = &rec->as.decided;

    if (!writ_slice_is(d->txn, c->out->txn))
        return fail_at(c, WRIT_CORRUPT, "it belongs to another transaction");
    c->out->actions++;
    WRIT_TRY(check_proof(c, d));
    if (writ_slice_is(d->verdict, "deny"))
        c->out->denied++;
    else if (writ_slice_is(d->verdict, "hold"))
        c->out->held++;
    if (!writ_slice_is(d->verdict, "allow"))
        return WRIT_OK;
    c->out->allowed++;
    return check_chain(c, rec);
}

/* --- the package --- */

static enum writ_status check_record(struct checker *c, struct writ_slice bytes)
{
    struct writ_record rec;
    struct writ_err why = { 0 };

    enum writ_status st = writ_record_decode(bytes, &c->arena, &rec, &why);
    if (st == WRIT_OK)
        st = writ_authority_skip(c->a, c->index, &why);
    if (st != WRIT_OK)
        return fail_because(c, st, &why);
    if (rec.type == WRIT_RECORD_ACTION_DECIDED)
        WRIT_TRY(check_decided(c, &rec));
    else if (rec.type == WRIT_RECORD_SESSION_OPENED)
        WRIT_TRY(check_session(c, &rec.as.session));
    else if (rec.type >= WRIT_RECORD_AUTHORITY_CREATED && rec.type <= WRIT_RECORD_STOP_LIFTED)
        WRIT_TRY(check_signed(c, &rec));
    st = writ_authority_apply(c->a, c->index, bytes, &why);
    return st == WRIT_OK ? WRIT_OK : fail_because(c, st, &why);
}

static enum writ_status check_items(struct checker *c, const json_t *records)
{
    static const char *const FIELDS[] = { "index", "record", "proof", NULL };

    if (!json_is_array(records) || json_array_size(records) > WRIT_PACKAGE_RECORDS)
        return writ_fail(c->err, WRIT_FORMAT, "package: records is a list of up to %d",
                         WRIT_PACKAGE_RECORDS);
    for (size_t i = 0; i < json_array_size(records); i++) {
        const json_t *item = json_array_get(records, i);
        struct writ_slice bytes;
        writ_arena_reset(&c->arena, 1u << 20);
        if (!json_is_object(item))
            return writ_fail(c->err, WRIT_FORMAT, "package: records holds objects");
        WRIT_TRY(writ_json_only(item, "package: record", FIELDS, c->err));
        WRIT_TRY(writ_json_u64(item, "package: record", "index", 0, INT64_MAX, &c->index, c->err));
        WRIT_TRY(writ_json_str(item, "package: record", "record", &bytes, c->err));
        WRIT_TRY(check_inclusion(c, item, bytes));
        WRIT_TRY(check_record(c, bytes));
        c->out->records++;
    }
    if (c->out->actions == 0)
        return writ_fail(c->err, WRIT_NOT_FOUND, "package: no action of transaction %s in it",
                         c->out->txn);
    c->out->in_doubt = writ_authority_in_flight(c->a);
    return WRIT_OK;
}

/* The log's key: the one the caller trusts, else the package's own; record 0 must name it. */
static enum writ_status check_head(struct checker *c, const json_t *root, struct writ_slice trusted)
{
    struct writ_slice type, cell, txn, vkey, note;
    struct writ_note_key key;
    uint64_t v;

    WRIT_TRY(writ_json_str(root, "package", "type", &type, c->err));
    WRIT_TRY(writ_json_u64(root, "package", "v", 1, 1, &v, c->err));
    WRIT_TRY(writ_json_str(root, "package", "cell", &cell, c->err));
    WRIT_TRY(writ_json_str(root, "package", "txn", &txn, c->err));
    WRIT_TRY(writ_json_str(root, "package", "ledger_key", &vkey, c->err));
    WRIT_TRY(writ_json_str(root, "package", "checkpoint", &note, c->err));
    if (!writ_slice_is(type, "writ.package") || cell.len >= sizeof(c->out->cell) ||
        txn.len >= sizeof(c->out->txn) || vkey.len >= sizeof(c->out->ledger_key))
        return writ_fail(c->err, WRIT_FORMAT, "this is not a package of Writ");
    if (trusted.len != 0 && !writ_slice_eq(trusted, vkey))
        return writ_fail(c->err, WRIT_SIGNATURE,
                         "the package is signed by the log `%.*s`, not by the one you trust",
                         WRIT_FMT(vkey));
    WRIT_TRY(writ_note_key_parse(vkey, &key, c->err));
    WRIT_TRY(writ_checkpoint_open(note, &key, &c->checkpoint, c->err));
    if (!writ_slice_eq(c->checkpoint.origin, cell))
        return writ_fail(c->err, WRIT_CORRUPT, "the checkpoint is of another cell");
    keep_text(c->out->cell, sizeof(c->out->cell), cell);
    keep_text(c->out->txn, sizeof(c->out->txn), txn);
    keep_text(c->out->ledger_key, sizeof(c->out->ledger_key), vkey);
    c->out->tree_size = c->checkpoint.size;
    c->out->key_trusted = trusted.len != 0;
    return WRIT_OK;
}

static enum writ_status verify(struct checker *c, const json_t *root, struct writ_slice trusted)
{
    static const char *const FIELDS[] = { "type",       "v",          "cell",    "txn",
                                          "ledger_key", "checkpoint", "records", NULL };

    WRIT_TRY(writ_json_only(root, "package", FIELDS, c->err));
    WRIT_TRY(check_head(c, root, trusted));
    WRIT_TRY(check_items(c, json_object_get(root, "records")));
    if (!writ_slice_eq(writ_authority_ledger_key(c->a), writ_cstr(c->out->ledger_key)) ||
        !writ_slice_eq(writ_authority_cell(c->a), writ_cstr(c->out->cell)))
        return writ_fail(c->err, WRIT_CORRUPT,
                         "record 0 names another ledger key than the one that signed");
    return WRIT_OK;
}

enum writ_status writ_package_verify(struct writ_slice package, struct writ_slice trusted,
                                     struct writ_package_report *out, struct writ_err *err)
{
    WRIT_AUTO_JSON *root = NULL;
    struct writ_package_report report = { 0 };
    struct checker c = { .out = &report, .err = err };

    WRIT_TRY(writ_json_parse_object(package, WRIT_PACKAGE_MAX, &root, err));
    WRIT_TRY(writ_authority_new(&c.a, err));
    writ_arena_init(&c.arena, 1u << 20);
    enum writ_status st = verify(&c, root, trusted);
    for (size_t i = 0; i < c.grants_len; i++)
        writ_grant_free(c.grants[i].grant);
    free(c.grants);
    writ_arena_release(&c.arena);
    writ_authority_free(c.a);
    if (st == WRIT_OK)
        *out = report;
    return st;
}
