#include "ledger/tree.h"

#include "base/banned.h"

struct writ_hash writ_tree_empty(void)
{
    return writ_sha256((struct writ_slice){ NULL, 0 });
}

struct writ_hash writ_tree_leaf(struct writ_slice entry)
{
    static const uint8_t prefix = 0x00;
    struct writ_sha256 c;

    writ_sha256_init(&c);
    writ_sha256_add(&c, writ_slice(&prefix, 1));
    writ_sha256_add(&c, entry);
    return writ_sha256_done(&c);
}

struct writ_hash writ_tree_node(const struct writ_hash *left, const struct writ_hash *right)
{
    uint8_t in[1 + 2 * WRIT_HASH_LEN];

    in[0] = 0x01;
    memcpy(in + 1, left->b, WRIT_HASH_LEN);
    memcpy(in + 1 + WRIT_HASH_LEN, right->b, WRIT_HASH_LEN);
    return writ_sha256(writ_slice(in, sizeof(in)));
}

void writ_tree_init(struct writ_tree *t)
{
    memset(t, 0, sizeof(*t));
}

void writ_tree_append(struct writ_tree *t, const struct writ_hash *leaf)
{
    struct writ_hash h = *leaf;
    unsigned level = 0;

    /* Like a carry in binary addition: every set low bit is a subtree that h completes. */
    for (; (t->size >> level & 1) != 0 && level < 63; level++)
        h = writ_tree_node(&t->edge[level], &h);
    t->edge[level] = h;
    t->size++;
}

struct writ_hash writ_tree_root(const struct writ_tree *t)
{
    struct writ_hash root;
    unsigned level = 0;

    if (t->size == 0)
        return writ_tree_empty();
    while ((t->size >> level & 1) == 0)
        level++;
    root = t->edge[level];
    for (level++; level < 64; level++)
        if ((t->size >> level & 1) != 0)
            root = writ_tree_node(&t->edge[level], &root);
    return root;
}

