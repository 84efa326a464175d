#include "replay/package.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/text.h"
#include "ledger/log.h"
#include "ledger/note.h"
#include "record/record.h"

#include "base/banned.h"

/*
 * Two passes over the ledger: the first finds what the transaction stands on, the second takes
 * those records in their order.
 */
struct collector {
    const char *ledger;
    struct writ_slice txn;
    struct writ_arena names; /* keeps what `wanted` points to */
    json_t *wanted;          /* "agent NAME", "index N", "approval ID" … as keys */
    json_t *records;
    uint64_t size; /* of the published tree */
    uint64_t actions;
    struct writ_err *err;
};

static enum writ_status want(struct collector *c, const char *kind, struct writ_slice name)
{
    char key[256];
    int n = snprintf(key, sizeof(key), "%s %.*s", kind, WRIT_FMT(name));

    if (n < 0 || (size_t)n >= sizeof(key))
        return writ_fail(c->err, WRIT_LIMIT, "a name is too long for a package");
    return json_object_set_new(c->wanted, key, json_true()) == 0 ? WRIT_OK
                                                                 : writ_fail_nomem(c->err);
}

static enum writ_status want_index(struct collector *c, uint64_t index)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)index);
    return want(c, "index", writ_cstr(text));
}

static bool wanted(const struct collector *c, const char *kind, struct writ_slice name)
{
    char key[256];
    int n = snprintf(key, sizeof(key), "%s %.*s", kind, WRIT_FMT(name));

    return n > 0 && (size_t)n < sizeof(key) && json_object_get(c->wanted, key) != NULL;
}

static bool wanted_index(const struct collector *c, uint64_t index)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)index);
    return wanted(c, "index", writ_cstr(text));
}

static struct writ_slice target_of(struct writ_slice action)
{
    size_t n = 0;

    while (n < action.len && action.ptr[n] != '/')
        n++;
    return writ_slice(action.ptr, n);
}

/* First pass: an action of the transaction, and everything its record names. */
static enum writ_status look_decided(struct collector *c, uint64_t index,
                                     const struct writ_rec_decided *r)
{
    uint64_t session;

    if (!writ_slice_eq(r->txn, c->txn))
        return WRIT_OK;
    c->actions++;
    WRIT_TRY(want_index(c, index));
    WRIT_TRY(want(c, "agent", r->agent));
    WRIT_TRY(want(c, "target", target_of(r->action)));
    for (size_t i = 0; i < r->chain.len; i++)
        WRIT_TRY(want_index(c, r->chain.at[i]));
    if (r->approval.len != 0)
        WRIT_TRY(want(c, "approval", r->approval));
    if (r->credential.id.len != 0 && writ_u64_parse(r->credential.id, &session) == WRIT_OK)
        WRIT_TRY(want_index(c, session));
    return WRIT_OK;
}

/* The agents along a chain, and the ids of its grants, stand in the grant texts. */
static enum writ_status look_grant(struct collector *c, const struct writ_rec_signed_text *r)
{
    WRIT_AUTO_JSON *text = NULL;

    WRIT_TRY(writ_json_parse_object(r->text, 65536, &text, c->err));
    WRIT_TRY(want(c, "grant", writ_json_text(json_object_get(text, "id"))));
    return want(c, "agent", writ_json_text(json_object_get(text, "holder")));
}

static enum writ_status look(struct collector *c, uint64_t index, const struct writ_record *rec)
{
    (void)index;
    if (rec->type == WRIT_RECORD_ACTION_DECIDED)
        return look_decided(c, index, &rec->as.decided);
    if (rec->type == WRIT_RECORD_ACTION_COMPLETED && wanted_index(c, rec->as.completed.decided))
        return want_index(c, index);
    if (rec->type == WRIT_RECORD_APPROVAL_REQUESTED && writ_slice_eq(rec->as.held.txn, c->txn))
        return want(c, "approval", rec->as.held.id);
    return WRIT_OK;
}

static bool text_names(const struct writ_rec_signed_text *r, const struct collector *c,
                       const char *field, const char *kind)
{
    WRIT_AUTO_JSON *text = NULL;

    if (writ_json_parse_object(r->text, 65536, &text, NULL) != WRIT_OK)
        return false;
    return wanted(c, kind, writ_json_text(json_object_get(text, field)));
}

