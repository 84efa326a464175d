/*
 * quorum: holds the checkpoint of a ledger or package against a policy of logs and witnesses.
 *
 * Source:    c2sp.org/tlog-policy; docs/FORMATS.md section 9.
 * Units:     times are POSIX seconds.
 * Limits:    those of ledger/policy.h.
 * Errors:    WRIT_SIGNATURE when no log of the policy signed, when a cosignature is wrong, and as
 *            the verdict when the quorum is not met; WRIT_CORRUPT for a ledger that does not go on
 *            from the checkpoint; WRIT_FORMAT for a bad policy.
 * Ownership: writ_quorum_close gives everything back; NULL stands for no policy: it adds nothing,
 *            prints nothing, and its verdict is good.
 * Threads:   one.
 */
#ifndef WRIT_CLI_QUORUM_H
#define WRIT_CLI_QUORUM_H

#include "command.h"
#include "ledger/policy.h"

struct writ_quorum {
    struct writ_policy policy;
    struct writ_buf text, note; /* what policy and checkpoint borrow from */
    struct writ_checkpoint checkpoint;
    size_t log;                            /* of the policy's logs the one that signed */
    uint64_t times[WRIT_POLICY_WITNESSES]; /* 0: this witness did not cosign */
    bool met;
};

/*
 * Reads --policy, and --checkpoint or else the checkpoint of `path`: a ledger directory or, when
 * `file`, a package. `vkey` is the log key that the caller demands, or empty: then it receives that
 * of the log. *out stays NULL without --policy.
 */
WRIT_MUST_CHECK enum writ_status writ_quorum_open(struct writ_cli *cli, const char *path, bool file,
                                                  struct writ_buf *vkey, struct writ_quorum **out,
                                                  struct writ_err *err);
void writ_quorum_close(struct writ_quorum *q);
static inline void writ_quorum_drop(struct writ_quorum **q)
{
    writ_quorum_close(*q);
}
#define WRIT_AUTO_QUORUM __attribute__((cleanup(writ_quorum_drop))) struct writ_quorum

/* The tree of this size and root in `dir` is that of the judged checkpoint, or goes on from it. */
WRIT_MUST_CHECK enum writ_status writ_quorum_covers(const struct writ_quorum *q, const char *dir,
                                                    uint64_t size, const struct writ_hash *root,
                                                    struct writ_err *err);
/* "policy" in a report. */
void writ_quorum_json(const struct writ_quorum *q, json_t *report);
void writ_quorum_print(const struct writ_quorum *q, struct writ_out *out);
WRIT_MUST_CHECK enum writ_status writ_quorum_verdict(const struct writ_quorum *q,
                                                     struct writ_err *err);

#endif
