/*
 * Property: arguments that are accepted render to arguments that are accepted again and mean the
 * same; refused ones leave the output alone and say why. The first byte chooses the command, the
 * rest are arguments that end in NUL.
 */
#include <stdlib.h>

#include "command.h"

#include "base/banned.h"

#define PARTS_MAX 256

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The arguments in `text`, which ends in NUL; NULL-terminated in `argv`. */
static int split(const char *text, size_t size, const char **argv)
{
    int argc = 0;

    for (size_t at = 0; at < size && argc < PARTS_MAX; at += strlen(text + at) + 1)
        argv[argc++] = text + at;
    argv[argc] = NULL;
    return argc;
}

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void must_be_same(const struct writ_args *a, const struct writ_args *b)
{
    if (a->len != b->len || a->words_len != b->words_len || a->tail_len != b->tail_len)
        abort();
    for (size_t i = 0; i < a->len; i++)
        if (a->at[i].option != b->at[i].option || !same_text(a->at[i].value, b->at[i].value))
            abort();
    for (size_t i = 0; i < a->words_len; i++)
        if (!same_text(a->words[i], b->words[i]))
            abort();
    for (size_t i = 0; i < a->tail_len; i++)
        if (!same_text(a->tail[i], b->tail[i]))
            abort();
}

static void render_and_parse(const struct writ_args_spec *spec, const struct writ_args *args)
{
    const char *argv[2 * PARTS_MAX + 1];
    struct writ_args again;
    struct writ_err err = { 0 };
    WRIT_AUTO_BUF text;

    writ_buf_init(&text, 1u << 20);
    if (writ_args_render(args, &text) != WRIT_OK)
        abort();
    int argc = split((const char *)text.ptr, text.len, argv);
    /* A "--" that was not there takes one place. */
    if (argc == PARTS_MAX)
        return;
    if (writ_args_parse(spec, argc, (char *const *)(uintptr_t)argv, &again, &err) != WRIT_OK)
        abort();
    must_be_same(args, &again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *argv[PARTS_MAX + 1];
    const struct writ_command *command = WRIT_COMMANDS;
    struct writ_args args = { .len = 12345 };
    struct writ_err err = { 0 };
    size_t commands = 0;

    if (size < 1)
        return 0;
    while (WRIT_COMMANDS[commands].name != NULL)
        commands++;
    command += data[0] % commands;
    char *text = malloc(size);
    if (text == NULL)
        return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    int argc = split(text, size - 1, argv);
    struct writ_args_spec spec = writ_command_spec(command);
    enum writ_status st = writ_args_parse(&spec, argc, (char *const *)(uintptr_t)argv, &args, &err);
    if (st != WRIT_OK) {
        if (args.len != 12345 || st != WRIT_ARG || err.status != st || err.text[0] == '\0')
            abort();
    } else {
        (void)!writ_args_complete(&spec, &args, &err);
        render_and_parse(&spec, &args);
    }
    free(text);
    return 0;
}
