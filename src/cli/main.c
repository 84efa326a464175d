#include "command.h"

#include <signal.h>

#include "base/banned.h"

int main(int argc, char **argv)
{
    /* A reader that left is an error of writing, not the end of a half-done change. */
    (void)signal(SIGPIPE, SIG_IGN);
    return writ_cli_main(argc, argv, writ_out_open(stdout), writ_out_open(stderr));
}
