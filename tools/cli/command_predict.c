/* train:predict: rows in, predictions out. */
#include "cli.h"

static int predict_run(cli_state *cli)
{
    tl_options options = cli_options(cli);
    tl_error error = {0};
    tl_value *result;
    if (!options.format && (!cli->arguments.json || options.output)) options.format = "csv";
    tl_status status = tl_predict_file(cli->context, cli->arguments.operand, &options, &result, &error);
    if (status != TL_OK) return cli_failed(cli, status, &error);
    int exit_status = CLI_OK;
    char count[32];
    const char *text = tl_value_text(tl_value_get(result, "text"), NULL);
    if (cli->arguments.json) exit_status = cli_print_json(cli, result);
    else if (text) fputs(text, stdout);
    else printf("%s rows in %s\n", cli_count(count, tl_value_integer(tl_value_get(result, "rows"), 0)), options.output);
    tl_value_free(cli->context, result);
    return exit_status;
}

const cli_command *cli_command_predict(void)
{
    static const cli_command command = {
        "train:predict", "[RUN]", "data format output steps ensemble", "predict rows of a file",
        "RUN is a run folder, a model file or a config; without it, the newest run. Input is the columns of the "
        "training\ndata, in any order, the target left out or ignored; output is the row's number, the prediction, and "
        "prob_CLASS\nfor each class. A class is the likeliest one, or with two classes data.positive_class where its "
        "probability\nreaches prediction.threshold. A word that training did not know counts as none of the known "
        "ones; a missing\nnumber is filled as in training, or a mistake where training had none missing. A forecast "
        "goes on from the last\nstep of each series; without --data, of the data that it was trained on. More --steps "
        "than data.window.horizon\nare made of its own forecasts.\n\n"
        "  trainlib train:predict --data new.csv > predictions.csv\n"
        "  cat new.csv | trainlib train:predict output/runs/iris_20261121_101500 --data - --format json",
        predict_run};
    return &command;
}