/* The largest power of two below n, for n of at least 2: where RFC 6962 splits a tree. */
static uint64_t split(uint64_t n)
{
    return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

/*
 * MTH(D[lo : lo+n]) for n > 0. `lo` must be a place where the tree splits, so that the binary
 * digits of n, highest first, are complete subtrees of the whole tree.
 */
static enum writ_status range(const struct writ_tree_source *src, uint64_t lo, uint64_t n,
                              struct writ_hash *out, struct writ_err *err)
{
    struct writ_hash acc = { { 0 } };
    bool have = false;

    for (unsigned level = 0; level < 63 && n >> level != 0; level++) {
        struct writ_hash left;
        if ((n >> level & 1) == 0)
            continue;
        uint64_t start = lo + (n >> level >> 1 << level << 1);
        WRIT_TRY(src->node(src->ctx, level, start >> level, &left, err));
        acc = have ? writ_tree_node(&left, &acc) : left;
        have = true;
    }
    *out = acc;
    return WRIT_OK;
}

enum writ_status writ_tree_root_at(const struct writ_tree_source *src, uint64_t size,
                                   struct writ_hash *out, struct writ_err *err)
{
    if (size > INT64_MAX)
        return writ_fail(err, WRIT_LIMIT, "a tree has at most 2^63-1 leaves");
    if (size == 0) {
        *out = writ_tree_empty();
        return WRIT_OK;
    }
    return range(src, 0, size, out, err);
}

/* Siblings are found from the root downwards; a proof lists them from the leaf upwards. */
static void reverse(struct writ_hash *h, size_t n)
{
    for (size_t i = 0; i + 1 < n - i; i++) {
        struct writ_hash t = h[i];
        h[i] = h[n - 1 - i];
        h[n - 1 - i] = t;
    }
}

enum writ_status writ_tree_prove_inclusion(const struct writ_tree_source *src, uint64_t index,
                                           uint64_t size, struct writ_proof *out,
                                           struct writ_err *err)
{
    struct writ_proof p;
    uint64_t lo = 0, n = size, m = index;

    p.len = 0;
    if (index >= size || size > INT64_MAX)
        return writ_fail(err, WRIT_ARG, "entry %llu is not in a tree of %llu",
                         (unsigned long long)index, (unsigned long long)size);
    while (n > 1) {
        uint64_t k = split(n);
        if (m < k) {
            WRIT_TRY(range(src, lo + k, n - k, &p.hash[p.len++], err));
            n = k;
        } else {
            WRIT_TRY(range(src, lo, k, &p.hash[p.len++], err));
            lo += k;
            m -= k;
            n -= k;
        }
    }
    reverse(p.hash, p.len);
    out->len = p.len;
    memcpy(out->hash, p.hash, p.len * sizeof(p.hash[0]));
    return WRIT_OK;
}

enum writ_status writ_tree_prove_consistency(const struct writ_tree_source *src, uint64_t from,
                                             uint64_t to, struct writ_proof *out,
                                             struct writ_err *err)
{
    struct writ_proof p;
    uint64_t lo = 0, n = to, m = from;

    p.len = 0;
    if (from > to || to > INT64_MAX)
        return writ_fail(err, WRIT_ARG, "a tree of %llu does not grow to %llu",
                         (unsigned long long)from, (unsigned long long)to);
    while (m != n && m != 0) {
        uint64_t k = split(n);
        if (m <= k) {
            WRIT_TRY(range(src, lo + k, n - k, &p.hash[p.len++], err));
            n = k;
        } else {
            WRIT_TRY(range(src, lo, k, &p.hash[p.len++], err));
            lo += k;
            m -= k;
            n -= k;
        }
    }
    /* Where the old tree is not a subtree at the left edge, the verifier needs its last part. */
    if (m != 0 && lo != 0)
        WRIT_TRY(range(src, lo, n, &p.hash[p.len++], err));
    reverse(p.hash, p.len);
    out->len = p.len;
    memcpy(out->hash, p.hash, p.len * sizeof(p.hash[0]));
    return WRIT_OK;
}

/* RFC 9162 2.1.3.2 */
enum writ_status writ_tree_check_inclusion(uint64_t index, uint64_t size,
                                           const struct writ_hash *leaf,
                                           const struct writ_proof *proof,
                                           const struct writ_hash *root)
{
    struct writ_hash r = *leaf;

    if (index >= size || proof->len > WRIT_PROOF_MAX)
        return WRIT_CORRUPT;
    uint64_t fn = index, sn = size - 1;
    for (size_t i = 0; i < proof->len; i++) {
        if (sn == 0)
            return WRIT_CORRUPT;
        if ((fn & 1) != 0 || fn == sn) {
            r = writ_tree_node(&proof->hash[i], &r);
            for (; (fn & 1) == 0 && fn != 0; fn >>= 1)
                sn >>= 1;
        } else {
            r = writ_tree_node(&r, &proof->hash[i]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && writ_hash_eq(&r, root) ? WRIT_OK : WRIT_CORRUPT;
}

/* RFC 9162 2.1.4.2, from step 3 on: `next` is where the proof goes on after the first hash. */
static bool consistency_climbs(uint64_t from, uint64_t to, const struct writ_hash *first,
                               const struct writ_hash *from_root, const struct writ_hash *to_root,
                               const struct writ_proof *proof, size_t next)
{
    struct writ_hash fr = *first, sr = *first;
    uint64_t fn = from - 1, sn = to - 1;

    for (; (fn & 1) != 0; fn >>= 1)
        sn >>= 1;
    for (size_t i = next; i < proof->len; i++) {
        const struct writ_hash *c = &proof->hash[i];
        if (sn == 0)
            return false;
        if ((fn & 1) != 0 || fn == sn) {
            fr = writ_tree_node(c, &fr);
            sr = writ_tree_node(c, &sr);
            for (; (fn & 1) == 0 && fn != 0; fn >>= 1)
                sn >>= 1;
        } else {
            sr = writ_tree_node(&sr, c);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && writ_hash_eq(&fr, from_root) && writ_hash_eq(&sr, to_root);
}

enum writ_status writ_tree_check_consistency(uint64_t from, uint64_t to,
                                             const struct writ_hash *from_root,
                                             const struct writ_hash *to_root,
                                             const struct writ_proof *proof)
{
    bool good;

    if (from > to || proof->len > WRIT_PROOF_MAX)
        return WRIT_CORRUPT;
    if (from == to) {
        good = proof->len == 0 && writ_hash_eq(from_root, to_root);
    } else if (from == 0) {
        struct writ_hash empty = writ_tree_empty();
        good = proof->len == 0 && writ_hash_eq(from_root, &empty);
    } else if ((from & (from - 1)) == 0) {
        /* A complete subtree is its own first hash, and the proof leaves it out. */
        good =
            proof->len > 0 && consistency_climbs(from, to, from_root, from_root, to_root, proof, 0);
    } else {
        good = proof->len > 0 &&
               consistency_climbs(from, to, &proof->hash[0], from_root, to_root, proof, 1);
    }
    return good ? WRIT_OK : WRIT_CORRUPT;
}
