#include "test.h"

#include "base/json.h"
#include "record/record.h"
#include "table.h"

#include "base/banned.h"

/* The values that the vectors of tests/vectors/record hold: drawn from the field's name. */
struct filler {
    struct writ_arena arena;
    struct writ_record record;
    uint64_t n;
};

static struct writ_slice text_value(struct filler *f, const char *name)
{
    char text[96];
    struct writ_slice kept;

    (void)snprintf(text, sizeof(text), "%s \xc3\xa9\xf0\x9f\x94\x91\"\\/\n\x01\x7f%llu", name,
                   (unsigned long long)f->n);
    assert_true(writ_arena_copy(&f->arena, writ_cstr(text), &kept));
    return kept;
}

static void fill_field(struct filler *f, const struct field *field)
{
    void *to = (uint8_t *)&f->record + field->offset;
    struct writ_slice *texts;
    uint64_t *numbers;
    char text[64];

    if (field->kind == FIELD_OPEN || field->kind == FIELD_CLOSE)
        return;
    f->n++;
    switch (field->kind) {
    case FIELD_TEXT:
        *(struct writ_slice *)to = text_value(f, field->name);
        break;
    case FIELD_U64:
        *(uint64_t *)to = 1000 + f->n;
        break;
    case FIELD_BOOL:
        *(bool *)to = f->n % 2 == 0;
        break;
    case FIELD_TEXTS:
        texts = writ_arena_array(&f->arena, 2, sizeof(*texts));
        assert_non_null(texts);
        (void)snprintf(text, sizeof(text), "%s\t%llu", field->name, (unsigned long long)f->n);
        assert_true(writ_arena_copy(&f->arena, writ_cstr(text), &texts[0]));
        *(struct writ_texts *)to = (struct writ_texts){ 2, texts };
        break;
    case FIELD_NUMBERS:
        numbers = writ_arena_array(&f->arena, 3, sizeof(*numbers));
        assert_non_null(numbers);
        numbers[1] = 9007199254740991u;
        numbers[2] = f->n;
        *(struct writ_numbers *)to = (struct writ_numbers){ 3, numbers };
        break;
    case FIELD_OPEN:
    case FIELD_CLOSE:
    case FIELD_END:
        break;
    }
}

static void fill(struct filler *f, enum writ_record_type type)
{
    memset(f, 0, sizeof(*f));
    writ_arena_init(&f->arena, 1 << 20);
    f->record.type = type;
    f->record.time = 1795464000000000u;
    for (const struct field *x = writ_record_fields(type); x->kind != FIELD_END; x++)
        fill_field(f, x);
}

#define X(num, name, text, shape) WRIT_RECORD_##name,
static const enum writ_record_type TYPES[] = { WRIT_RECORD_MAP(X) };
#undef X

static void read_vector(enum writ_record_type type, struct writ_buf *out)
{
    char path[256];
    uint8_t *at;

    (void)snprintf(path, sizeof(path), "%s/record/%s.json", WRIT_VECTORS,
                   writ_record_type_text(type));
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        fail_msg("no vector %s", path);
    assert_int_equal(writ_buf_reserve(out, 8192, &at), WRIT_OK);
    out->len = fread(at, 1, 8192, f);
    assert_int_equal(fclose(f), 0);
    assert_true(out->len > 1 && out->ptr[out->len - 1] == '\n');
    out->len--;
}

static void test_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(TYPES); i++) {
        WRIT_AUTO_BUF want, got;
        struct filler f;
        writ_buf_init(&want, 1 << 16);
        writ_buf_init(&got, 1 << 16);
        read_vector(TYPES[i], &want);
        fill(&f, TYPES[i]);
        assert_int_equal(writ_record_encode(&f.record, &got, NULL), WRIT_OK);
        if (!writ_slice_eq(writ_buf_slice(&want), writ_buf_slice(&got)))
            fail_msg("%s\nwant %.*s\ngot  %.*s", writ_record_type_text(TYPES[i]), (int)want.len,
                     (char *)want.ptr, (int)got.len, (char *)got.ptr);
        writ_arena_release(&f.arena);
    }
}

