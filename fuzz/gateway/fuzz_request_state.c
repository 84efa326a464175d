/*
 * Targets: writ_state_open, writ_state_seal.
 *
 * Property: nothing opens but what was sealed, byte for byte. The first bytes of the input choose
 * a state that is sealed; the rest is spliced into its text at a place of the input's choosing.
 * Whatever comes out either is the sealed text itself or does not open.
 */
#include <stdlib.h>

#include "gateway/state.h"

#include "base/banned.h"

static const uint8_t key[WRIT_STATE_KEY_LEN] = { 0x17 };

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void choose(struct writ_reader *r, struct writ_state *s)
{
    size_t len = 1 + writ_read_u8(r) % WRIT_STATE_APPROVAL_MAX;

    memset(s->approval, 'a', len);
    s->approval[0] = (char)('b' + writ_read_u8(r) % 16);
    s->params.b[0] = writ_read_u8(r);
    s->expires = 1 + (uint64_t)writ_read_be16(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct writ_reader r = writ_reader(writ_slice(data, size));
    struct writ_state sealed = { .expires = 0 }, got = { .expires = 0 };
    WRIT_AUTO_BUF text;
    WRIT_AUTO_BUF forged;

    writ_buf_init(&text, WRIT_STATE_MAX);
    writ_buf_init(&forged, 1u << 20);
    choose(&r, &sealed);
    must(writ_state_seal(key, &sealed, &text) == WRIT_OK);
    must(writ_state_open(key, writ_buf_slice(&text), &sealed.params, 0, &got) == WRIT_OK);
    must(strcmp(got.approval, sealed.approval) == 0 && got.expires == sealed.expires);
    must(writ_state_open(key, writ_buf_slice(&text), &sealed.params, sealed.expires, &got) ==
         WRIT_TIME);

    size_t at = writ_read_u8(&r) % (text.len + 1);
    size_t drop = writ_read_u8(&r) % (text.len - at + 1);
    must(writ_buf_add(&forged, writ_slice(text.ptr, at)) == WRIT_OK);
    must(writ_buf_add(&forged, r.rest) == WRIT_OK || r.rest.len > 1000);
    must(writ_buf_add(&forged, writ_slice_from(writ_buf_slice(&text), at + drop)) == WRIT_OK);
    enum writ_status st = writ_state_open(key, writ_buf_slice(&forged), &sealed.params, 0, &got);
    must((st == WRIT_OK) == writ_slice_eq(writ_buf_slice(&forged), writ_buf_slice(&text)));
    must(writ_state_open(key, r.rest, &sealed.params, 0, &got) != WRIT_OK);
    return 0;
}
