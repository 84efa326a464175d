#include "commands.h"

#include "help.h"

#include "base/banned.h"

static const char *first_word(const char *name, char out[32])
{
    (void)snprintf(out, 32, "%.*s", (int)strcspn(name, " "), name);
    return out;
}

static void option_names(struct writ_out *out, const struct writ_option *table)
{
    for (const struct writ_option *o = table; o->kind != WRIT_OPTION_END; o++)
        writ_put(out, "--%s ", o->name);
}

/* Each first word once: families stand together in the table. */
static void command_words(struct writ_out *out)
{
    char word[32], last[32] = "";

    for (const struct writ_command *c = WRIT_COMMANDS; c->name != NULL; c++) {
        if (strcmp(first_word(c->name, word), last) != 0)
            writ_put(out, "%s ", word);
        (void)snprintf(last, sizeof(last), "%s", word);
    }
}

/* The second words of a family, in one case; *c is left at the family's last command. */
static const struct writ_command *family(struct writ_out *out, const struct writ_command *c)
{
    char word[32], next[32];

    (void)first_word(c->name, word);
    writ_put(out, "    \"%s \") words=\"", word);
    for (;; c++) {
        writ_put(out, "%s ", strchr(c->name, ' ') + 1);
        if (c[1].name == NULL || strchr(c[1].name, ' ') == NULL ||
            strcmp(first_word(c[1].name, next), word) != 0)
            break;
    }
    writ_say(out, "\" ;;");
    return c;
}

/* What may follow each command, as the arms of a case over "FIRST SECOND". */
static void arms(struct writ_out *out)
{
    for (const struct writ_command *c = WRIT_COMMANDS; c->name != NULL; c++) {
        bool two = strchr(c->name, ' ') != NULL;

        writ_put(out, "    \"%s\"%s) words=\"", c->name, two ? "" : "\\ *");
        option_names(out, c->options);
        option_names(out, WRIT_GLOBAL_OPTIONS);
        writ_say(out, "\" ;;");
    }
    for (const struct writ_command *c = WRIT_COMMANDS; c->name != NULL; c++)
        if (strchr(c->name, ' ') != NULL)
            c = family(out, c);
    writ_put(out, "    *) words=\"");
    command_words(out);
    option_names(out, WRIT_GLOBAL_OPTIONS);
    writ_say(out, "\" ;;");
}

static void bash(struct writ_out *out)
{
    writ_put_own(out, "_writ() {\n"
                      "  local cur=${COMP_WORDS[COMP_CWORD]} words=\n"
                      "  if [ \"$COMP_CWORD\" -eq 1 ]; then set -- ''; else\n"
                      "    set -- \"${COMP_WORDS[1]} $([ \"$COMP_CWORD\" -gt 2 ] && "
                      "echo \"${COMP_WORDS[2]}\")\"\n"
                      "  fi\n"
                      "  case $1 in\n");
    arms(out);
    writ_put_own(out, "  esac\n"
                      "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
                      "}\n"
                      "complete -o default -F _writ writ\n");
}

enum writ_status writ_cmd_completion(struct writ_cli *cli, struct writ_err *err)
{
    const char *shell = cli->args.words[0];

    if (strcmp(shell, "bash") != 0 && strcmp(shell, "zsh") != 0)
        return writ_fail(err, WRIT_ARG, "%s: completion is there for bash and zsh", shell);
    if (strcmp(shell, "zsh") == 0) /* which reads bash's, when asked to */
        writ_put_own(&cli->out, "autoload -U +X bashcompinit && bashcompinit\n");
    bash(&cli->out);
    return WRIT_OK;
}

enum writ_status writ_cmd_help(struct writ_cli *cli, struct writ_err *err)
{
    char *const words[] = { (char *)(uintptr_t)cli->args.words[0],
                            (char *)(uintptr_t)cli->args.words[1] };
    int used;

    if (cli->args.words_len == 0) {
        writ_help_overview(&cli->out);
        return WRIT_OK;
    }
    const struct writ_command *c = writ_command_find((int)cli->args.words_len, words, &used);
    if (c != NULL) {
        writ_help_command(&cli->out, c);
        return WRIT_OK;
    }
    if (writ_help_family(&cli->out, words[0]))
        return WRIT_OK;
    return writ_fail(err, WRIT_ARG, "there is no command \"%s\"", words[0]);
}