/* Second pass: whether the record belongs into the package. */
static bool belongs(const struct collector *c, uint64_t index, const struct writ_record *rec)
{
    switch (rec->type) {
    case WRIT_RECORD_AUTHORITY_CREATED:
    case WRIT_RECORD_HUMAN_ADDED: /* whoever may have signed something else in it */
    case WRIT_RECORD_HUMAN_SUSPENDED:
    case WRIT_RECORD_HUMAN_REMOVED:
        return true;
    case WRIT_RECORD_AGENT_REGISTERED:
        return text_names(&rec->as.signed_text, c, "agent", "agent");
    case WRIT_RECORD_TARGET_ADDED:
        return text_names(&rec->as.signed_text, c, "target", "target");
    case WRIT_RECORD_APPROVAL_GIVEN:
        return text_names(&rec->as.signed_text, c, "approval", "approval");
    case WRIT_RECORD_AGENT_SUSPENDED:
    case WRIT_RECORD_AGENT_RETIRED:
        return wanted(c, "agent", rec->as.narrowed.subject);
    case WRIT_RECORD_GRANT_REVOKED:
        return wanted(c, "grant", rec->as.narrowed.subject);
    case WRIT_RECORD_APPROVAL_REFUSED:
    case WRIT_RECORD_APPROVAL_OPENED:
    case WRIT_RECORD_APPROVAL_EXPIRED:
        return wanted(c, "approval", rec->as.narrowed.subject);
    case WRIT_RECORD_APPROVAL_REQUESTED:
        return wanted(c, "approval", rec->as.held.id);
    case WRIT_RECORD_GRANT_SIGNED:
    case WRIT_RECORD_GRANT_DERIVED:
    case WRIT_RECORD_ACTION_DECIDED:
    case WRIT_RECORD_ACTION_COMPLETED:
    case WRIT_RECORD_SESSION_OPENED:
        return wanted_index(c, index);
    case WRIT_RECORD_NONE:
    case WRIT_RECORD_TOOL_ACCEPTED:
    case WRIT_RECORD_STOP_LIFTED:
    case WRIT_RECORD_STOP_SET:
    case WRIT_RECORD_TOOL_PINNED:
    case WRIT_RECORD_TOOL_CHANGED:
    case WRIT_RECORD_SESSION_CLOSED:
    case WRIT_RECORD_CLOCK_STEPPED:
    case WRIT_RECORD_PAYLOAD_READ:
    case WRIT_RECORD_CALLERS_REFUSED:
        break;
    }
    return false;
}

static enum writ_status take(struct collector *c, uint64_t index, struct writ_slice bytes)
{
    WRIT_AUTO_BUF text;
    struct writ_proof proof;
    json_t *hashes = json_array();
    json_t *item = json_pack("{s:I,s:s%,s:o}", "index", (json_int_t)index, "record",
                             (const char *)bytes.ptr, bytes.len, "proof", hashes);

    writ_buf_init(&text, 256);
    if (item == NULL || json_array_append_new(c->records, item) != 0)
        return writ_fail_nomem(c->err);
    if (json_array_size(c->records) > WRIT_PACKAGE_RECORDS)
        return writ_fail(c->err, WRIT_LIMIT, "the transaction needs more than %d records",
                         WRIT_PACKAGE_RECORDS);
    WRIT_TRY(writ_log_prove_inclusion(c->ledger, index, c->size, &proof, c->err));
    for (size_t i = 0; i < proof.len; i++) {
        writ_buf_clear(&text);
        WRIT_TRY(writ_base64_encode(&text, writ_slice(proof.hash[i].b, WRIT_HASH_LEN)));
        if (json_array_append_new(hashes, json_stringn((char *)text.ptr, text.len)) != 0)
            return writ_fail_nomem(c->err);
    }
    return WRIT_OK;
}

/* `second` chooses the pass; between them the grants of the chains are looked into. */
static enum writ_status pass(struct collector *c, int which)
{
    struct writ_log_reader *reader = NULL;
    WRIT_AUTO_ARENA arena;
    struct writ_slice entry;
    uint64_t index;
    enum writ_status st = writ_log_reader_open(c->ledger, &reader, c->err);

