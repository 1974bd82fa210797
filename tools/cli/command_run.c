/* train:run. The result's table goes to standard output; how it comes about, to standard error. */
#include "cli.h"

#include <string.h>

/* A line per layer, then the parts of the memory and their sum. */
static void print_plan(const tl_value *plan)
{
    const tl_value *layers = tl_value_get(plan, "layers"), *memory = tl_value_get(plan, "memory");
    char text[32];
    cli_cell(stdout, "layer", 20), cli_cell(stdout, "type", 12), cli_cell(stdout, "shape", 16);
    cli_cell(stdout, "parameters", -12), cli_cell(stdout, "FLOPs a row", -14), cli_cell(stdout, "memory", -12);
    putchar('\n');
    for (size_t i = 0; i < tl_value_count(layers); i++) {
        const tl_value *layer = tl_value_at(layers, i);
        cli_cell(stdout, tl_value_text(tl_value_get(layer, "name"), ""), 20);
        cli_cell(stdout, tl_value_text(tl_value_get(layer, "type"), ""), 12);
        cli_cell(stdout, tl_value_text(tl_value_get(layer, "shape"), ""), 16);
        cli_cell(stdout, cli_count(text, tl_value_integer(tl_value_get(layer, "parameters"), 0)), -12);
        cli_cell(stdout, cli_count(text, tl_value_integer(tl_value_get(layer, "flops"), 0)), -14);
        cli_cell(stdout, cli_bytes(text, tl_value_number(tl_value_get(layer, "bytes"), 0)), -12);
        putchar('\n');
    }
    putchar('\n');
    for (size_t i = 0; i < tl_value_count(memory); i++) {
        cli_cell(stdout, tl_value_key_at(memory, i), 36);
        cli_cell(stdout, cli_bytes(text, tl_value_number(tl_value_at(memory, i), 0)), -12);
        putchar('\n');
    }
    printf("\n%s parameters, ", cli_count(text, tl_value_integer(tl_value_get(plan, "parameters"), 0)));
    printf("%s FLOPs a row, ", cli_count(text, tl_value_integer(tl_value_get(plan, "flops"), 0)));
    printf("%s planned for training\n", cli_bytes(text, tl_value_number(tl_value_get(plan, "memory_bytes"), 0)));
}

static int run_plan(cli_state *cli)
{
    tl_options options = cli_options(cli);
    tl_error error = {0};
    tl_value *plan;
    tl_status status = tl_plan(cli->context, cli->arguments.operand, &options, &plan, &error);
    if (status != TL_OK) return cli_failed(cli, status, &error);
    int result = CLI_OK;
    if (cli->arguments.json) result = cli_print_json(cli, plan);
    else print_plan(plan);
    tl_value_free(cli->context, plan);
    return result;
}

static void run_interrupted(const tl_run_result *result)
{
    if (!result->run[0]) return;
    fprintf(stderr, "interrupted after epoch %lld; to go on: trainlib train:run --resume %s\n",
            (long long)result->epochs,
            result->run);
}

static const char *run_time(char out[32], double seconds)
{
    if (seconds < 1e-3) snprintf(out, 32, "%.3g us", 1e6 * seconds);
    else if (seconds < 1) snprintf(out, 32, "%.3g ms", 1e3 * seconds);
    else snprintf(out, 32, "%.3g s", seconds);
    return out;
}

/* An epoch of the run beside what its parts were measured to take. */
static void run_show_epoch(const tl_value *epoch)
{
    static const char *const names[][2] = {{"steps_seconds", "its steps"}, {"validation_seconds", "validation"},
                                           {"output_seconds", "files and screen"}};
    char time[32];
    if (!epoch) return;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        printf("%s %s %s", i ? "," : "an epoch:", names[i][1],
               run_time(time, tl_value_number(tl_value_get(epoch, names[i][0]), 0)));
    printf("; the run took %s for one\n", run_time(time, tl_value_number(tl_value_get(epoch, "run_seconds"), 0)));
}

