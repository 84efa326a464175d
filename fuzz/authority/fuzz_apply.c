/*
 * Any bytes as the records behind a valid beginning, one a line: they apply or they are refused,
 * and what applied gives the same state when it is folded again.
 */
#include <stdlib.h>

#include "authority/authority.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define KEY            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
#define AGENT          "ed25519:O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik"
#define Q              "\\\""
#define F(name, value) Q name Q ":" Q value Q
#define HEAD           F("cell", "c") ","
#define RECORD(type, text)                                                     \
    "{\"type\":\"" type "\",\"v\":1,\"time\":1,\"by\":\"a\",\"text\":\"{" text \
    "}\",\"signature\":\"s\"}"
#define ISSUED F("issued", "2026-11-23T20:00:00Z")

static const char *const PREFIX[] = {
    RECORD("authority.created",
           HEAD F("human", "a") "," F("id", "t0") "," ISSUED "," F("key", KEY) "," F(
               "ledger_key", "c+1+AQ") "," Q "roles" Q ":[" Q "operator" Q "," Q "approver" Q
                                       "]," F("type", "writ.authority") "," Q "v" Q ":1"),
    RECORD("agent.registered",
           F("agent", "b") "," HEAD F("environment", "e") "," F(
               "id", "t1") "," ISSUED
                           "," F("key", AGENT) "," F("owner", "a") "," F(
                               "purpose", "p") "," Q "third_party" Q
                                               ":false," F("type", "writ.agent") "," Q "v" Q ":1"),
    RECORD("target.added", HEAD F("environment", "e") "," F("id", "t2") "," ISSUED "," F(
                               "target", "f") "," Q "third_party" Q
                                              ":false," F("type", "writ.target") "," Q "v" Q ":1"),
    RECORD("grant.signed",
           Q "actions" Q ":[" Q "*" Q "]," HEAD
               F("expires", "2026-11-23T21:00:00Z") "," F("holder", "b") "," F("human", "a") "," F(
                   "id",
                   "g") "," ISSUED "," Q "limits" Q ":{" Q "concurrency" Q ":2}," Q "max_depth" Q
                        ":1," F("not_before",
                                "2026-11-23T20:00:00Z") "," Q "parent" Q
                                                        ":null," F("proof", "none") "," F(
                                                            "purpose",
                                                            "p") "," Q "resources" Q ":[" Q "*" Q
                                                                 "]," F("type", "writ.grant") "," Q
                                                                                              "v" Q
                                                                                              ":1"),
};

static struct writ_authority *begin(uint64_t *index)
{
    struct writ_authority *a = NULL;
    struct writ_err err;

    if (writ_authority_new(&a, &err) != WRIT_OK)
        abort();
    for (*index = 0; *index < sizeof(PREFIX) / sizeof(PREFIX[0]); ++*index)
        if (writ_authority_apply(a, *index, writ_cstr(PREFIX[*index]), &err) != WRIT_OK)
            abort(); /* the beginning must be right, or nothing is tried */
    return a;
}

static void see(const struct writ_authority *a, struct writ_buf *out)
{
    static const char *const VIEWS[] = { "status",  "humans", "agents",
                                         "targets", "grants", "approvals" };

    for (size_t i = 0; i < sizeof(VIEWS) / sizeof(VIEWS[0]); i++)
        if (writ_authority_view(a, writ_cstr(VIEWS[i]), WRIT_LIT(""), true, 5, out, NULL) !=
            WRIT_OK)
            abort();
}

/* Applies the lines up to the first that is refused; their number is returned. */
static size_t apply_lines(struct writ_authority *a, uint64_t index, struct writ_slice rest,
                          size_t most)
{
    size_t done = 0;

    while (rest.len != 0 && done < most) {
        size_t n = 0;
        while (n < rest.len && rest.ptr[n] != '\n')
            n++;
        if (writ_authority_apply(a, index + done, writ_slice(rest.ptr, n), NULL) != WRIT_OK)
            break;
        done++;
        rest = writ_slice_from(rest, n + 1);
    }
    return done;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    WRIT_AUTO_BUF one, two;
    uint64_t index;

    writ_buf_init(&one, 1u << 22);
    writ_buf_init(&two, 1u << 22);
    struct writ_authority *a = begin(&index);
    size_t done = apply_lines(a, index, writ_slice(data, size), SIZE_MAX);
    writ_authority_free(a); /* after a refusal it may be anything but leaked */
    if (done == 0)
        return 0;
    a = begin(&index);
    struct writ_authority *b = begin(&index);
    if (apply_lines(a, index, writ_slice(data, size), done) != done ||
        apply_lines(b, index, writ_slice(data, size), done) != done)
        abort();
    see(a, &one);
    see(b, &two);
    if (!writ_slice_eq(writ_buf_slice(&one), writ_buf_slice(&two)))
        abort();
    writ_authority_free(a);
    writ_authority_free(b);
    return 0;
}
