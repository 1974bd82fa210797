/* train:explain: what predictions hang on. */
#include "cli.h"

#include <string.h>

static void explain_figure(const tl_value *of, const char *key, int width)
{
    char cell[32];
    cli_cell(stdout, cli_figure(cell, tl_value_number(tl_value_get(of, key), CLI_NO_NUMBER)), width);
}

/* A line a column: of both explanations, or of the one that was made. */
static void explain_columns(const tl_value *result)
{
    const tl_value *importance = tl_value_get(result, "permutation_importance");
    const tl_value *columns = tl_value_get(result, "integrated_gradients.columns");
    const tl_value *list = importance ? importance : columns;
    if (!list) return;
    cli_cell(stdout, "column", 28);
    if (importance) cli_cell(stdout, tl_value_bool(tl_value_get(result, "more_is_better"), 1) ? "drop" : "rise", -10);
    if (importance) cli_cell(stdout, "std", -10);
    if (columns) cli_cell(stdout, "attribution", -13);
    putchar('\n');
    for (size_t i = 0; i < tl_value_count(list) && i < 30; i++) {
        const tl_value *one = tl_value_at(list, i);
        const char *name = tl_value_text(tl_value_get(one, "column"), "");
        cli_cell(stdout, name, 28);
        if (importance) explain_figure(one, "mean", -10);
        if (importance) explain_figure(one, "std", -10);
        for (size_t k = 0; k < tl_value_count(columns); k++) {
            const tl_value *of = tl_value_at(columns, k);
            const char *other = tl_value_text(tl_value_get(of, "column"), "");
            if (strcmp(name, other) == 0) explain_figure(of, "mean_absolute", -13);
        }
        putchar('\n');
    }
    putchar('\n');
}

/* The steps that matter most. */
static void explain_steps(const tl_value *result)
{
    const tl_value *list = tl_value_get(result, "step_importance");
    size_t best = 0, count = tl_value_count(list);
    if (count == 0) return;
    for (size_t i = 1; i < count; i++)
        if (tl_value_number(tl_value_get(tl_value_at(list, i), "mean"), 0) >
            tl_value_number(tl_value_get(tl_value_at(list, best), "mean"), 0)) best = i;
    const tl_value *one = tl_value_at(list, best);
    char cell[32];
    printf("steps that matter most: %g to %g (%s)\n\n", tl_value_number(tl_value_get(one, "first"), 0),
           tl_value_number(tl_value_get(one, "last"), 0),
           cli_figure(cell, tl_value_number(tl_value_get(one, "mean"), CLI_NO_NUMBER)));
}

static void explain_attention(const tl_value *result)
{
    const tl_value *layers = tl_value_get(result, "attention.layers");
    if (tl_value_count(layers) == 0) return;
    cli_cell(stdout, "attention", 28), cli_cell(stdout, "head", -6), cli_cell(stdout, "entropy", -10);
    cli_cell(stdout, "all alike", -11), cli_cell(stdout, "distance", -10), cli_cell(stdout, "looks at", -10);
    putchar('\n');
    for (size_t l = 0; l < tl_value_count(layers); l++) {
        const tl_value *layer = tl_value_at(layers, l), *heads = tl_value_get(layer, "heads");
        for (size_t h = 0; h < tl_value_count(heads) && h < 16; h++) {
            const tl_value *head = tl_value_at(heads, h);
            char cell[32];
            cli_cell(stdout, h ? "" : tl_value_text(tl_value_get(layer, "layer"), ""), 28);
            snprintf(cell, sizeof cell, "%d", (int)h);
            cli_cell(stdout, cell, -6);
            explain_figure(head, "entropy", -10);
            explain_figure(layer, "entropy_of_all_alike", -11);
            explain_figure(head, "distance", -10);
            snprintf(cell, sizeof cell, "%g", tl_value_number(tl_value_get(head, "looks_at"), 0));
            cli_cell(stdout, cell, -10);
            putchar('\n');
        }
    }
    putchar('\n');
}

static void explain_show(const tl_value *result)
{
    const tl_value *gradients = tl_value_get(result, "integrated_gradients");
    char cell[32];
    const tl_value *best = tl_value_get(result, "best");
    if (best) printf("%s, the best of the models\n", tl_value_text(best, ""));
    if (tl_value_get(result, "metric"))
        printf("%s of %lld rows: %s\n\n", tl_value_text(tl_value_get(result, "metric"), ""),
               (long long)tl_value_integer(tl_value_get(result, "rows"), 0),
               cli_figure(cell, tl_value_number(tl_value_get(result, "score"), CLI_NO_NUMBER)));
    explain_columns(result);
    explain_steps(result);
    explain_attention(result);
    if (gradients) {
        printf("convergence delta of the attributions: mean %s",
               cli_figure(cell, tl_value_number(tl_value_get(gradients, "delta_mean"), CLI_NO_NUMBER)));
        printf(", largest %s\n\n",
               cli_figure(cell, tl_value_number(tl_value_get(gradients, "delta_max"), CLI_NO_NUMBER)));
    }
    printf("%s   explanation.json, tables and pictures\n", tl_value_text(tl_value_get(result, "folder"), ""));
}

static int explain_run(cli_state *cli)
{
    tl_options options = cli_options(cli);
    tl_error error = {0};
    tl_value *result;
    tl_status status = tl_explain(cli->context, cli->arguments.operand, &options, &result, &error);
    if (status != TL_OK) return cli_failed(cli, status, &error);
    int exit_status = CLI_OK;
    if (cli->arguments.json) exit_status = cli_print_json(cli, result);
    else explain_show(result);
    tl_value_free(cli->context, result);
    return exit_status;
}

const cli_command *cli_command_explain(void)
{
    static const cli_command command = {
        "train:explain", "[RUN]", "method data output format", "say what predictions hang on",
        "Views of a model, by default all that it has; --method names one of them.\n\n"
        "  permutation  by how much explanation.metric gets worse on the test part (or the validation part, or\n"
        "               --data) when a column is shuffled: mean and standard deviation of explanation.repeats. Of\n"
        "               windows and sequences also when steps are shuffled, explanation.step_groups of them.\n"
        "  gradients    integrated gradients: how much of the way from the mean training row to a row's output each\n"
        "               column accounts for; the parts add up to it but for the convergence delta. Of windows and\n"
        "               sequences also by step, of pictures by pixel.\n"
        "  attention    of networks with layers of attention: how each head weighs the positions.\n\n"
        "Tables and pictures go to RUN/explain, or to --output; train:report then shows them. Rows that\n"
        "explanation.show_rows names are also shown one by one. Of a run over folds or seeds, and of a list of\n"
        "models, the best model is explained.\n\n"
        "  trainlib train:explain output/runs/penguins_20261121_101500 --set explanation.repeats=10\n"
        "  trainlib train:explain output/runs/etth1_20261121_101500 --method attention --format svg,png",
        explain_run};
    return &command;
}
