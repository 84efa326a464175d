#include "commands.h"

#include "base/banned.h"

/* clang-format off */
const struct writ_option WRIT_GLOBAL_OPTIONS[] = {
    { WRIT_OPTION_ONE, "home", NULL, "DIR", "the authority's home; WRIT_HOME, then ~/.writ", false },
    { WRIT_OPTION_FLAG, "json", NULL, NULL, "print one JSON document instead of words", false },
    { WRIT_OPTION_FLAG, "help", "h", NULL, "say what a command does", false },
    { WRIT_OPTION_FLAG, "version", NULL, NULL, "say which Writ this is", false },
    WRIT_OPTIONS_DONE,
};

const struct writ_option WRIT_OPTIONS_NONE[] = { WRIT_OPTIONS_DONE };

const struct writ_option WRIT_OPTIONS_ALL[] = {
    { WRIT_OPTION_FLAG, "all", "a", NULL, "also those that are over", false },
    WRIT_OPTIONS_DONE,
};

const struct writ_option WRIT_OPTIONS_REASON[] = {
    { WRIT_OPTION_ONE, "reason", NULL, "TEXT", "why; kept in the ledger", true },
    WRIT_OPTIONS_DONE,
};

/* name, group, summary, synopsis, detail, example, options, words, tail, run */
const struct writ_command WRIT_COMMANDS[] = {
    { "init", WRIT_GROUP_OPERATOR, "make an authority: its home, key and ledger", "",
      "Makes the home, a key for the ledger, and the ledger with record 0: the text in\n"
      "which the first operator names the key that all later trust starts from. The\n"
      "operator signs it with ssh-keygen.\n",
      "writ init --cell writ.example/alpha --human alice --key ~/.ssh/id_ed25519\n",
      WRIT_OPTIONS_INIT, 0, 0, false, writ_cmd_init },
    { "up", WRIT_GROUP_OPERATOR, "start writd", "",
      "Starts the daemon and waits until it answers. Its messages go to writd.log in\n"
      "the home. Says so, and changes nothing, when it is up already.\n",
      "writ up\n", WRIT_OPTIONS_UP, 0, 0, false, writ_cmd_up },
    { "down", WRIT_GROUP_OPERATOR, "stop writd cleanly", "",
      "Returns when the process is gone. Agents cannot act until the next `writ up`.\n",
      "writ down\n", WRIT_OPTIONS_NONE, 0, 0, false, writ_cmd_down },
    { "status", WRIT_GROUP_OPERATOR, "how the authority is", "",
      "Counts, the root of the ledger, what is stopped, and what is in flight.\n",
      "writ status --json | jq .in_flight\n", WRIT_OPTIONS_NONE, 0, 0, false, writ_cmd_status },
    { "human add", WRIT_GROUP_OPERATOR, "add a human, or replace keys and roles", "NAME",
      "An operator signs this. For a human who is known it replaces the keys and the\n"
      "roles, and ends a suspension.\n",
      "writ human add bob --key bob.pub --roles approver\n",
      WRIT_OPTIONS_HUMAN_ADD, 1, 1, false, writ_cmd_human_add },
    { "human suspend", WRIT_GROUP_OPERATOR, "a human's signatures and grants rest", "NAME",
      "At once, without a signature. `writ human add` ends it.\n",
      "writ human suspend bob --reason 'on leave'\n",
      WRIT_OPTIONS_REASON, 1, 1, false, writ_cmd_human_suspend },
    { "human remove", WRIT_GROUP_OPERATOR, "a human is gone for good", "NAME",
      "At once, without a signature. The name cannot come back.\n",
      "writ human remove bob --reason 'left the company'\n",
      WRIT_OPTIONS_REASON, 1, 1, false, writ_cmd_human_remove },
    { "humans", WRIT_GROUP_OPERATOR, "list humans", "",
      "With their roles and the fingerprints of their keys.\n",
      "writ humans\n", WRIT_OPTIONS_NONE, 0, 0, false, writ_cmd_humans },
    { "agent add", WRIT_GROUP_OPERATOR, "register an agent", "NAME",
      "Makes a key for the agent in agents/NAME.key of the home, or takes the one that\n"
      "lies there, or registers the public key that it is given. An operator signs.\n",
      "writ agent add invoice-bot --owner alice --environment production \\\n"
      "    --purpose 'reads invoices and writes summaries'\n",
      WRIT_OPTIONS_AGENT_ADD, 1, 1, false, writ_cmd_agent_add },
    { "agent suspend", WRIT_GROUP_OPERATOR, "an agent may not act for now", "NAME",
      "At once, without a signature. `writ agent add` with the same owner ends it.\n",
      "writ agent suspend invoice-bot --reason 'odd requests since noon'\n",
      WRIT_OPTIONS_REASON, 1, 1, false, writ_cmd_agent_suspend },
    { "agent retire", WRIT_GROUP_OPERATOR, "an agent may never act again", "NAME",
      "At once, without a signature, and for good.\n",
      "writ agent retire invoice-bot --reason 'replaced by invoice-bot-2'\n",
      WRIT_OPTIONS_REASON, 1, 1, false, writ_cmd_agent_retire },
    { "agents", WRIT_GROUP_OPERATOR, "list agents", "",
      "With their owners, environments and purposes.\n",
      "writ agents\n", WRIT_OPTIONS_NONE, 0, 0, false, writ_cmd_agents },
    { "target add", WRIT_GROUP_OPERATOR, "describe a target, or describe it anew", "NAME",
      "A target is what agents act on, such as an MCP server. An operator signs. Tools\n"
      "that were accepted before stay accepted.\n",
      "writ target add files --environment production \\\n"
      "    --resource 'read_file=file://{path}' --sensitive files/tools/move_file\n",
      WRIT_OPTIONS_TARGET_ADD, 1, 1, false, writ_cmd_target_add },
    { "target accept-tool", WRIT_GROUP_OPERATOR, "accept a tool that is new or changed",
      "TARGET TOOL",
      "A tool whose definition is not the accepted one is held: nobody can call it. An\n"
      "operator signs for the definition by its digest.\n",
      "writ target accept-tool files read_file\n",
      WRIT_OPTIONS_ACCEPT_TOOL, 2, 2, false, writ_cmd_target_accept_tool },
    { "targets", WRIT_GROUP_OPERATOR, "list targets and their tools", "",
      "With the tools that are accepted, and those that are held.\n",
      "writ targets\n", WRIT_OPTIONS_NONE, 0, 0, false, writ_cmd_targets },
    { "stop", WRIT_GROUP_OPERATOR, "stop everything, or one target, now", "[TARGET]",
      "The next action is refused. No signature is needed; lifting it needs one.\n",
      "writ stop files --reason 'the disk is being restored'\n",
      WRIT_OPTIONS_REASON, 0, 1, false, writ_cmd_stop },
    { "lift", WRIT_GROUP_OPERATOR, "lift a stop", "INDEX",
      "INDEX is the stop's ledger index, which `writ status` shows. An operator signs.\n",
      "writ lift 4711\n", WRIT_OPTIONS_LIFT, 1, 1, false, writ_cmd_lift },

    { "grant", WRIT_GROUP_APPROVER, "let an agent act: sign a grant", "",
      "Shows the grant in plain words and as the exact text, asks, and has ssh-keygen\n"
      "sign it. Nothing that is not named is allowed.\n",
      "writ grant --holder invoice-bot --purpose 'read the invoices of November' \\\n"
      "    --for 30m --action files/tools/read_file --resource 'file:///srv/invoices/*' \\\n"
      "    --limit calls=20\n",
      WRIT_OPTIONS_GRANT, 0, 0, false, writ_cmd_grant },
    { "grants", WRIT_GROUP_APPROVER, "list grants, or show one", "[GRANT]",
      "Those that are alive, with what they have used; one in full when it is named.\n",
      "writ grants --all\n", WRIT_OPTIONS_ALL, 0, 1, false, writ_cmd_grants },
    { "revoke", WRIT_GROUP_APPROVER, "revoke a grant now", "[GRANT]",
      "The grant and all that was derived from it. At once, without a signature.\n",
      "writ revoke g-7f3a90c2d4e5b611 --reason 'done'\n"
      "writ revoke --agent invoice-bot --reason 'under review'\n",
      WRIT_OPTIONS_REVOKE, 0, 1, false, writ_cmd_revoke },
    { "approvals", WRIT_GROUP_APPROVER, "list what waits for a yes", "",
      "Actions that are held until an approver decides.\n",
      "writ approvals\n", WRIT_OPTIONS_ALL, 0, 0, false, writ_cmd_approvals },
    { "approve", WRIT_GROUP_APPROVER, "say yes to one held action", "APPROVAL",
      "Shows the action with its arguments and the exact text, asks, and has ssh-keygen\n"
      "sign it. It holds for this action, once.\n",
      "writ approve a-2b91\n", WRIT_OPTIONS_APPROVE, 1, 1, false, writ_cmd_approve },
    { "refuse", WRIT_GROUP_APPROVER, "say no to one held action", "APPROVAL",
      "At once, without a signature.\n",
      "writ refuse a-2b91 --reason 'wrong folder'\n",
      WRIT_OPTIONS_REASON, 1, 1, false, writ_cmd_refuse },

    { "mcp", WRIT_GROUP_RUNNER, "run an MCP server behind the authority",
      "-- COMMAND [ARGUMENT …]",
      "Stands between an MCP client, on stdin and stdout, and the server that COMMAND\n"
      "starts. Put it where the client's configuration has the server's command.\n",
      "writ mcp --target files --agent invoice-bot -- npx @example/server /srv\n",
      WRIT_OPTIONS_MCP, 0, 0, true, writ_cmd_mcp },
    { "derive", WRIT_GROUP_RUNNER, "pass on a part of a grant to another agent", "",
      "Signed with the key of the agent that holds the parent. What is not given is as\n"
      "in the parent; nothing can be more than in the parent.\n",
      "writ derive --parent g-7f3a90c2d4e5b611 --holder summary-bot --for 5m \\\n"
      "    --action files/tools/read_file --limit calls=3 --yes\n",
      WRIT_OPTIONS_DERIVE, 0, 0, false, writ_cmd_derive },

    { "log", WRIT_GROUP_AUDITOR, "read the ledger", "",
      "One line a record; with --json one record a line, exactly as it is stored. Reads\n"
      "the files: writd need not be up.\n",
      "writ log --follow --type 'action.*'\n", WRIT_OPTIONS_LOG, 0, 0, false, writ_cmd_log },
    { "show", WRIT_GROUP_AUDITOR, "tell the story of a transaction", "TXN",
      "Who let whom do what, each action with its verdict and outcome, and who approved.\n"
      "With --payloads also arguments and results, which is recorded.\n",
      "writ show t-5d0f0c1a2b3c4d5e\n", WRIT_OPTIONS_SHOW, 1, 1, false, writ_cmd_show },
    { "replay", WRIT_GROUP_AUDITOR, "take every decision again and compare", "[TXN]",
      "Makes each record of the ledger anew from those before it, and checks every\n"
      "signature. Exit code 1 when one comes out differently.\n",
      "writ replay\n", WRIT_OPTIONS_REPLAY, 0, 1, false, writ_cmd_replay },
    { "verify", WRIT_GROUP_AUDITOR, "check a ledger, an evidence package or a proof",
      "[DIR | FILE.writ | FILE.tlog-proof]",
      "Without an argument the ledger of the home; else a copy of a ledger, a package\n"
      "made by `writ export`, or a proof made by `writ prove` with its record. With\n"
      "--key it needs neither a home nor a daemon then.\n",
      "writ verify t-5d0f0c1a2b3c4d5e.writ --key alpha.vkey\n",
      WRIT_OPTIONS_VERIFY, 0, 1, false, writ_cmd_verify },
    { "export", WRIT_GROUP_AUDITOR, "make an evidence package of a transaction", "TXN",
      "One file with the records of the transaction and all they stand on, each with a\n"
      "proof that it is in the ledger. It holds no arguments and no results.\n",
      "writ export t-5d0f0c1a2b3c4d5e -o november.writ\n",
      WRIT_OPTIONS_EXPORT, 1, 1, false, writ_cmd_export },
    { "prove", WRIT_GROUP_AUDITOR, "prove that one record is in the ledger", "INDEX",
      "Writes a tlog-proof file: the way from the record to the root that the ledger's\n"
      "key signed. Any tool for that format can check it against the record's bytes.\n",
      "writ prove 4711 -o stop.tlog-proof --record stop.json\n",
      WRIT_OPTIONS_PROVE, 1, 1, false, writ_cmd_prove },
    { "consistent", WRIT_GROUP_AUDITOR, "show that the ledger only grew", "OLD [NEW]",
      "OLD is a file with a checkpoint that was kept from earlier. What stood under it\n"
      "must stand, unchanged, under the checkpoint that is published now, or first under\n"
      "the one in NEW and that under the published one. Exit code 1 when not.\n",
      "writ consistent checkpoint-of-monday --key alpha.vkey\n",
      WRIT_OPTIONS_CONSISTENT, 1, 2, false, writ_cmd_consistent },
    { "witness", WRIT_GROUP_AUDITOR, "cosign a ledger's checkpoints as a witness", "[DIR]",
      "Cosigns the checkpoint of the ledger in DIR if it goes on from the one that was\n"
      "cosigned before, which the state file remembers; refuses a ledger that was rolled\n"
      "back or forked, with exit code 1. Run it where the operator has no say.\n",
      "writ witness --new --key w1.key --name witness.example/w1\n"
      "writ witness --key w1.key --name witness.example/w1 --log alpha.vkey \\\n"
      "    --state alpha.state -o alpha.cosigned /mnt/alpha/ledger\n",
      WRIT_OPTIONS_WITNESS, 0, 1, false, writ_cmd_witness },

    { "completion", WRIT_GROUP_ANYONE, "print a completion script", "bash | zsh",
      "For the shell to read.\n",
      "source <(writ completion bash)\n",
      WRIT_OPTIONS_NONE, 1, 1, false, writ_cmd_completion },
    { "help", WRIT_GROUP_ANYONE, "say what the commands do", "[COMMAND]",
      "The same as `writ COMMAND --help`.\n",
      "writ help grant\n", WRIT_OPTIONS_NONE, 0, 2, false, writ_cmd_help },
    { NULL, WRIT_GROUP_NONE, NULL, NULL, NULL, NULL, NULL, 0, 0, false, NULL },
};
/* clang-format on */

