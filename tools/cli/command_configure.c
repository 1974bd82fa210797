/* train:configure: writes, checks and explains configs. */
#include "cli.h"

#include <string.h>

static int configure_run(cli_state *cli)
{
    tl_options options = cli_options(cli);
    tl_error error = {0};
    tl_value *result;
    tl_status status = tl_configure(cli->context, cli->arguments.operand, &options, &result, &error);
    if (status != TL_OK) return cli_failed(cli, status, &error);
    int exit_status = CLI_OK;
    if (cli->arguments.json) exit_status = cli_print_json(cli, result);
    else fputs(tl_value_text(tl_value_get(result, "text"), ""), stdout);
    tl_value_free(cli->context, result);
    return exit_status;
}

const cli_command *cli_command_configure(void)
{
    static const cli_command command = {
        "train:configure", "CONFIG", "preset check explain expand", "write, check or explain a config",
        "Prints a config with every setting, its meaning, range and default; begins with CONFIG where one is named, "
        "else\nwith a preset. --check only says what is wrong with CONFIG. --explain describes a setting, a block or a "
        "kind.\n--expand prints CONFIG with the layers of its architecture listed, as a start for one of your own.\n\n"
        "  trainlib train:configure --preset plain --set data.file=iris.csv > config.yaml\n"
        "  trainlib train:configure config.yaml --check\n"
        "  trainlib train:configure config.yaml --expand > layers.yaml\n"
        "  trainlib train:configure --explain training.optimizer.adam",
        configure_run};
    return &command;
}
