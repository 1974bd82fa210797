/* train:experiment: values of a setting, each with several seeds, side by side. */
#include "cli.h"

#include <string.h>

/* "0.0412 ± 0.0031", or "-". */
static const char *experiment_spread(char out[64], const tl_value *of, double scale, const char *unit)
{
    char mean[32], deviation[32];
    double middle = tl_value_number(tl_value_get(of, "mean"), CLI_NO_NUMBER);
    if (!(middle == middle)) return "-";
    if (scale != 1.0) {
        snprintf(out, 64, "%.1f ± %.1f%s", scale * middle, scale * tl_value_number(tl_value_get(of, "std"), 0.0),
                 unit);
        return out;
    }
    snprintf(out, 64, "%s ± %s", cli_figure(mean, middle),
             cli_figure(deviation, tl_value_number(tl_value_get(of, "std"), 0.0)));
    return out;
}

static void experiment_table(const tl_value *experiment)
{
    const tl_value *list = tl_value_get(experiment, "statistics");
    const char *best = tl_value_text(tl_value_get(experiment, "best"), "");
    int width = 8;
    bool accuracy = false;
    for (size_t i = 0; i < tl_value_count(list); i++) {
        int size = (int)strlen(tl_value_text(tl_value_get(tl_value_at(list, i), "label"), ""));
        if (size > width) width = size;
        accuracy = accuracy || tl_value_get(tl_value_at(list, i), "val_accuracy");
    }
    cli_cell(stdout, tl_value_text(tl_value_get(experiment, "type"), ""), width);
    printf("   runs            val_loss%s        epochs\n", accuracy ? "      val_accuracy" : "");
    for (size_t i = 0; i < tl_value_count(list); i++) {
        const tl_value *of = tl_value_at(list, i);
        const char *label = tl_value_text(tl_value_get(of, "label"), "");
        char text[64], count[32];
        cli_cell(stdout, label, width);
        cli_cell(stdout, cli_count(count, tl_value_integer(tl_value_get(of, "epochs.n"), 0)), -7);
        cli_cell(stdout, experiment_spread(text, tl_value_get(of, "val_loss"), 1.0, ""), -20);
        if (accuracy) cli_cell(stdout, experiment_spread(text, tl_value_get(of, "val_accuracy"), 100.0, " %"), -18);
        cli_cell(stdout, experiment_spread(text, tl_value_get(of, "epochs"), 1.00001, ""), -14);
        puts(strcmp(label, best) == 0 ? "  best" : "");
    }
}

static size_t experiment_failed(const tl_value *experiment)
{
    const tl_value *runs = tl_value_get(experiment, "runs");
    size_t failed = 0;
    for (size_t i = 0; i < tl_value_count(runs); i++)
        failed += strcmp(tl_value_text(tl_value_get(tl_value_at(runs, i), "status"), ""), "failed") == 0;
    return failed;
}

static void experiment_show(const tl_value *experiment)
{
    const char *config = tl_value_text(tl_value_get(experiment, "best_config"), NULL);
    size_t failed = experiment_failed(experiment);
    experiment_table(experiment);
    if (failed) printf("\n%zu run%s failed; summary.csv says why\n", failed, failed == 1 ? "" : "s");
    printf("\n%s   summary.csv  summary.json%s%s\n", tl_value_text(tl_value_get(experiment, "folder"), ""),
           tl_value_get(experiment, "report") ? "  report.html" : "", config ? "  best.yaml" : "");
}

static int experiment_run(cli_state *cli)
{
    tl_options options = cli_options(cli);
    tl_error error = {0};
    tl_value *result;
    if (cli_shard(cli, &options) != CLI_OK) return CLI_USAGE;
    tl_status status = tl_experiment(cli->context, cli->arguments.operand, &options, &result, &error);
    cli_clear_bar(&cli->terminal);
    if (status == TL_CANCELLED) fputs("interrupted; the same command goes on with the runs that are left\n", stderr);
    if (status != TL_OK) return cli_failed(cli, status, &error);
    int exit_status = CLI_OK;
    const tl_value *list = tl_value_get(result, "experiments");
    for (size_t i = 0; i < tl_value_count(list); i++) {
        size_t runs = tl_value_count(tl_value_get(tl_value_at(list, i), "runs"));
        if (runs > 0 && experiment_failed(tl_value_at(list, i)) == runs) exit_status = CLI_FAILURE;
    }
    if (cli->arguments.json) {
        if (cli_print_json(cli, result) != CLI_OK) exit_status = CLI_FAILURE;
    } else {
        if (!cli->terminal.silent) putc('\n', stderr), fflush(stderr);
        for (size_t i = 0; i < tl_value_count(list); i++) {
            if (i) putchar('\n');
            experiment_show(tl_value_at(list, i));
        }
    }
    tl_value_free(cli->context, result);
    return exit_status;
}

const cli_command *cli_command_experiment(void)
{
    static const cli_command command = {
        "train:experiment", "[CONFIG]", "kind vary run-seeds apply-best shard",
        "compare values of a setting over several seeds",
        "Trains once for each value and seed, with detailed analytics, and says what the seeds make of each value:\n"
        "mean, deviation, number. Runs lie in training_analytics/experiments/NAME/run_ID, their models in\n"
        "output/experiments/NAME/run_ID. A run that fails is recorded and the others go on; exit status 1: all of\n"
        "them failed. What is finished is not run again, so the same command goes on after an interruption.\n\n"
        "  --kind lr                    learning rates 0.01, 0.001, 0.0001, 0.00001\n"
        "  --kind patience              early stopping after 10, 20, 30, 50 epochs\n"
        "  --kind architecture          hidden layers [32, 16] to [256, 128, 64]\n\n"
        "Without --kind and --vary: those of the config's experiments: block.\n\n"
        "  trainlib train:experiment config.yaml --kind lr --apply-best\n"
        "  trainlib train:experiment config.yaml --vary 'optimization.dropout=[0.1, 0.3]' --run-seeds 1,2,3,4,5",
        experiment_run};
    return &command;
}
