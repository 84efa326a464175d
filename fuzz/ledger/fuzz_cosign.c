/* A note that can be read can be cosigned, the time comes back, and without the line it is gone. */
#include <stdlib.h>

#include "ledger/cosign.h"

#include "base/banned.h"

#define TIME UINT64_C(1800000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
    if (!good)
        abort();
}

/* The second key of RFC 8032 section 7.1, which signed the seed corpus. */
static struct writ_key *witness_key(void)
{
    static const uint8_t seed[32] = { 0x4c, 0xcd, 0x08, 0x9b, 0x28, 0xff, 0x96, 0xda,
                                      0x9d, 0xb6, 0xc3, 0x46, 0xec, 0x11, 0x4e, 0x0f,
                                      0x5b, 0x8a, 0x31, 0x9f, 0x35, 0xab, 0xa6, 0x24,
                                      0xda, 0x8c, 0xf6, 0xed, 0x4f, 0xb8, 0xa6, 0xfb };
    struct writ_key *key = NULL;

    must(writ_key_from_seed(seed, &key, NULL) == WRIT_OK);
    return key;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct writ_slice note = writ_slice(data, size);
    WRIT_AUTO_KEY *key = witness_key();
    WRIT_AUTO_BUF line, grown, bare;
    struct writ_note_key name;
    uint64_t before, time;

    writ_buf_init(&line, 1024);
    writ_buf_init(&grown, WRIT_NOTE_MAX);
    writ_buf_init(&bare, WRIT_NOTE_MAX);
    must(writ_note_key_make(WRIT_LIT("witness.example/w1"), 4, key, &name, NULL) == WRIT_OK);
    if (writ_cosign_collect(note, &name, 1, &before, NULL) != WRIT_OK)
        return 0;
    must(writ_cosign_line(note, &name, key, TIME, &line, NULL) == WRIT_OK);
    enum writ_status st = writ_cosign_append(note, writ_buf_slice(&line), &grown, NULL);
    if (st == WRIT_LIMIT) /* 64 lines already, or no bytes left */
        return 0;
    must(st == WRIT_OK && writ_slice_starts(writ_buf_slice(&grown), note));
    must(writ_cosign_verify(writ_buf_slice(&grown), &name, &time, NULL) == WRIT_OK);
    must(time == (before > TIME ? before : TIME));
    if (writ_cosign_without(writ_buf_slice(&grown), &name, &bare, NULL) != WRIT_OK)
        return 0; /* nobody else signed */
    must(writ_cosign_collect(writ_buf_slice(&bare), &name, 1, &time, NULL) == WRIT_OK);
    must(time == 0 && (before != 0 || writ_slice_eq(writ_buf_slice(&bare), note)));
    return 0;
}
