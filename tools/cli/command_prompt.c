/* train:prompt: a run or experiment as a text for a language model. */
#include "cli.h"

static int prompt_run(cli_state *cli)
{
    tl_options options = cli_options(cli);
    tl_error error = {0};
    tl_value *result;
    tl_status status = tl_prompt(cli->context, cli->arguments.operand, &options, &result, &error);
    if (status != TL_OK) return cli_failed(cli, status, &error);
    int exit_status = CLI_OK;
    if (cli->arguments.json) exit_status = cli_print_json(cli, result);
    else fputs(tl_value_text(tl_value_get(result, "text"), ""), stdout);
    tl_value_free(cli->context, result);
    return exit_status;
}

const cli_command *cli_command_prompt(void)
{
    static const cli_command command = {
        "train:prompt", "[RUN|EXPERIMENT]", "kind", "a run or experiment as a text for a language model",
        "Prints a text to give to a language model of your choice: classes and chance accuracy, how the training\n"
        "ended, its settings, alerts and table, and questions whose answers are settings to change. Nothing is sent\n"
        "anywhere. The text fits a context of 8,000 tokens with room for the answer. A failed run gets the questions\n"
        "of a failure, the folder of an experiment those of a comparison; --kind chooses.\n\n"
        "  trainlib train:prompt > question.txt\n"
        "  trainlib train:prompt training_analytics/experiments/lr_experiment",
        prompt_run};
    return &command;
}
