#include "test.h"

#include "base/text.h"
#include "ledger/tree.h"

#include "base/banned.h"

#define SIZES 70

static struct writ_hash hash_of(const char *hex)
{
    struct writ_hash h;
    assert_int_equal(writ_hex_decode(writ_cstr(hex), h.b, sizeof(h.b)), WRIT_OK);
    return h;
}

#define assert_hash(got, hex)                                  \
    do {                                                       \
        struct writ_hash want_h = hash_of(hex), got_h = (got); \
        assert_memory_equal(&got_h, &want_h, sizeof(want_h));  \
    } while (0)

static const char *const VECTOR[] = {
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
};

static struct writ_slice vector(size_t i, uint8_t buf[16])
{
    size_t n = strlen(VECTOR[i]) / 2;
    assert_int_equal(writ_hex_decode(writ_cstr(VECTOR[i]), buf, n), WRIT_OK);
    return writ_slice(buf, n);
}

/* The plain definitions of RFC 6962 section 2.1 over an array of leaf hashes. */
static size_t naive_split(size_t n)
{
    size_t k = 1;
    while (k * 2 < n)
        k *= 2;
    return k;
}

static struct writ_hash naive_mth(const struct writ_hash *d, size_t n)
{
    if (n == 0)
        return writ_tree_empty();
    if (n == 1)
        return d[0];
    size_t k = naive_split(n);
    struct writ_hash left = naive_mth(d, k), right = naive_mth(d + k, n - k);
    return writ_tree_node(&left, &right);
}

static void naive_path(size_t m, const struct writ_hash *d, size_t n, struct writ_proof *out)
{
    if (n == 1)
        return;
    size_t k = naive_split(n);
    if (m < k) {
        naive_path(m, d, k, out);
        out->hash[out->len++] = naive_mth(d + k, n - k);
    } else {
        naive_path(m - k, d + k, n - k, out);
        out->hash[out->len++] = naive_mth(d, k);
    }
}

static void naive_subproof(size_t m, const struct writ_hash *d, size_t n, bool whole,
                           struct writ_proof *out)
{
    if (m == n) {
        if (!whole)
            out->hash[out->len++] = naive_mth(d, n);
        return;
    }
    size_t k = naive_split(n);
    if (m <= k) {
        naive_subproof(m, d, k, whole, out);
        out->hash[out->len++] = naive_mth(d + k, n - k);
    } else {
        naive_subproof(m - k, d + k, n - k, false, out);
        out->hash[out->len++] = naive_mth(d, k);
    }
}

struct leaves {
    size_t n;
    struct writ_hash leaf[SIZES + 1];
};

static enum writ_status leaves_node(void *ctx, unsigned level, uint64_t index,
                                    struct writ_hash *out, struct writ_err *err)
{
    const struct leaves *l = ctx;
    size_t width = (size_t)1 << level, at = (size_t)index << level;

    if (at + width > l->n)
        return writ_fail(err, WRIT_NOT_FOUND, "node (%u, %llu) is not complete", level,
                         (unsigned long long)index);
    *out = naive_mth(l->leaf + at, width);
    return WRIT_OK;
}

static void make_leaves(struct leaves *l, size_t n)
{
    l->n = n;
    for (size_t i = 0; i < n; i++) {
        uint8_t b[2] = { (uint8_t)i, 0x5a };
        l->leaf[i] = writ_tree_leaf(writ_slice(b, sizeof(b)));
    }
}

static void roots_of_the_vectors(void **state)
{
    static const char *const roots[] = {
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    };
    struct writ_tree t;
    uint8_t buf[16];

    (void)state;
    writ_tree_init(&t);
    assert_hash(writ_tree_root(&t), roots[0]);
    for (size_t i = 0; i < 8; i++) {
        struct writ_hash leaf = writ_tree_leaf(vector(i, buf));
        writ_tree_append(&t, &leaf);
        assert_hash(writ_tree_root(&t), roots[i + 1]);
    }
    assert_hash(writ_tree_leaf(vector(5, buf)),
                "4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658");
}