static void test_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(TYPES); i++) {
        WRIT_AUTO_BUF vector, again;
        WRIT_AUTO_ARENA arena;
        struct writ_record r;
        struct writ_err err;
        writ_arena_init(&arena, 1 << 20);
        writ_buf_init(&vector, 1 << 16);
        writ_buf_init(&again, 1 << 16);
        read_vector(TYPES[i], &vector);
        if (writ_record_decode(writ_buf_slice(&vector), &arena, &r, &err) != WRIT_OK)
            fail_msg("%s: %s", writ_record_type_text(TYPES[i]), err.text);
        assert_int_equal(r.type, TYPES[i]);
        assert_int_equal(writ_record_encode(&r, &again, NULL), WRIT_OK);
        assert_true(writ_slice_eq(writ_buf_slice(&vector), writ_buf_slice(&again)));
        for (size_t n = 0; n < vector.len; n++) {
            struct writ_record untouched = { .time = 77 };
            if (writ_record_decode(writ_slice(vector.ptr, n), &arena, &untouched, NULL) !=
                    WRIT_FORMAT ||
                untouched.time != 77)
                fail_msg("%s may be cut to %zu bytes", writ_record_type_text(TYPES[i]), n);
        }
    }
}

static void check_member(const json_t *o, const struct writ_record *r, const struct field *f)
{
    const void *from = (const uint8_t *)r + f->offset;
    const json_t *v = json_object_get(o, f->name);
    const struct writ_texts *texts = from;
    const struct writ_numbers *numbers = from;

    switch (f->kind) {
    case FIELD_TEXT:
        assert_true(writ_slice_eq(writ_json_text(v), *(const struct writ_slice *)from));
        break;
    case FIELD_U64:
        assert_int_equal(json_integer_value(v), *(const uint64_t *)from);
        break;
    case FIELD_BOOL:
        assert_true(json_is_boolean(v) && json_is_true(v) == *(const bool *)from);
        break;
    case FIELD_TEXTS:
        assert_int_equal(json_array_size(v), texts->len);
        for (size_t i = 0; i < texts->len; i++)
            assert_true(writ_slice_eq(writ_json_text(json_array_get(v, i)), texts->at[i]));
        break;
    case FIELD_NUMBERS:
        assert_int_equal(json_array_size(v), numbers->len);
        for (size_t i = 0; i < numbers->len; i++)
            assert_int_equal(json_integer_value(json_array_get(v, i)), numbers->at[i]);
        break;
    case FIELD_OPEN:
    case FIELD_CLOSE:
    case FIELD_END:
        break;
    }
}

/* Any JSON reader sees what our decoder sees: a library that knows nothing of records. */
static void test_others_read_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(TYPES); i++) {
        WRIT_AUTO_BUF vector;
        WRIT_AUTO_ARENA arena;
        struct writ_record r;
        writ_arena_init(&arena, 1 << 20);
        writ_buf_init(&vector, 1 << 16);
        read_vector(TYPES[i], &vector);
        WRIT_AUTO_JSON *o =
            json_loadb((const char *)vector.ptr, vector.len, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(o);
        assert_int_equal(writ_record_decode(writ_buf_slice(&vector), &arena, &r, NULL), WRIT_OK);
        assert_int_equal(json_integer_value(json_object_get(o, "time")), r.time);
        const json_t *in = o;
        for (const struct field *f = writ_record_fields(r.type); f->kind != FIELD_END; f++) {
            if (f->kind == FIELD_OPEN || f->kind == FIELD_CLOSE)
                in = f->kind == FIELD_OPEN ? json_object_get(o, f->name) : o;
            else
                check_member(in, &r, f);
        }
    }
}

#define HEAD "{\"type\":\"clock.stepped\",\"v\":1,\"time\":5"
#define BY \
    "{\"type\":\"callers.refused\",\"v\":1,\"time\":5,\"count\":1,\"since\":2,\"last_reason\":"
#define AT(s) (sizeof("" s) - 1)

