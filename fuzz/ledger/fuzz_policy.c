/* A policy that is read decides the same when it is written anew; more witnesses never unmake it. */
#include <stdlib.h>

#include "ledger/policy.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(enum writ_status st)
{
    if (st != WRIT_OK)
        abort();
}

static void write_key(const char *before, struct writ_slice name, const struct writ_note_key *k,
                      struct writ_slice url, struct writ_buf *out)
{
    must(writ_buf_addf(out, "%s", before));
    must(writ_buf_add(out, name));
    must(writ_buf_add_byte(out, ' '));
    must(writ_note_key_text(k, out));
    must(writ_buf_add_byte(out, ' '));
    must(writ_buf_add(out, url));
    must(writ_buf_add_byte(out, '\n'));
}

static void write_members(const struct writ_policy_member *m, size_t n, int group,
                          struct writ_buf *out)
{
    for (size_t i = 0; i < n; i++)
        if (m[i].group == group) {
            must(writ_buf_add_byte(out, ' '));
            must(writ_buf_add(out, m[i].name));
        }
}

static void write_policy(const struct writ_policy *p, struct writ_buf *out)
{
    for (size_t i = 0; i < p->logs; i++)
        write_key("log", (struct writ_slice){ NULL, 0 }, &p->log[i], p->log_url[i], out);
    for (size_t i = 0; i < p->witnesses; i++)
        write_key("witness ", p->witness[i].name, &p->witness_key[i], p->witness[i].url, out);
    for (size_t i = 0; i < p->groups; i++) {
        must(writ_buf_add_cstr(out, "group "));
        must(writ_buf_add(out, p->group[i].name));
        must(writ_buf_addf(out, " %u", p->need[i]));
        write_members(p->witness, p->witnesses, (int)i, out);
        write_members(p->group, p->groups, (int)i, out);
        must(writ_buf_add_byte(out, '\n'));
    }
    struct writ_slice quorum = WRIT_LIT("none");
    if (p->quorum_witness != WRIT_POLICY_NONE)
        quorum = p->witness[p->quorum_witness].name;
    if (p->quorum_group != WRIT_POLICY_NONE)
        quorum = p->group[p->quorum_group].name;
    must(writ_buf_add_cstr(out, "quorum "));
    must(writ_buf_add(out, quorum));
    must(writ_buf_add_byte(out, '\n'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct writ_policy p, again;
    WRIT_AUTO_BUF text;

    writ_buf_init(&text, 2 * WRIT_POLICY_MAX);
    if (writ_policy_parse(writ_slice(data, size), &p, NULL) != WRIT_OK)
        return 0;
    write_policy(&p, &text);
    if (text.len > WRIT_POLICY_MAX)
        return 0;
    must(writ_policy_parse(writ_buf_slice(&text), &again, NULL));
    if (p.logs != again.logs || p.witnesses != again.witnesses || p.groups != again.groups)
        abort();
    if (!writ_policy_met(&p, UINT64_MAX)) /* no group needs more than it has */
        abort();
    unsigned n = p.witnesses < 6 ? (unsigned)p.witnesses : 6;
    for (uint64_t set = 0; set < UINT64_C(1) << n; set++) {
        bool met = writ_policy_met(&p, set);
        if (met != writ_policy_met(&again, set))
            abort();
        for (unsigned i = 0; i < n && met; i++)
            if (!writ_policy_met(&p, set | UINT64_C(1) << i))
                abort();
    }
    return 0;
}
