/*
 * The input is a signature over a fixed text. Nobody here holds the key it must be by, so none
 * but the one in the corpus may ever verify, and not over another text or in another namespace.
 */
#include <stdlib.h>

#include "crypto/ssh.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define KEY        \
    "ssh-ed25519 " \
    "AAAAC3NzaC1lZDI1NTE5AAAAIKxPWGA9xukCpLzkw1QaTQ40CsNyO4LKNKJeKL/54Q/D"
#define TEXT WRIT_LIT("the grant text\n")

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct writ_slice armored = writ_slice(data, size);
    struct writ_ssh_key key, claimed;
    struct writ_err err = { .text = "" };

    if (writ_ssh_key_parse(WRIT_LIT(KEY), &key, NULL) != WRIT_OK)
        abort();
    enum writ_status named = writ_sshsig_key(armored, &claimed, NULL);
    enum writ_status st = writ_sshsig_verify(armored, "writ.grant", TEXT, &key, &err);
    if (st != WRIT_OK && err.text[0] == '\0')
        abort();
    if (writ_sshsig_verify(armored, "writ.approval", TEXT, &key, NULL) == WRIT_OK ||
        writ_sshsig_verify(armored, "writ.grant", WRIT_LIT("another"), &key, NULL) == WRIT_OK)
        abort();
    /* Asked with the key that it names, the inner signature of every kind of key is read; the
       answer must be the same where that key is ours, and nobody's signature without one. */
    if (named != WRIT_OK && st == WRIT_OK)
        abort();
    if (named == WRIT_OK) {
        bool ours = writ_ssh_key_eq(&claimed, &key);
        enum writ_status again = writ_sshsig_verify(armored, "writ.grant", TEXT, &claimed, NULL);
        if (ours ? again != st : st == WRIT_OK)
            abort();
    }
    return 0;
}
