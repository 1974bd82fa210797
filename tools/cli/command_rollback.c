/* train:rollback: an earlier version becomes the current one again. */
#include "cli.h"

static int rollback_run(cli_state *cli)
{
    tl_options options = cli_options(cli);
    tl_error error = {0};
    tl_value *result;
    tl_status status = tl_rollback(cli->context, cli->arguments.operand, &options, &result, &error);
    if (status != TL_OK) return cli_failed(cli, status, &error);
    int exit_status = CLI_OK;
    if (cli->arguments.json) exit_status = cli_print_json(cli, result);
    else
        printf("%s is at %.12s again, as version %.12s (instead of %.12s)\n%s\n",
               tl_value_text(tl_value_get(result, "name"), ""), tl_value_text(tl_value_get(result, "parent"), ""),
               tl_value_text(tl_value_get(result, "id"), ""), tl_value_text(tl_value_get(result, "replaces"), ""),
               tl_value_text(tl_value_get(result, "model"), ""));
    tl_value_free(cli->context, result);
    return exit_status;
}

const cli_command *cli_command_rollback(void)
{
    static const cli_command command = {
        "train:rollback", "VERSION", "note tag", "make an earlier version the current one",
        "Makes a new version with the model of an earlier one, whose child it is, and puts the model in\n"
        "output/versions/NAME.safetensors, where programs that use the current model read it. Nothing is lost: the\n"
        "version that was current stays, and can be gone back to in turn.\n\n"
        "  trainlib train:rollback 3fa9c1d2 --note 'the new one fails on Mondays'",
        rollback_run};
    return &command;
}
