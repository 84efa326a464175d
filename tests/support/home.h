/*
 * home: a whole authority for a test: keys, people, an agent, a target, grants, and the daemon.
 *
 * Source:    docs/FORMATS.md.
 * Units:     none.
 * Limits:    paths of at most 200 bytes, so that the socket's fits an address.
 * Errors:    prints what went wrong and aborts: a test that cannot be set up has failed.
 * Ownership: test_home_remove ends what was started and removes all that was made.
 * Threads:   one.
 *
 * Changes made here go through the same library functions as in writd, straight into the ledger,
 * so they must come before the daemon starts: test_home_seal is the line between.
 */
#ifndef WRIT_TESTS_SUPPORT_HOME_H
#define WRIT_TESTS_SUPPORT_HOME_H

#include <sys/types.h>

#include "authority/authority.h"
#include "base/json.h"
#include "ledger/log.h"
#include "wire/client.h"

#define TEST_CELL  "writ.example/test"
#define TEST_HUMAN "alice"

struct test_home {
    char dir[200];
    char socket[220];
    char ledger[220];
    char ssh_key[220]; /* private key of TEST_HUMAN, an operator and approver */
    struct writ_key *ledger_key;
    struct writ_authority *authority; /* until sealed */
    struct writ_log *log;             /* until sealed */
    unsigned next_id;
    uint64_t grants_end; /* one hour after the first grant: none outlives its parent */
    bool batching;
    struct writ_buf batch; /* while batching: records with their lengths */
    size_t batch_len;
    pid_t daemon; /* 0 when not running */
};

/* A home below $TMPDIR or /tmp with record 0; segment_bytes 0 for the usual. */
void test_home_make(struct test_home *h, size_t segment_bytes);
/* The same in a folder that is there already, e.g. a file system of its own. */
void test_home_make_in(struct test_home *h, const char *dir, size_t segment_bytes);
/* Registers an agent; its key is the caller's, and is also stored in agents/NAME.key. */
struct writ_key *test_home_agent(struct test_home *h, const char *name);
/* A target of environment "test" that pins tools as they are seen. */
void test_home_target(struct test_home *h, const char *name);
/*
 * A grant by TEST_HUMAN to `holder` for everything of `target`, until an hour after the first. `more` is a JSON
 * object whose members replace or are added to the text's, or NULL. Signed with the agent's key
 * `by` when it has a parent. `id` is the grant's.
 */
void test_home_grant(struct test_home *h, const char *id, const char *holder, const char *target,
                     const char *more, const struct writ_key *by);
/* From here on records gather and reach the ledger in large batches: for very many of them. */
void test_home_no_sync(struct test_home *h);
/* Closes authority and ledger: from here on only the daemon writes. */
void test_home_seal(struct test_home *h);

/* The text with the common members filled in, canonical; json is taken over. */
void test_text(struct test_home *h, const char *type, json_t *json, struct writ_buf *out);
/* What `ssh-keygen -Y sign` makes of it with TEST_HUMAN's key. */
void test_sign(struct test_home *h, const char *name_space, struct writ_slice text,
               struct writ_buf *out);

/*
 * Starts writd (a path) on the home and waits until it listens; its stderr goes to DIR/stderr.
 * `fsize` limits the size of files that it may write, 0 for none. False when it ended instead.
 */
bool test_home_start(struct test_home *h, const char *writd, size_t fsize);
/* Waits for its end after `signal` (0: sends none); its exit code, or 128 + signal. */
int test_home_stop(struct test_home *h, int signal);
/* What it wrote to stderr since the last start. */
void test_home_stderr(const struct test_home *h, char *out, size_t size);
void test_home_remove(struct test_home *h);

/* Opens a session for `agent` on the connection. */
void test_session(struct writ_client *c, const char *agent, const struct writ_key *key);
/* The fields of an AUTHORIZE with `arguments`; call or send follows. Signs it when `key` is set. */
void test_authorize(struct writ_client *c, const char *agent, const char *action,
                    const char *arguments, const struct writ_key *key);

#endif
