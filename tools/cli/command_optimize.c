/* train:optimize: search the settings for better ones. */
#include "cli.h"

#include <string.h>

enum { PARAMETERS = 32, CELL = 64 };

/* A value as one would write it in the config: JSON without its quotes, cut when it is long. */
static const char *optimize_cell(cli_state *cli, const tl_value *value, char out[CELL])
{
    char *json;
    size_t used = 0;
    out[0] = '\0';
    if (tl_value_json(cli->context, value, 0, &json) != TL_OK) return out;
    for (const char *c = json; *c && used < CELL - 1; c++)
        if (*c != '"') out[used++] = *c;
    out[used] = '\0';
    if (used == CELL - 1) memcpy(out + CELL - 4, "...", 4);
    tl_text_free(cli->context, json);
    return out;
}

static void optimize_table(cli_state *cli, const tl_value *result)
{
    const tl_value *trials = tl_value_get(result, "best_trials");
    const tl_value *first = tl_value_get(tl_value_at(trials, 0), "parameters");
    size_t columns = tl_value_count(first) < PARAMETERS ? tl_value_count(first) : PARAMETERS;
    int width[PARAMETERS] = {0};
    char cell[CELL];
    for (size_t j = 0; j < columns; j++) {
        width[j] = (int)strlen(tl_value_key_at(first, j));
        for (size_t i = 0; i < tl_value_count(trials); i++) {
            const tl_value *value = tl_value_at(tl_value_get(tl_value_at(trials, i), "parameters"), j);
            int size = (int)strlen(optimize_cell(cli, value, cell));
            if (size > width[j]) width[j] = size;
        }
    }
    cli_cell(stdout, "trial", -6);
    cli_cell(stdout, tl_value_text(tl_value_get(result, "metric"), "score"), -11);
    for (size_t j = 0; j < columns; j++) {
        fputs("  ", stdout);
        cli_cell(stdout, tl_value_key_at(first, j), j + 1 < columns ? width[j] : 0);
    }
    putchar('\n');
    for (size_t i = 0; i < tl_value_count(trials); i++) {
        const tl_value *trial = tl_value_at(trials, i), *parameters = tl_value_get(trial, "parameters");
        char text[32];
        cli_cell(stdout, cli_count(text, tl_value_integer(tl_value_get(trial, "trial"), 0)), -6);
        cli_cell(stdout, cli_figure(text, tl_value_number(tl_value_get(trial, "score"), CLI_NO_NUMBER)), -11);
        for (size_t j = 0; j < columns; j++) {
            fputs("  ", stdout);
            cli_cell(stdout, optimize_cell(cli, tl_value_at(parameters, j), cell), j + 1 < columns ? width[j] : 0);
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
        if (!cli->terminal.silent) putc('\n', stderr), fflush(stderr);
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
        "Trains once for each trial of the config's search: block and orders the trials by the validation part; the "
        "test\npart is not looked at. Every trial is recorded as it ends, and best.yaml is the config of the best "
        "one.\n\n  search:\n"
        "    method: random               # or grid\n"
        "    trials: 20\n"
        "    parameters:\n"
        "      training.learning_rate: {min: 0.0001, max: 0.1, scale: log}\n"
        "      network.hidden_size: [16, 32, 64]\n\n"
        "  trainlib train:optimize config.yaml",
        optimize_run};
    return &command;
}