/* Where the time of a step goes. */
static void run_show_profile(const tl_value *profile)
{
    const tl_value *rows = tl_value_get(profile, "rows"), *advice = tl_value_get(profile, "suggestions");
    printf("\n%-22s %-10s %12s %8s %9s %9s\n", "layer", "phase", "us a step", "share", "GFLOP/s", "of peak");
    for (size_t i = 0; i < tl_value_count(rows); i++) {
        const tl_value *row = tl_value_at(rows, i), *speed = tl_value_get(row, "gflops");
        printf("%-22s %-10s %12.1f %7.1f%%", tl_value_text(tl_value_get(row, "name"), ""),
               tl_value_text(tl_value_get(row, "phase"), ""), tl_value_number(tl_value_get(row, "microseconds"), 0),
               100 * tl_value_number(tl_value_get(row, "share"), 0));
        if (speed)
            printf(" %9.1f %8.0f%%", tl_value_number(speed, 0),
                   100 * tl_value_number(tl_value_get(row, "of_peak"), 0));
        putchar('\n');
    }
    printf("a step takes %.1f us (its parts one after the other %.1f): %.1f GFLOP/s where a large matrix product has "
           "%.1f\n",
           tl_value_number(tl_value_get(profile, "step_microseconds"), 0),
           tl_value_number(tl_value_get(profile, "parts_microseconds"), 0),
           tl_value_number(tl_value_get(profile, "gflops"), 0),
           tl_value_number(tl_value_get(profile, "peak_gflops"), 0));
    run_show_epoch(tl_value_get(profile, "epoch"));
    for (size_t i = 0; i < tl_value_count(advice); i++)
        printf("\xe2\x86\x92 %s\n", tl_value_text(tl_value_at(advice, i), ""));
}

static int run_profile(cli_state *cli, const char *run, const tl_options *options)
{
    tl_error error = {0};
    tl_value *profile;
    tl_options again = *options;
    again.set_count = 0;
    tl_status status = tl_profile(cli->context, run, &again, &profile, &error);
    if (status != TL_OK) return cli_failed(cli, status, &error);
    if (!cli->arguments.json) run_show_profile(profile);
    tl_value_free(cli->context, profile);
    return CLI_OK;
}

static int run_run(cli_state *cli)
{
    if (cli->arguments.plan) return run_plan(cli);
    tl_options options = cli_options(cli);
    tl_error error = {0};
    tl_run_result result;
    memset(&result, 0, sizeof result);
    tl_status status = tl_run(cli->context, cli->arguments.operand, &options, &result, &error);
    cli_clear_bar(&cli->terminal);
    if (status == TL_CANCELLED) run_interrupted(&result);
    if (status != TL_OK && !(status == TL_CANCELLED && cli->arguments.json)) return cli_failed(cli, status, &error);
    tl_value *value;
    tl_status made = tl_run_result_value(cli->context, &result, &value);
    if (made != TL_OK) return cli_failed(cli, made, &error);
    int exit_status = CLI_OK;
    if (cli->arguments.json) {
        exit_status = cli_print_json(cli, value);
    } else {
        char time[32], speed[32];
        if (!cli->terminal.silent) putc('\n', stderr), fflush(stderr);
        cli_print_scores(value);
        if (result.models) {
            printf("\n%s of %lld models: %.4f \xc2\xb1 %.4f\n", result.metric, (long long)result.models, result.mean,
                   result.deviation);
        }
        printf("\n%s   %s, %s samples/s   %s%s\n", result.run, cli_duration(time, result.seconds),
               cli_count(speed, (int64_t)(result.samples_per_second + 0.5)),
               *result.report ? "report.html  " : "",
               result.models ? "metrics.json" : "metrics.csv  metrics.json  model.safetensors");
    }
    tl_value_free(cli->context, value);
    if (cli->arguments.profile && status == TL_OK && exit_status == CLI_OK && !result.models)
        exit_status = run_profile(cli, result.run, &options);
    return status == TL_CANCELLED ? CLI_INTERRUPTED : exit_status;
}

const cli_command *cli_command_run(void)
{
    static const cli_command command = {
        "train:run", "[CONFIG]",
        "resume from note tag plan profile loss-function kfold seeds detailed-analytics symbol strategy timeframe",
        "train a network and measure it",
        "Reads the config and its data, builds the network, trains it, measures it on the test part and writes a run\n"
        "folder, output/runs/NAME_TIME: the model, the figures of every epoch, the config and the log. Ctrl-C "
        "finishes\nthe step, saves, and --resume goes on from there to the same result.\n\n"
        "--kfold trains a model for each fold of the rows (data.split.folds), each in a folder of its own, and\n"
        "measures it by the fold that it did not see: mean and standard deviation, out_of_fold.csv with every\n"
        "prediction, and all of them together on the test part, which stays apart. --seeds does the same over seeds.\n"
        "train:predict and train:evaluate take such a run as one model.\n\n"
        "  trainlib train:run config.yaml --set training.epochs=20\n"
        "  trainlib train:run config.yaml --plan\n"
        "  trainlib train:run config.yaml --kfold --set folds.parallel=2\n"
        "  trainlib train:run config.yaml --resume\n"
        "  trainlib train:run --from 3fa9c1d2 --note 'a lower rate' --set training.learning_rate=1e-4",
        run_run};
    return &command;
}
