/* train:explain: which columns the predictions hang on. */
#include "cli.h"

#include <string.h>

static void explain_show(const tl_value *result)
{
    const tl_value *importance = tl_value_get(result, "permutation_importance");
    const tl_value *gradients = tl_value_get(result, "integrated_gradients");
    const tl_value *columns = tl_value_get(gradients, "columns");
    char cell[32];
    printf("%s of %lld rows: %s\n\n", tl_value_text(tl_value_get(result, "metric"), ""),
           (long long)tl_value_integer(tl_value_get(result, "rows"), 0),
           cli_figure(cell, tl_value_number(tl_value_get(result, "score"), CLI_NO_NUMBER)));
    cli_cell(stdout, "column", 28), cli_cell(stdout, "drop", -10), cli_cell(stdout, "std", -10);
    cli_cell(stdout, "attribution", -13);
    putchar('\n');
    for (size_t i = 0; i < tl_value_count(importance) && i < 30; i++) {
        const tl_value *one = tl_value_at(importance, i);
        const char *name = tl_value_text(tl_value_get(one, "column"), "");
        cli_cell(stdout, name, 28);
        cli_cell(stdout, cli_figure(cell, tl_value_number(tl_value_get(one, "mean"), CLI_NO_NUMBER)), -10);
        cli_cell(stdout, cli_figure(cell, tl_value_number(tl_value_get(one, "std"), CLI_NO_NUMBER)), -10);
        for (size_t k = 0; k < tl_value_count(columns); k++) {
            const tl_value *of = tl_value_at(columns, k);
            const char *other = tl_value_text(tl_value_get(of, "column"), "");
            if (strcmp(name, other) != 0) continue;
            cli_cell(stdout, cli_figure(cell, tl_value_number(tl_value_get(of, "mean_absolute"), CLI_NO_NUMBER)), -13);
        }
        putchar('\n');
    }
    printf("\nconvergence delta of the attributions: mean %s",
           cli_figure(cell, tl_value_number(tl_value_get(gradients, "delta_mean"), CLI_NO_NUMBER)));
    printf(", largest %s\n\n", cli_figure(cell, tl_value_number(tl_value_get(gradients, "delta_max"), CLI_NO_NUMBER)));
    printf("%s   importance.csv  attributions.csv  importance.svg  attributions.svg\n",
           tl_value_text(tl_value_get(result, "folder"), ""));
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
        "train:explain", "[RUN]", "data output", "say which columns predictions hang on",
        "Two views of a model, by the columns of its file. Permutation importance: how much explanation.metric drops\n"
        "on the test part (or the validation part, or --data) when a column is shuffled; mean and standard deviation\n"
        "of explanation.repeats. Integrated gradients: how much of the way from the mean training row to a row's\n"
        "output each column accounts for; the parts add up to it but for the convergence delta. Tables and charts go\n"
        "to RUN/explain, or to --output. Of a run over folds or seeds the best model is explained.\n\n"
        "  trainlib train:explain output/runs/penguins_20261121_101500 --set explanation.repeats=10",
        explain_run};
    return &command;
}
