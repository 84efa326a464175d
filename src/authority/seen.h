/*
 * seen: the nonces of proofs that were used lately, so that none is used twice.
 *
 * Source:    design section 4, step 3.
 * Units:     microseconds.
 * Limits:    memory for what came within the window; older ones are forgotten.
 * Errors:    false when memory is out.
 * Ownership: copies.
 * Threads:   one at a time.
 */
#ifndef WRIT_AUTHORITY_SEEN_H
#define WRIT_AUTHORITY_SEEN_H

#include "base/slice.h"

struct seen_entry {
    uint8_t nonce[16];
    uint64_t until; /* 0: free */
};

struct seen {
    struct seen_entry *slots;
    size_t cap, used;
};

bool seen_has(const struct seen *s, const uint8_t nonce[16], uint64_t now);
/* Remembers until `until`; forgets what is older than `now` when it must make room. */
bool seen_add(struct seen *s, const uint8_t nonce[16], uint64_t until, uint64_t now);
void seen_release(struct seen *s);

#endif