static void proofs_of_the_vectors(void **state)
{
    static const char *const inclusion_5_7[] = {
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    };
    static const char *const consistency_3_7[] = {
        "0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7",
        "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "837dbb152e9b079010717e84e865da4ebc0fa198a806d59d31bf15accef22d0e",
    };
    static const char *const consistency_6_8[] = {
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    };
    struct leaves l = { .n = 8 };
    const struct writ_tree_source src = { leaves_node, &l };
    struct writ_err err;
    struct writ_proof p;
    uint8_t buf[16];

    (void)state;
    for (size_t i = 0; i < 8; i++)
        l.leaf[i] = writ_tree_leaf(vector(i, buf));
    assert_int_equal(writ_tree_prove_inclusion(&src, 5, 7, &p, &err), WRIT_OK);
    assert_int_equal(p.len, ARRAY_LEN(inclusion_5_7));
    for (size_t i = 0; i < p.len; i++)
        assert_hash(p.hash[i], inclusion_5_7[i]);
    assert_int_equal(writ_tree_prove_consistency(&src, 3, 7, &p, &err), WRIT_OK);
    assert_int_equal(p.len, ARRAY_LEN(consistency_3_7));
    for (size_t i = 0; i < p.len; i++)
        assert_hash(p.hash[i], consistency_3_7[i]);
    assert_int_equal(writ_tree_prove_consistency(&src, 6, 8, &p, &err), WRIT_OK);
    assert_int_equal(p.len, ARRAY_LEN(consistency_6_8));
    for (size_t i = 0; i < p.len; i++)
        assert_hash(p.hash[i], consistency_6_8[i]);
}

/* Every way of changing a proof that leaves it a proof: each must fail. */
static void refuse_inclusion_variants(uint64_t i, uint64_t n, const struct writ_hash *leaf,
                                      const struct writ_proof *good, const struct writ_hash *root)
{
    struct writ_proof p = *good;
    struct writ_hash other = *root;

    other.b[31] ^= 1;
    assert_int_equal(writ_tree_check_inclusion(i, n, leaf, &p, &other), WRIT_CORRUPT);
    assert_int_equal(writ_tree_check_inclusion(n, n, leaf, &p, root), WRIT_CORRUPT);
    p.hash[p.len] = *leaf;
    p.len++;
    assert_int_equal(writ_tree_check_inclusion(i, n, leaf, &p, root), WRIT_CORRUPT);
    for (p = *good; p.len > 0;) {
        p.len--;
        assert_int_equal(writ_tree_check_inclusion(i, n, leaf, &p, root), WRIT_CORRUPT);
    }
    p = *good;
    for (size_t k = 0; k < good->len; k++) {
        size_t at = (size_t)(i + n + k) % WRIT_HASH_LEN;
        p.hash[k].b[at] ^= 0x80;
        assert_int_equal(writ_tree_check_inclusion(i, n, leaf, &p, root), WRIT_CORRUPT);
        p.hash[k].b[at] ^= 0x80;
    }
}

static void inclusion_is_what_the_definition_says(void **state)
{
    struct leaves l;
    const struct writ_tree_source src = { leaves_node, &l };
    struct writ_err err;

    (void)state;
    for (size_t n = 1; n <= SIZES; n++) {
        make_leaves(&l, n);
        struct writ_hash want = naive_mth(l.leaf, n), root;
        assert_int_equal(writ_tree_root_at(&src, n, &root, &err), WRIT_OK);
        assert_memory_equal(&root, &want, sizeof(root));
        for (size_t i = 0; i < n; i++) {
            struct writ_proof got, naive = { .len = 0 };
            assert_int_equal(writ_tree_prove_inclusion(&src, i, n, &got, &err), WRIT_OK);
            naive_path(i, l.leaf, n, &naive);
            assert_int_equal(got.len, naive.len);
            assert_memory_equal(got.hash, naive.hash, got.len * sizeof(got.hash[0]));
            assert_int_equal(writ_tree_check_inclusion(i, n, &l.leaf[i], &got, &root), WRIT_OK);
            refuse_inclusion_variants(i, n, &l.leaf[i], &got, &root);
            for (size_t other = 0; other < n; other += 5)
                if (other != i)
                    assert_int_equal(writ_tree_check_inclusion(other, n, &l.leaf[i], &got, &root),
                                     WRIT_CORRUPT);
        }
    }
}

