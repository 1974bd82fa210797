/* train:compare: two runs or versions side by side. */
#include "cli.h"

static void compare_cell(cli_state *cli, const tl_value *value, int width)
{
    char *text = NULL;
    if (tl_value_kind(value) == TL_NULL) cli_cell(stdout, "-", width);
    else if (tl_value_kind(value) == TL_TEXT) cli_cell(stdout, tl_value_text(value, ""), width);
    else if (tl_value_json(cli->context, value, 0, &text) == TL_OK) cli_cell(stdout, text, width);
    tl_text_free(cli->context, text);
    if (width) fputs("  ", stdout);
}

static void compare_settings(cli_state *cli, const tl_value *rows)
{
    if (!tl_value_count(rows)) puts("settings   all that change results are the same");
    else cli_cell(stdout, "settings", 38), cli_cell(stdout, "a", 26), puts("b");
    for (size_t i = 0; i < tl_value_count(rows); i++) {
        const tl_value *row = tl_value_at(rows, i);
        cli_cell(stdout, tl_value_text(tl_value_get(row, "setting"), ""), 36);
        fputs("  ", stdout);
        compare_cell(cli, tl_value_get(row, "a"), 24);
        compare_cell(cli, tl_value_get(row, "b"), 0);
        putchar('\n');
    }
}

static void compare_figures(const tl_value *rows)
{
    static const char *const columns[] = {"a", "b", "difference"};
    char cell[96];
    if (!tl_value_count(rows)) return;
    cli_cell(stdout, "\nfigures", 39);
    for (int c = 0; c < 3; c++) cli_cell(stdout, columns[c], -12);
    putchar('\n');
    for (size_t i = 0; i < tl_value_count(rows); i++) {
        const tl_value *row = tl_value_at(rows, i);
        snprintf(cell, sizeof cell, "%s %s", tl_value_text(tl_value_get(row, "part"), ""),
                 tl_value_text(tl_value_get(row, "figure"), ""));
        cli_cell(stdout, cell, 38);
        for (int c = 0; c < 3; c++) {
            double number = tl_value_number(tl_value_get(row, columns[c]), CLI_NO_NUMBER);
            cli_cell(stdout, cli_figure(cell, number), -12);
        }
        putchar('\n');
    }
}

static void compare_weights(const tl_value *weights)
{
    const tl_value *tensors = tl_value_get(weights, "tensors");
    char cell[32];
    if (!weights) return;
    if (tl_value_bool(tl_value_get(weights, "equal"), false)) {
        puts("\nweights    equal, bit for bit");
        return;
    }
    cli_cell(stdout, tl_value_count(tensors) ? "\nweights" : "\nweights    no tensor is shared", 39);
    puts(tl_value_count(tensors) ? "  distance" : "");
    for (size_t i = 0; i < tl_value_count(tensors); i++) {
        const tl_value *row = tl_value_at(tensors, i);
        cli_cell(stdout, tl_value_text(tl_value_get(row, "tensor"), ""), 38);
        cli_cell(stdout, cli_figure(cell, tl_value_number(tl_value_get(row, "relative_change"), CLI_NO_NUMBER)), -10);
        putchar('\n');
    }
}

static int compare_run(cli_state *cli)
{
    tl_options options = cli_options(cli);
    tl_error error = {0};
    tl_value *result;
    const cli_arguments *a = &cli->arguments;
    if (a->operand_count != 2) {
        fputs("trainlib: train:compare takes two runs or versions; 'trainlib train:compare --help' shows how\n",
              stderr);
        return CLI_USAGE;
    }
    tl_status status = tl_compare(cli->context, a->operands[0], a->operands[1], &options, &result, &error);
    if (status != TL_OK) return cli_failed(cli, status, &error);
    int exit_status = CLI_OK;
    if (a->json) {
        exit_status = cli_print_json(cli, result);
    } else {
        printf("a  %s\nb  %s\n\n", a->operands[0], a->operands[1]);
        compare_settings(cli, tl_value_get(result, "settings"));
        compare_figures(tl_value_get(result, "figures"));
        compare_weights(tl_value_get(result, "weights"));
    }
    tl_value_free(cli->context, result);
    return exit_status;
}

const cli_command *cli_command_compare(void)
{
    static const cli_command command = {
        "train:compare", "RUN RUN", "", "settings and figures of two runs or versions side by side",
        "Shows the settings that differ, the figures of every part with their difference (b - a), and how far apart\n"
        "the weights are: the length of the difference of each tensor, relative to a's.\n\n"
        "  trainlib train:compare 3fa9c1d2 iris\n"
        "  trainlib train:compare output/runs/iris_20261121_093000 production --json",
        compare_run};
    return &command;
}
