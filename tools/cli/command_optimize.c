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

/* A trial has only the parameters that count in it. */
static const tl_value *optimize_parameter(const tl_value *trial, const char *name)
{
    const tl_value *parameters = tl_value_get(trial, "parameters");
    for (size_t j = 0; j < tl_value_count(parameters); j++)
        if (!strcmp(tl_value_key_at(parameters, j), name)) return tl_value_at(parameters, j);
    return NULL;
}

static void optimize_table(cli_state *cli, const tl_value *result)
{
    const tl_value *trials = tl_value_get(result, "best_trials");
    const tl_value *first = tl_value_get(result, "importance");    /* has all parameters */
    size_t columns = tl_value_count(first) < PARAMETERS ? tl_value_count(first) : PARAMETERS;
    int width[PARAMETERS] = {0};
    char cell[CELL];
    for (size_t j = 0; j < columns; j++) {
        width[j] = (int)strlen(tl_value_key_at(first, j));
        for (size_t i = 0; i < tl_value_count(trials); i++) {
            const tl_value *value = optimize_parameter(tl_value_at(trials, i), tl_value_key_at(first, j));
            int size = value ? (int)strlen(optimize_cell(cli, value, cell)) : 1;
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
        const tl_value *trial = tl_value_at(trials, i);
        char text[32];
        cli_cell(stdout, cli_count(text, tl_value_integer(tl_value_get(trial, "trial"), 0)), -6);
        cli_cell(stdout, cli_figure(text, tl_value_number(tl_value_get(trial, "score"), CLI_NO_NUMBER)), -11);
        for (size_t j = 0; j < columns; j++) {
            fputs("  ", stdout);
            const tl_value *value = optimize_parameter(trial, tl_value_key_at(first, j));
            cli_cell(stdout, value ? optimize_cell(cli, value, cell) : "-", j + 1 < columns ? width[j] : 0);
        }
        putchar('\n');
    }
}

/* "importance  training.learning_rate 71 %   optimization.dropout 8 %", the largest first. */
static void optimize_importance(const tl_value *result)
{
    const tl_value *shares = tl_value_get(result, "importance");
    bool shown[PARAMETERS] = {false};
    size_t count = tl_value_count(shares) < PARAMETERS ? tl_value_count(shares) : PARAMETERS;
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) sum += tl_value_number(tl_value_at(shares, i), 0.0);
    if (!(sum > 0.0)) return;
    fputs("\nimportance", stdout);
    for (size_t turn = 0; turn < count; turn++) {
        size_t best = count;
        for (size_t i = 0; i < count; i++)
            if (!shown[i] && (best == count || tl_value_number(tl_value_at(shares, i), 0.0) >
                                                   tl_value_number(tl_value_at(shares, best), 0.0))) best = i;
        shown[best] = true;
        printf("  %s %.0f %%", tl_value_key_at(shares, best), 100.0 * tl_value_number(tl_value_at(shares, best), 0.0));
    }
    printf("  together %.0f %%\n", sum < 1.0 ? 100.0 * (1.0 - sum) : 0.0);
}

static int optimize_run(cli_state *cli)
{
    tl_options options = cli_options(cli);
    tl_error error = {0};
    tl_value *result;
    if (cli_shard(cli, &options) != CLI_OK) return CLI_USAGE;
    tl_status status = tl_optimize(cli->context, cli->arguments.operand, &options, &result, &error);
    cli_clear_bar(&cli->terminal);
    if (status == TL_CANCELLED)
        fputs("interrupted; the same command with --resume goes on with the trials that are left\n", stderr);
    if (status != TL_OK) return cli_failed(cli, status, &error);
    int exit_status = CLI_OK;
    if (cli->arguments.json) {
        exit_status = cli_print_json(cli, result);
    } else {
        int64_t stopped = tl_value_integer(tl_value_get(result, "stopped"), 0);
        int64_t failed = tl_value_integer(tl_value_get(result, "failed"), 0);
        if (!cli->terminal.silent) putc('\n', stderr), fflush(stderr);
        optimize_table(cli, result);
        if (stopped) printf("\n%lld of %lld trials were stopped early\n", (long long)stopped,
                            (long long)tl_value_integer(tl_value_get(result, "trials"), 0));
        if (failed) printf("\n%lld trial%s failed; trials.jsonl says why\n", (long long)failed, failed == 1 ? "" : "s");
        optimize_importance(result);
        printf("\n%s   trials.csv  trials.jsonl  best.yaml\n", tl_value_text(tl_value_get(result, "folder"), ""));
    }
    tl_value_free(cli->context, result);
    return exit_status;
}

const cli_command *cli_command_optimize(void)
{
    static const cli_command command = {
        "train:optimize", "[CONFIG]", "vary resume shard", "search the settings for better ones",
        "Trains once for each trial of the config's search: block and orders the trials by the validation part; the "
        "test\npart is not looked at. Every trial is recorded as it ends, and best.yaml is the config of the best "
        "one.\n\n  search:\n"
        "    method: auto                 # bayesian, tpe, random or grid\n"
        "    trials: 50\n"
        "    stop: {method: asha}         # end hopeless trials early\n"
        "    parameters:\n"
        "      training.learning_rate: {min: 0.0001, max: 0.1, scale: log}\n"
        "      network.hidden_size: [16, 32, 64]\n"
        "      training.optimizer: auto   # the values that are usual, of this and of any setting\n"
        "      training.optimizer.momentum: {max: 0.95}    # counts in trials with an optimizer that has it\n\n"
        "parameters: [training.learning_rate, optimization.dropout] takes the usual values of these settings, which\n"
        "train:configure --explain shows. --vary SETTING does the same without a search: block, --vary SETTING=[...] "
        "or\n--vary 'SETTING={min: 1, max: 8}' says which; they take the place of the config's parameters.\n\n"
        "With --resume it goes on after an interruption, or works beside the process that is at it: to the same "
        "result.\n\n"
        "  trainlib train:optimize config.yaml\n"
        "  trainlib train:optimize config.yaml --vary training.learning_rate --vary optimization.dropout "
        "--set search.trials=20",
        optimize_run};
    return &command;
}
