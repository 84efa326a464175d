#include "help.h"

#include "base/banned.h"

#define NAME_WIDTH   20
#define OPTION_WIDTH 26

static const struct {
    enum writ_group group;
    const char *title;
} GROUPS[] = {
    { WRIT_GROUP_OPERATOR, "Operators run the authority" },
    { WRIT_GROUP_APPROVER, "Approvers let agents act" },
    { WRIT_GROUP_RUNNER, "Whoever runs agents" },
    { WRIT_GROUP_AUDITOR, "Auditors look and check" },
    { WRIT_GROUP_ANYONE, "Everybody" },
};

static const char SESSION[] =
    "  writ init --cell writ.example/alpha --human alice --key ~/.ssh/id_ed25519\n"
    "  export WRIT_HUMAN=alice WRIT_SIGN_KEY=~/.ssh/id_ed25519; writ up\n"
    "  writ agent add bot --owner alice --environment test --purpose 'tries things'\n"
    "  writ target add files --environment test --resource 'read_file=file://{path}'\n"
    "  writ grant --holder bot --purpose 'have a look' --for 30m \\\n"
    "       --action files/tools/read_file --resource 'file:///srv/*'\n"
    "  writ mcp --target files --agent bot -- npx @example/file-server /srv\n";

static void command_line(struct writ_out *out, const struct writ_command *c)
{
    writ_put(out, "  ");
    writ_put_style(out, WRIT_STYLE_BOLD, "%-*s", NAME_WIDTH, c->name);
    writ_say(out, "%s", c->summary);
}

void writ_help_overview(struct writ_out *out)
{
    writ_say(out, "usage: writ COMMAND [OPTION …]");
    writ_newline(out);
    writ_say(out, "Puts AI agents under written authority, and keeps evidence of what they did.");
    for (size_t g = 0; g < sizeof(GROUPS) / sizeof(GROUPS[0]); g++) {
        writ_newline(out);
        writ_say(out, "%s:", GROUPS[g].title);
        for (const struct writ_command *c = WRIT_COMMANDS; c->name != NULL; c++)
            if (c->group == GROUPS[g].group)
                command_line(out, c);
    }
    writ_newline(out);
    writ_say(out, "A first session:");
    writ_put_own(out, SESSION);
    writ_newline(out);
    writ_say(out, "`writ COMMAND --help` says more; writ(1) says all.");
}

/* Help that is too long for the line goes on below, at the same column. */
static void wrapped(struct writ_out *out, size_t indent, const char *text)
{
    const size_t room = 78 - indent;
    struct writ_slice rest = writ_cstr(text);

    while (rest.len > room && writ_text_width(rest) > room) {
        size_t cut = writ_text_fit(rest, room);
        while (cut > 1 && rest.ptr[cut] != ' ')
            cut--;
        if (cut <= 1)
            break;
        writ_say(out, "%.*s", (int)cut, (const char *)rest.ptr);
        rest = writ_slice_from(rest, cut + 1);
        writ_put(out, "%*s", (int)indent, "");
    }
    writ_say(out, "%.*s", WRIT_FMT(rest));
}

static void option_lines(struct writ_out *out, const struct writ_option *o)
{
    char left[96], help[512];
    bool letter = o->alias != NULL && o->alias[1] == '\0';

    (void)snprintf(left, sizeof(left), "%s%s%s--%s%s%s", letter ? "-" : "", letter ? o->alias : "",
                   letter ? ", " : "", o->name, o->value != NULL ? " " : "",
                   o->value != NULL ? o->value : "");
    writ_put(out, "  ");
    writ_put_style(out, WRIT_STYLE_BOLD, "%s", left);
    size_t width = writ_text_width(writ_cstr(left));
    if (width < OPTION_WIDTH - 1) {
        writ_put(out, "%*s", (int)(OPTION_WIDTH - width), "");
    } else {
        writ_newline(out);
        writ_put(out, "%*s", OPTION_WIDTH + 2, "");
    }
    (void)snprintf(help, sizeof(help), "%s%s%s", o->help, o->required ? " (needed)" : "",
                   o->kind == WRIT_OPTION_MANY ? " (may be repeated)" : "");
    wrapped(out, OPTION_WIDTH + 2, help);
}

static void options(struct writ_out *out, const char *title, const struct writ_option *table)
{
    if (table->kind == WRIT_OPTION_END)
        return;
    writ_newline(out);
    writ_say(out, "%s:", title);
    for (const struct writ_option *o = table; o->kind != WRIT_OPTION_END; o++)
        option_lines(out, o);
}

void writ_help_command(struct writ_out *out, const struct writ_command *c)
{
    bool has_options = c->options->kind != WRIT_OPTION_END;

    writ_say(out, "usage: writ %s%s%s%s", c->name, has_options ? " [OPTION …]" : "",
             *c->synopsis != '\0' ? " " : "", c->synopsis);
    writ_newline(out);
    writ_put_own(out, c->detail);
    options(out, "Options", c->options);
    options(out, "Options of every command", WRIT_GLOBAL_OPTIONS);
    writ_newline(out);
    writ_say(out, "Example:");
    for (const char *line = c->example; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        writ_say(out, "  %.*s", (int)len, line);
        line += len + (line[len] == '\n' ? 1 : 0);
    }
    writ_newline(out);
    if (c->tail)
        writ_put_own(out, "Exit codes: those of COMMAND; 1 the session is refused, 2 usage,\n"
                          "3 writd cannot be reached, 127 COMMAND cannot be started\n");
    else
        writ_put_own(out, "Exit codes: 0 done, 1 refused or a check failed, 2 usage, 3 writd "
                          "cannot be\nreached\n");
}

bool writ_help_family(struct writ_out *out, const char *word)
{
    size_t n = strlen(word);
    bool any = false;

    for (const struct writ_command *c = WRIT_COMMANDS; c->name != NULL; c++)
        if (strncmp(c->name, word, n) == 0 && c->name[n] == ' ') {
            command_line(out, c);
            any = true;
        }
    return any;
}
