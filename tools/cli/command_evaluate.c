/* train:evaluate: measure a trained model again, on its own parts or on other rows. */
#include "cli.h"

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
        cli_print_scores(result);
        const char *report = tl_value_text(tl_value_get(result, "report"), NULL);
        if (report) printf("\n%s", report);
    }
    tl_value_free(cli->context, result);
    return exit_status;
}

const cli_command *cli_command_evaluate(void)
{
    static const cli_command command = {
        "train:evaluate", "RUN", "data", "measure a trained model",
        "RUN is a run folder, a model file or a config; without it, the newest run. Without --data the run's own parts "
        "are\nmeasured again; with it, all rows of the file, which needs the target's column.\n\n"
        "  trainlib train:evaluate output/runs/iris_20261121_101500 --data new.csv",
        evaluate_run};
    return &command;
}