static void test_refused(void **state)
{
    static const struct {
        const char *rule, *bytes;
        size_t offset;
    } ROWS[] = {
        { "nothing", "", 0 },
        { "white space before", " " HEAD ",\"clock\":1}", 0 },
        { "white space inside", "{ \"type\":\"clock.stepped\"", 0 },
        { "white space after a colon", HEAD ",\"clock\": 1}", AT(HEAD ",\"clock\":") },
        { "white space after a comma", HEAD ", \"clock\":1}", AT(HEAD) },
        { "a line feed at the end", HEAD ",\"clock\":1}\n", AT(HEAD ",\"clock\":1}") },
        { "bytes behind the end", HEAD ",\"clock\":1}}", AT(HEAD ",\"clock\":1}") },
        { "another order", "{\"v\":1,\"type\":\"clock.stepped\",\"time\":5,\"clock\":1}", 0 },
        { "another version", "{\"type\":\"clock.stepped\",\"v\":2,\"time\":5,\"clock\":1}",
          AT("{\"type\":\"clock.stepped\"") },
        { "an unknown type", "{\"type\":\"clock.stoped\",\"v\":1,\"time\":5,\"clock\":1}",
          AT("{\"type\":\"clock.stoped\"") },
        { "a type with escapes",
          "{\"type\":\"clock\\u002estepped\",\"v\":1,\"time\":5,\"clock\":1}",
          AT("{\"type\":\"clock") },
        { "a field too many", HEAD ",\"clock\":1,\"more\":2}", AT(HEAD ",\"clock\":1") },
        { "a field too few", HEAD "}", AT(HEAD) },
        { "a field of another name", HEAD ",\"clocks\":1}", AT(HEAD ",\"clock") },
        { "a leading zero", HEAD ",\"clock\":01}", AT(HEAD ",\"clock\":") },
        { "a sign", HEAD ",\"clock\":-1}", AT(HEAD ",\"clock\":") },
        { "a fraction", HEAD ",\"clock\":1.0}", AT(HEAD ",\"clock\":1") },
        { "an exponent", HEAD ",\"clock\":1e3}", AT(HEAD ",\"clock\":1") },
        { "one beyond 64 bits", HEAD ",\"clock\":18446744073709551616}", AT(HEAD ",\"clock\":") },
        { "a number as text", HEAD ",\"clock\":\"1\"}", AT(HEAD ",\"clock\":") },
        { "null", HEAD ",\"clock\":null}", AT(HEAD ",\"clock\":") },
        { "an escaped slash", BY "\"a\\/\"}", AT(BY "\"a") },
        { "an escaped letter", BY "\"\\u0061\"}", AT(BY "\"") },
        { "a line feed in its long form", BY "\"\\u000a\"}", AT(BY "\"") },
        { "upper case hex", BY "\"\\u001F\"}", AT(BY "\"") },
        { "an escape of a byte above 0x1f", BY "\"\\u007f\"}", AT(BY "\"") },
        { "an escaped surrogate pair", BY "\"\\ud83d\\udd11\"}", AT(BY "\"") },
        { "half an escape", BY "\"\\u00\"}", AT(BY "\"") },
        { "a control byte", BY "\"a\tb\"}", AT(BY "\"") },
        { "a string without end", BY "\"ab}", AT(BY "\"") },
        { "a backslash at the end", BY "\"ab\\", AT(BY "\"") },
        { "a text that is none", BY "1}", AT(BY) },
        { "invalid UTF-8", BY "\"a\xff\"}", AT(BY "\"a") },
        { "an overlong form", BY "\"a\xc0\xaf\"}", AT(BY "\"a") },
        { "a surrogate in UTF-8", BY "\"a\xed\xa0\x80\"}", AT(BY "\"a") },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        WRIT_AUTO_ARENA arena;
        struct writ_record r;
        struct writ_err err = { .status = WRIT_OK };
        writ_arena_init(&arena, 1 << 16);
        if (writ_record_decode(writ_cstr(ROWS[i].bytes), &arena, &r, &err) != WRIT_FORMAT)
            fail_msg("%s: was not refused", ROWS[i].rule);
        if (err.offset != ROWS[i].offset)
            fail_msg("%s: offset %zu, not %zu: %s", ROWS[i].rule, err.offset, ROWS[i].offset,
                     err.text);
    }
}

