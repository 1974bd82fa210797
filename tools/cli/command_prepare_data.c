/* train:prepare-data: the prepared set and a report on the data. */
#include "cli.h"

#include <string.h>

/* One line per column of the table. */
static void print_columns(const tl_value *columns)
{
    for (size_t i = 0; i < tl_value_count(columns); i++) {
        const tl_value *column = tl_value_at(columns, i);
        char text[32], range[80] = "";
        const tl_value *least = tl_value_get(column, "min"), *most = tl_value_get(column, "max");
        int64_t missing = tl_value_integer(tl_value_get(column, "missing"), 0);
        if (i == 0) printf("\n%-24s %-10s %9s  %s\n", "column", "type", "missing", "values");
        if (least && most) {
            char a[32], b[32];
            snprintf(range, sizeof range, "%s to %s", cli_figure(a, tl_value_number(least, 0)),
                     cli_figure(b, tl_value_number(most, 0)));
        } else if (tl_value_get(column, "words")) {
            const tl_value *words = tl_value_get(column, "words");
            int64_t count = tl_value_kind(words) == TL_INTEGER ? tl_value_integer(words,
                                                                                  0) : (int64_t)tl_value_count(words);
            snprintf(range, sizeof range, "%lld words", (long long)count);
        }
        cli_cell(stdout, tl_value_text(tl_value_get(column, "name"), ""), 25);
        cli_cell(stdout, tl_value_text(tl_value_get(column, "type"), ""), 11);
        cli_cell(stdout, cli_count(text, missing), -9);
        printf("  %s\n", range);
    }
}

static int prepare_run(cli_state *cli)
{
    tl_options options = cli_options(cli);
    tl_error error = {0};
    tl_value *result;
    tl_status status = tl_prepare_data(cli->context, cli->arguments.operand, &options, &result, &error);
    if (status != TL_OK) return cli_failed(cli, status, &error);
    int exit_status = CLI_OK;
    if (cli->arguments.json) {
        exit_status = cli_print_json(cli, result);
    } else {
        const tl_value *report = tl_value_get(result, "report");
        char *text;
        print_columns(tl_value_get(report, "columns"));
        status = tl_value_yaml(cli->context, tl_value_get(result, "summary"), &text);
        if (status == TL_OK) {
            printf("\n%s\n%s\n", text, tl_value_text(tl_value_get(result, "folder"), ""));
            tl_text_free(cli->context, text);
        }
    }
    tl_value_free(cli->context, result);
    return exit_status;
}

const cli_command *cli_command_prepare_data(void)
{
    static const cli_command command = {
        "train:prepare-data", "[CONFIG]", "format output", "read, check, divide and normalise the data; report on it",
        "Writes the prepared parts (train.csv, validation.csv, test.csv, or .npy with --format npy), norm_params.json "
        "and\ndata_report.json into output/data/NAME, or the folder of --output: rows, types, missing values, "
        "distributions,\nwhat was left out and why. train:run does the same in memory; it needs nothing from here.\n\n"
        "  trainlib train:prepare-data config.yaml",
        prepare_run};
    return &command;
}
