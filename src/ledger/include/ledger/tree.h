/*
 * tree: the Merkle tree of the ledger: hashes, roots, proofs. No I/O.
 *
 * Source:    RFC 6962 section 2.1; proof checking as in RFC 9162 sections 2.1.3.2 and 2.1.4.2.
 * Units:     sizes and indices count leaves.
 * Limits:    proofs hold at most WRIT_PROOF_MAX hashes (a tree of 2^63 leaves needs 63).
 * Errors:    WRIT_SIGNATURE never; a proof that does not verify is WRIT_CORRUPT.
 * Ownership: values; a source is borrowed for the call.
 * Threads:   pure functions.
 */
#ifndef WRIT_LEDGER_TREE_H
#define WRIT_LEDGER_TREE_H

#include "base/status.h"
#include "crypto/hash.h"

#define WRIT_PROOF_MAX 64

struct writ_hash writ_tree_empty(void);
struct writ_hash writ_tree_leaf(struct writ_slice entry);
struct writ_hash writ_tree_node(const struct writ_hash *left, const struct writ_hash *right);

/* The right edge: enough to append and to compute the root; 64 hashes whatever the size. */
struct writ_tree {
    uint64_t size;
    struct writ_hash edge[64]; /* edge[i] is set where bit i of size is */
};

void writ_tree_init(struct writ_tree *t);
void writ_tree_append(struct writ_tree *t, const struct writ_hash *leaf);
struct writ_hash writ_tree_root(const struct writ_tree *t);

struct writ_proof {
    size_t len;
    struct writ_hash hash[WRIT_PROOF_MAX]; /* leaf side first */
};

/* Where proofs are built from: the hash of the complete subtree [index << level, +1 << level). */
struct writ_tree_source {
    enum writ_status (*node)(void *ctx, unsigned level, uint64_t index, struct writ_hash *out,
                             struct writ_err *err);
    void *ctx;
};

WRIT_MUST_CHECK enum writ_status writ_tree_root_at(const struct writ_tree_source *src,
                                                   uint64_t size, struct writ_hash *out,
                                                   struct writ_err *err);
WRIT_MUST_CHECK enum writ_status writ_tree_prove_inclusion(const struct writ_tree_source *src,
                                                           uint64_t index, uint64_t size,
                                                           struct writ_proof *out,
                                                           struct writ_err *err);
WRIT_MUST_CHECK enum writ_status writ_tree_prove_consistency(const struct writ_tree_source *src,
                                                             uint64_t from, uint64_t to,
                                                             struct writ_proof *out,
                                                             struct writ_err *err);

WRIT_MUST_CHECK enum writ_status writ_tree_check_inclusion(uint64_t index, uint64_t size,
                                                           const struct writ_hash *leaf,
                                                           const struct writ_proof *proof,
                                                           const struct writ_hash *root);
WRIT_MUST_CHECK enum writ_status writ_tree_check_consistency(uint64_t from, uint64_t to,
                                                             const struct writ_hash *from_root,
                                                             const struct writ_hash *to_root,
                                                             const struct writ_proof *proof);

#endif