static void refuse_consistency_variants(uint64_t m, uint64_t n, const struct writ_hash *a,
                                        const struct writ_hash *b, const struct writ_proof *good)
{
    struct writ_proof p = *good;
    struct writ_hash other = *b;

    other.b[0] ^= 1;
    assert_int_equal(writ_tree_check_consistency(m, n, a, &other, &p),
                     m == 0 ? WRIT_OK : WRIT_CORRUPT); /* everything extends the empty tree */
    other = *a;
    other.b[0] ^= 1;
    assert_int_equal(writ_tree_check_consistency(m, n, &other, b, &p), WRIT_CORRUPT);
    p.hash[p.len] = *a;
    p.len++;
    assert_int_equal(writ_tree_check_consistency(m, n, a, b, &p), WRIT_CORRUPT);
    for (p = *good; p.len > 0;) {
        p.len--;
        assert_int_equal(writ_tree_check_consistency(m, n, a, b, &p), WRIT_CORRUPT);
    }
    p = *good;
    for (size_t k = 0; k < good->len; k++) {
        p.hash[k].b[(m + k) % WRIT_HASH_LEN] ^= 4;
        assert_int_equal(writ_tree_check_consistency(m, n, a, b, &p), WRIT_CORRUPT);
        p.hash[k].b[(m + k) % WRIT_HASH_LEN] ^= 4;
    }
}

static void consistency_is_what_the_definition_says(void **state)
{
    struct leaves l;
    const struct writ_tree_source src = { leaves_node, &l };
    struct writ_err err;

    (void)state;
    make_leaves(&l, SIZES);
    for (size_t n = 0; n <= SIZES; n++)
        for (size_t m = 0; m <= n; m++) {
            struct writ_hash a = naive_mth(l.leaf, m), b = naive_mth(l.leaf, n);
            struct writ_proof got, naive = { .len = 0 };
            assert_int_equal(writ_tree_prove_consistency(&src, m, n, &got, &err), WRIT_OK);
            if (m != 0)
                naive_subproof(m, l.leaf, n, true, &naive);
            assert_int_equal(got.len, naive.len);
            assert_memory_equal(got.hash, naive.hash, got.len * sizeof(got.hash[0]));
            assert_int_equal(writ_tree_check_consistency(m, n, &a, &b, &got), WRIT_OK);
            if (m != n)
                assert_int_equal(writ_tree_check_consistency(n, m, &b, &a, &got), WRIT_CORRUPT);
            if (m != n)
                refuse_consistency_variants(m, n, &a, &b, &got);
        }
}

static void refuses_what_is_not_in_the_tree(void **state)
{
    struct leaves l;
    const struct writ_tree_source src = { leaves_node, &l };
    struct writ_proof p = { .len = 77 };
    struct writ_err err;

    (void)state;
    make_leaves(&l, 10);
    assert_int_equal(writ_tree_prove_inclusion(&src, 10, 10, &p, &err), WRIT_ARG);
    assert_int_equal(writ_tree_prove_inclusion(&src, 0, 0, &p, &err), WRIT_ARG);
    assert_int_equal(writ_tree_prove_inclusion(&src, 3, 11, &p, &err), WRIT_NOT_FOUND);
    assert_int_equal(writ_tree_prove_consistency(&src, 5, 4, &p, &err), WRIT_ARG);
    assert_int_equal(writ_tree_prove_consistency(&src, 5, 11, &p, &err), WRIT_NOT_FOUND);
    assert_int_equal(p.len, 77); /* untouched on failure */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roots_of_the_vectors),
        cmocka_unit_test(proofs_of_the_vectors),
        cmocka_unit_test(inclusion_is_what_the_definition_says),
        cmocka_unit_test(consistency_is_what_the_definition_says),
        cmocka_unit_test(refuses_what_is_not_in_the_tree),
    };
    return cmocka_run_group_tests_name("ledger.tree", tests, NULL, NULL);
}
