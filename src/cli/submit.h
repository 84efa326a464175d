/*
 * submit: shows a text to the person who is to sign it, has it signed, and hands it in.
 *
 * Source:    docs/FORMATS.md section 2.
 * Units:     none.
 * Limits:    none.
 * Errors:    WRIT_REFUSED when the person says no, or cannot be asked; what signing and the
 *            authority answer.
 * Ownership: the caller owns the reply.
 * Threads:   one.
 */
#ifndef WRIT_CLI_SUBMIT_H
#define WRIT_CLI_SUBMIT_H

#include "command.h"
#include "crypto/key.h"

/* The options of every command that has a person sign. */
#define WRIT_OPTION_SIGN_KEY                                                             \
    {                                                                                    \
        WRIT_OPTION_ONE, "sign-key", NULL, "PATH",                                       \
            "the SSH key to sign with, or its .pub with an agent (WRIT_SIGN_KEY)", false \
    }
#define WRIT_OPTION_HUMAN                                                            \
    {                                                                                \
        WRIT_OPTION_ONE, "human", "sign-as", "NAME", "who signs (WRIT_HUMAN)", false \
    }

/* The cell's name as the home has it. */
WRIT_MUST_CHECK enum writ_status writ_submit_cell(struct writ_cli *cli, struct writ_buf *out,
                                                  struct writ_err *err);
/* Fills in the head of `text`, has it signed over the namespace, and submits it. */
WRIT_MUST_CHECK enum writ_status writ_submit_change(struct writ_cli *cli, const char *type,
                                                    json_t *text, json_t **reply,
                                                    struct writ_err *err);
/* Signs canonical bytes with SSH; for texts whose head is there already. */
WRIT_MUST_CHECK enum writ_status writ_submit_signed(struct writ_cli *cli, const char *name_space,
                                                    struct writ_slice canonical, json_t **reply,
                                                    struct writ_err *err);
/* Signs canonical bytes with an agent's key, over "writ.grant/v1" LF and the text. */
WRIT_MUST_CHECK enum writ_status writ_submit_derived(struct writ_cli *cli,
                                                     const struct writ_key *key,
                                                     struct writ_slice canonical, json_t **reply,
                                                     struct writ_err *err);
/* Asks on the terminal; with --yes the answer is yes. WRIT_REFUSED for no. */
WRIT_MUST_CHECK enum writ_status writ_submit_ask(struct writ_cli *cli, const char *question,
                                                 struct writ_err *err);
/* "id" and "index" of a reply, in words or as JSON; `what` begins the sentence. */
void writ_submit_print(struct writ_cli *cli, const char *what, const json_t *reply);
/* A record that narrows: at once, without a signature. */
WRIT_MUST_CHECK enum writ_status writ_submit_narrow(struct writ_cli *cli, const char *type,
                                                    const char *subject, json_t **reply,
                                                    struct writ_err *err);
/* The same for the command's first word, and says so: "Human", NAME, "is suspended". */
WRIT_MUST_CHECK enum writ_status writ_submit_narrow_word(struct writ_cli *cli, const char *type,
                                                         const char *before, const char *after,
                                                         struct writ_err *err);

#endif
