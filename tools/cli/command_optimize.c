/* train:optimize: search the settings for better ones. */
#include "cli.h"

static void optimize_table(cli_state *cli, const tl_value *result)
{
    const tl_value *trials = tl_value_get(result, "best_trials");
    char text[32];
    for (size_t i = 0; i < tl_value_count(trials); i++) {
        const tl_value *trial = tl_value_at(trials, i), *parameters = tl_value_get(trial, "parameters");
        if (i == 0) {
            cli_cell(stdout, "trial", -6);
            cli_cell(stdout, tl_value_text(tl_value_get(result, "metric"), "score"), -20);
            for (size_t j = 0; j < tl_value_count(parameters); j++) printf("  %s", tl_value_key_at(parameters, j));
            putchar('\n');
        }
        cli_cell(stdout, cli_count(text, tl_value_integer(tl_value_get(trial, "trial"), 0)), -6);
        cli_cell(stdout, cli_figure(text, tl_value_number(tl_value_get(trial, "score"), CLI_NO_NUMBER)), -20);
        for (size_t j = 0; j < tl_value_count(parameters); j++) {
            char *json;
            int width = 0;
            for (const char *c = tl_value_key_at(parameters, j); *c; c++) width++;
            if (tl_value_json(cli->context, tl_value_at(parameters, j), 0, &json) != TL_OK) continue;
            fputs("  ", stdout);
            cli_cell(stdout, json, -width);
            tl_text_free(cli->context, json);
        }
        putchar('\n');
    }
}

static int optimize_run(cli_state *cli)
{
    tl_options options = cli_options(cli);
    tl_error error = {0};
    tl_value *result;
    tl_status status = tl_optimize(cli->context, cli->arguments.operand, &options, &result, &error);
    if (status == TL_CANCELLED) {
        cli_clear_bar(&cli->terminal);
        fputs("interrupted; the same command with --resume goes on with the trials that are left\n", stderr);
    }
    if (status != TL_OK) return cli_failed(cli, status, &error);
    int exit_status = CLI_OK;
    if (cli->arguments.json) {
        exit_status = cli_print_json(cli, result);
    } else {
        optimize_table(cli, result);
        printf("\n%s   trials.csv  trials.json  best.yaml\n", tl_value_text(tl_value_get(result, "folder"), ""));
    }
    tl_value_free(cli->context, result);
    return exit_status;
}

const cli_command *cli_command_optimize(void)
{
    static const cli_command command = {
        "train:optimize", "CONFIG", "resume", "search the settings for better ones",
        "Trains once for each trial of the config's search: block and orders the trials by the validation part; the test\n"
        "part is not looked at. Every trial is recorded as it ends, and best.yaml is the config of the best one.\n\n"
        "  search:\n"
        "    method: random               # or grid\n"
        "    trials: 20\n"
        "    parameters:\n"
        "      training.learning_rate: {min: 0.0001, max: 0.1, scale: log}\n"
        "      network.hidden_size: [16, 32, 64]\n\n"
        "  trainlib train:optimize config.yaml",
        optimize_run};
    return &command;
}
