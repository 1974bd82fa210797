/* train:configure: writes, checks and explains configs. */
#include "cli.h"

#include <string.h>

/* Is the operand a run that should have other settings? */
static bool configure_is_live(cli_state *cli, const tl_options *options)
{
    const cli_arguments *a = &cli->arguments;
    tl_error error = {0};
    tl_value *status;
    bool writes = a->apply_advice || a->check || a->explain || a->expand || a->preset;
    if (writes || !a->set_count || !a->operand || strstr(a->operand, ".y")) return false;
    if (tl_run_status(cli->context, a->operand, options, &status, &error) != TL_OK) return false;
    tl_value_free(cli->context, status);
    return true;
}

static int configure_change(cli_state *cli, const tl_options *options)
{
    tl_error error = {0};
    tl_value *answer;
    tl_status status = tl_run_control(cli->context, cli->arguments.operand, NULL, options, &answer, &error);
    if (status != TL_OK) return cli_failed(cli, status, &error);
    int exit_status = CLI_OK;
    if (cli->arguments.json) exit_status = cli_print_json(cli, answer);
    else
        printf("changed from step %lld on\n", (long long)tl_value_integer(tl_value_get(answer, "step"), 0) + 1);
    tl_value_free(cli->context, answer);
    return exit_status;
}

static int configure_run(cli_state *cli)
{
    tl_options options = cli_options(cli);
    tl_error error = {0};
    tl_value *result;
    if (configure_is_live(cli, &options)) return configure_change(cli, &options);
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
        "train:configure", "[CONFIG]", "preset check explain expand apply-advice", "write, check or explain a config",
        "Prints a config with every setting, its meaning, range and default; begins with CONFIG where one is named, "
        "else\nwith a preset. --check only says what is wrong with CONFIG. --explain describes a setting, a block or a "
        "kind.\n--expand prints CONFIG with the layers of its architecture listed, as a start for one of your own.\n"
        "--apply-advice prints the config of a run with the changes that train:diagnose advises, with reasons.\n"
        "Where CONFIG is the folder of a run that is on, --set changes that run at its next step.\n\n"
        "  trainlib train:configure --preset plain --set data.file=iris.csv > config.yaml\n"
        "  trainlib train:configure config.yaml --check\n"
        "  trainlib train:configure config.yaml --expand > layers.yaml\n"
        "  trainlib train:configure --explain training.optimizer.adam\n"
        "  trainlib train:configure --apply-advice output/runs/iris_20261121_093000 > next.yaml\n"
        "  trainlib train:configure output/runs/iris_20261121_093000 --set training.learning_rate=1e-4",
        configure_run};
    return &command;
}