static void test_limits(void **state)
{
    WRIT_AUTO_BUF out, more;
    WRIT_AUTO_ARENA arena;
    struct writ_record r = { .type = WRIT_RECORD_CALLERS_REFUSED }, back;
    char *text = calloc(1, WRIT_RECORD_MAX + 10);

    (void)state;
    assert_non_null(text);
    memset(text, 'x', WRIT_RECORD_MAX + 9);
    writ_arena_init(&arena, 1 << 20);
    writ_buf_init(&out, 1 << 20);
    writ_buf_init(&more, 1 << 20);
    assert_int_equal(writ_record_encode(&r, &out, NULL), WRIT_OK);
    size_t room = WRIT_RECORD_MAX - out.len;
    r.as.callers_refused.last_reason = writ_slice(text, room);
    writ_buf_clear(&out);
    assert_int_equal(writ_record_encode(&r, &out, NULL), WRIT_OK);
    assert_int_equal(out.len, WRIT_RECORD_MAX);
    assert_int_equal(writ_record_decode(writ_buf_slice(&out), &arena, &back, NULL), WRIT_OK);
    r.as.callers_refused.last_reason = writ_slice(text, room + 1);
    assert_int_equal(writ_record_encode(&r, &more, NULL), WRIT_LIMIT);
    assert_int_equal(more.len, 0);
    /* The same length, read: one byte more than a record may have. */
    assert_int_equal(writ_buf_add_byte(&out, ' '), WRIT_OK);
    assert_int_equal(writ_record_decode(writ_buf_slice(&out), &arena, &back, NULL), WRIT_LIMIT);
    r.as.callers_refused.last_reason = WRIT_LIT("a\xff");
    assert_int_equal(writ_record_encode(&r, &more, NULL), WRIT_FORMAT);
    assert_int_equal(more.len, 0);
    r.type = WRIT_RECORD_NONE;
    assert_int_equal(writ_record_encode(&r, &more, NULL), WRIT_ARG);
    r.type = (enum writ_record_type)99;
    assert_int_equal(writ_record_encode(&r, &more, NULL), WRIT_ARG);
    free(text);
}

static void test_lists(void **state)
{
    static struct writ_slice texts[WRIT_RECORD_LIST_MAX + 1];
    static uint64_t numbers[WRIT_RECORD_LIST_MAX + 1];

    (void)state;
    for (size_t n = 0; n <= WRIT_RECORD_LIST_MAX + 1; n++) {
        WRIT_AUTO_BUF out;
        WRIT_AUTO_ARENA arena;
        struct writ_record r = { .type = WRIT_RECORD_ACTION_DECIDED }, back;
        writ_arena_init(&arena, 1 << 16);
        writ_buf_init(&out, 1 << 16);
        enum writ_status want = n <= WRIT_RECORD_LIST_MAX ? WRIT_OK : WRIT_LIMIT;
        r.as.decided.resources = (struct writ_texts){ n, texts };
        assert_int_equal(writ_record_encode(&r, &out, NULL), want);
        r.as.decided.resources.len = 0;
        writ_buf_clear(&out);
        r.as.decided.chain = (struct writ_numbers){ n, numbers };
        assert_int_equal(writ_record_encode(&r, &out, NULL), want);
        if (want != WRIT_OK)
            continue;
        assert_int_equal(writ_record_decode(writ_buf_slice(&out), &arena, &back, NULL), WRIT_OK);
        assert_int_equal(back.as.decided.chain.len, n);
    }
}

static void test_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(TYPES); i++)
        assert_int_equal(writ_record_type_parse(writ_cstr(writ_record_type_text(TYPES[i]))),
                         TYPES[i]);
    assert_int_equal(writ_record_type_parse(WRIT_LIT("?")), WRIT_RECORD_NONE);
    assert_int_equal(writ_record_type_parse(WRIT_LIT("")), WRIT_RECORD_NONE);
    assert_int_equal(writ_record_type_parse(WRIT_LIT("grant.signe")), WRIT_RECORD_NONE);
    assert_string_equal(writ_record_type_text(WRIT_RECORD_NONE), "?");
    assert_null(writ_record_fields((enum writ_record_type)99));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_both_ways),
        cmocka_unit_test(test_others_read_the_same),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
