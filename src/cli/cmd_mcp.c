#include "commands.h"

#include "gateway/stdio.h"
#include "home.h"

#include "base/banned.h"

/* clang-format off */
const struct writ_option WRIT_OPTIONS_MCP[] = {
    { WRIT_OPTION_ONE, "target", NULL, "TARGET", "the name of the MCP server as a target", true },
    { WRIT_OPTION_ONE, "agent", NULL, "AGENT", "the agent that acts", true },
    { WRIT_OPTION_ONE, "grant", NULL, "GRANT", "act under this grant; the authority chooses if not given", false },
    { WRIT_OPTION_ONE, "txn", NULL, "ID", "the transaction; a new one if not given", false },
    { WRIT_OPTION_ONE, "agent-key", NULL, "FILE", "the agent's key; HOME/agents/AGENT.key if not given", false },
    { WRIT_OPTION_ONE, "instance", NULL, "NAME", "which copy of the agent; host name and process id if not given", false },
    WRIT_OPTIONS_DONE,
};
/* clang-format on */

enum writ_status writ_cmd_mcp(struct writ_cli *cli, struct writ_err *err)
{
    const struct writ_args *a = &cli->args;
    const char *agent = writ_args_value(a, "agent");
    WRIT_AUTO_KEY *key = NULL;
    char socket[WRIT_PATH_MAX];

    WRIT_TRY(writ_home_find(cli, err));
    WRIT_TRY(writ_home_path(cli, "writd.sock", socket, err));
    WRIT_TRY(writ_home_agent_key(cli, agent, &key, err));
    struct writ_gateway_stdio_options o = {
        .socket_path = socket,
        .target = writ_cstr(writ_args_value(a, "target")),
        .agent = writ_cstr(agent),
        .key = key,
        .grant = writ_cstr(writ_args_value(a, "grant")),
        .txn = writ_cstr(writ_args_value(a, "txn")),
        .instance = writ_cstr(writ_args_value(a, "instance")),
        .command = a->tail,
        .in_fd = 0,
        .out_fd = 1,
        .env = cli->env,
    };
    cli->exit = writ_gateway_stdio_run(&o);
    return WRIT_OK;
}
