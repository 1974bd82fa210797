/* train:evaluate: measure a trained model again, on its own parts or on other rows. */
#include "cli.h"

/* A line for each piece, then what is usual and how far pieces are from it. */
static void print_rolling(const tl_value *result)
{
    static const char *const figures[] = {"mse", "mae", "baselines.repeat_last.mse", "baselines.seasonal_naive.mse"};
    const tl_value *pieces = tl_value_get(result, "rolling");
    char text[32];
    printf("%-21s%-21s%10s%10s%10s%10s%10s\n", "from", "to", "windows", "MSE", "MAE", "last step", "season");
    for (size_t i = 0; i < tl_value_count(pieces); i++) {
        const tl_value *piece = tl_value_at(pieces, i), *test = tl_value_get(piece, "test");
        cli_cell(stdout, tl_value_text(tl_value_get(piece, "from"), ""), 21);
        cli_cell(stdout, tl_value_text(tl_value_get(piece, "to"), ""), 21);
        cli_cell(stdout, cli_count(text, tl_value_integer(tl_value_get(test, "samples"), 0)), -10);
        for (int k = 0; k < 4; k++)
            cli_cell(stdout, cli_figure(text, tl_value_number(tl_value_get(test, figures[k]), CLI_NO_NUMBER)), -10);
        putchar('\n');
    }
    printf("mean of the pieces: MSE %.4g ± %.2g, MAE %.4g ± %.2g\n",
           tl_value_number(tl_value_get(result, "mse.mean"), 0), tl_value_number(tl_value_get(result, "mse.std"), 0),
           tl_value_number(tl_value_get(result, "mae.mean"), 0), tl_value_number(tl_value_get(result, "mae.std"), 0));
}

static int evaluate_run(cli_state *cli)
{
    tl_options options = cli_options(cli);
    tl_error error = {0};
    tl_value *result;
    tl_status status = tl_evaluate(cli->context, cli->arguments.operand, &options, &result, &error);
    if (status != TL_OK) return cli_failed(cli, status, &error);
    int exit_status = CLI_OK;
    if (cli->arguments.json) {
        exit_status = cli_print_json(cli, result);
    } else {
        if (tl_value_get(result, "rolling")) print_rolling(result);
        else cli_print_scores(result);
        const char *report = tl_value_text(tl_value_get(result, "report"), NULL);
        if (report) printf("\n%s", report);
    }
    tl_value_free(cli->context, result);
    return exit_status;
}

const cli_command *cli_command_evaluate(void)
{
    static const cli_command command = {
        "train:evaluate", "[RUN]", "data rolling ensemble", "measure a trained model",
        "RUN is a run folder, a model file or a config; without it, the newest run. Without --data the run's own parts "
        "are\nmeasured again; with it, all rows of the file, which needs the target's column. A forecast is measured "
        "by\n--rolling N: the test part is cut into N pieces, and before each one the network is trained anew on all\n"
        "that comes before it.\n\n"
        "  trainlib train:evaluate output/runs/iris_20261121_101500 --data new.csv",
        evaluate_run};
    return &command;
}