    writ_arena_init(&arena, 1u << 20);
    while (st == WRIT_OK) {
        struct writ_record rec;
        st = writ_log_reader_next(reader, &entry, &index, c->err);
        if (st == WRIT_NOT_FOUND || (st == WRIT_OK && index >= c->size)) {
            st = WRIT_OK;
            break;
        }
        writ_arena_reset(&arena, 1u << 20);
        if (st == WRIT_OK)
            st = writ_record_decode(entry, &arena, &rec, c->err);
        if (st != WRIT_OK)
            break;
        bool grant = rec.type == WRIT_RECORD_GRANT_SIGNED || rec.type == WRIT_RECORD_GRANT_DERIVED;
        if (which == 0)
            st = look(c, index, &rec);
        else if (which == 1)
            st = grant && wanted_index(c, index) ? look_grant(c, &rec.as.signed_text) : WRIT_OK;
        else if (belongs(c, index, &rec))
            st = take(c, index, entry);
    }
    writ_log_reader_close(reader);
    return st;
}

static enum writ_status read_checkpoint(struct collector *c, struct writ_buf *note,
                                        struct writ_slice *vkey, json_t **created)
{
    struct writ_log_reader *reader = NULL;
    struct writ_note_key key;
    struct writ_checkpoint checkpoint;
    WRIT_AUTO_ARENA arena;
    struct writ_slice entry;
    struct writ_record rec;
    uint64_t index;

    writ_arena_init(&arena, 1u << 20);
    WRIT_TRY(writ_log_reader_open(c->ledger, &reader, c->err));
    enum writ_status st = writ_log_reader_next(reader, &entry, &index, c->err);
    if (st == WRIT_OK)
        st = writ_record_decode(entry, &arena, &rec, c->err);
    if (st == WRIT_OK)
        st = writ_json_parse_object(rec.as.signed_text.text, 65536, created, c->err);
    writ_log_reader_close(reader);
    WRIT_TRY(st);
    *vkey = writ_json_text(json_object_get(*created, "ledger_key"));
    WRIT_TRY(writ_note_key_parse(*vkey, &key, c->err));
    WRIT_TRY(writ_log_checkpoint(c->ledger, note, c->err));
    WRIT_TRY(writ_checkpoint_open(writ_buf_slice(note), &key, &checkpoint, c->err));
    c->size = checkpoint.size;
    return WRIT_OK;
}

static enum writ_status export_package(struct collector *c, struct writ_buf *out)
{
    WRIT_AUTO_BUF note;
    WRIT_AUTO_JSON *created = NULL;
    WRIT_AUTO_JSON *package = NULL;
    struct writ_slice vkey;

    writ_buf_init(&note, WRIT_NOTE_MAX);
    WRIT_TRY(read_checkpoint(c, &note, &vkey, &created));
    for (int which = 0; which < 3; which++) {
        WRIT_TRY(pass(c, which));
        if (which == 0 && c->actions == 0)
            return writ_fail(c->err, WRIT_NOT_FOUND,
                             "no action of transaction `%.*s` is covered by the published "
                             "checkpoint",
                             WRIT_FMT(c->txn));
    }
    package = json_pack("{s:s,s:i,s:O,s:s%,s:s%,s:s%,s:O}", "type", "writ.package", "v", 1, "cell",
                        json_object_get(created, "cell"), "txn", (const char *)c->txn.ptr,
                        c->txn.len, "ledger_key", (const char *)vkey.ptr, vkey.len, "checkpoint",
                        (const char *)note.ptr, note.len, "records", c->records);
    if (package == NULL)
        return writ_fail_nomem(c->err);
    return writ_json_canonical(package, out, c->err);
}

enum writ_status writ_package_export(const char *ledger, struct writ_slice txn,
                                     struct writ_buf *out, struct writ_err *err)
{
    struct collector c = { .ledger = ledger, .txn = txn, .err = err };

    c.wanted = json_object();
    c.records = json_array();
    enum writ_status st =
        c.wanted == NULL || c.records == NULL ? writ_fail_nomem(err) : export_package(&c, out);
    json_decref(c.wanted);
    json_decref(c.records);
    return st;
}