/* How many words of the name stand at the start of argv; 0 when they do not. */
static int match(const char *name, int argc, char *const *argv)
{
    const char *space = strchr(name, ' ');
    size_t first = space != NULL ? (size_t)(space - name) : strlen(name);

    if (argc < 1 || strlen(argv[0]) != first || strncmp(argv[0], name, first) != 0)
        return 0;
    if (space == NULL)
        return 1;
    return argc >= 2 && strcmp(argv[1], space + 1) == 0 ? 2 : 0;
}

const struct writ_command *writ_command_find(int argc, char *const *argv, int *used)
{
    for (const struct writ_command *c = WRIT_COMMANDS; c->name != NULL; c++) {
        int n = match(c->name, argc, argv);
        if (n != 0) {
            *used = n;
            return c;
        }
    }
    return NULL;
}

const char *writ_command_nearest(struct writ_slice name)
{
    const char *nearest = NULL;
    size_t distance = name.len < 4 ? 2 : 3;

    for (const struct writ_command *c = WRIT_COMMANDS; c->name != NULL; c++) {
        size_t d = writ_text_distance(name, writ_cstr(c->name));
        if (d < distance) {
            distance = d;
            nearest = c->name;
        }
    }
    return nearest;
}

struct writ_args_spec writ_command_spec(const struct writ_command *c)
{
    return (struct writ_args_spec){ WRIT_GLOBAL_OPTIONS, c->options, c->words_min, c->words_max,
                                    c->tail };
}
