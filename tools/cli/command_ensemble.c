/* train:ensemble: several runs become one model. */
#include "cli.h"

#include <string.h>

static void ensemble_line(const char *name, const tl_value *scores)
{
    char cell[32];
    const tl_value *accuracy = tl_value_get(scores, "accuracy");
    cli_cell(stdout, name, 40);
    cli_cell(stdout, cli_figure(cell, tl_value_number(tl_value_get(scores, "loss"), CLI_NO_NUMBER)), -10);
    if (accuracy) {
        snprintf(cell, sizeof cell, "%.2f %%", 100 * tl_value_number(accuracy, 0));
        cli_cell(stdout, cell, -10);
    } else {
        cli_cell(stdout, cli_figure(cell, tl_value_number(tl_value_get(scores, "mae"), CLI_NO_NUMBER)), -10);
        cli_cell(stdout, cli_figure(cell, tl_value_number(tl_value_get(scores, "rmse"), CLI_NO_NUMBER)), -10);
    }
    putchar('\n');
}

static void ensemble_show(const tl_value *result)
{
    const tl_value *all = tl_value_get(result, "ensemble"), *members = tl_value_get(result, "members");
    bool classes = tl_value_get(all, "accuracy") != NULL;
    char name[40];
    if (all) {
        cli_cell(stdout, tl_value_text(tl_value_get(result, "part"), ""), 40);
        cli_cell(stdout, "loss", -10);
        cli_cell(stdout, classes ? "accuracy" : "MAE", -10);
        if (!classes) cli_cell(stdout, "RMSE", -10);
        putchar('\n');
        for (size_t m = 0; m < tl_value_count(members); m++) {
            const tl_value *member = tl_value_at(members, m);
            ensemble_line(tl_value_text(tl_value_get(member, "run"), ""), tl_value_get(member, "scores"));
        }
        const char *combine = tl_value_text(tl_value_get(result, "combine"), "mean");
        if (strcmp(combine, "mean") == 0) snprintf(name, sizeof name, "ensemble");
        else snprintf(name, sizeof name, "ensemble (%s)", combine);
        ensemble_line(name, all);
        putchar('\n');
    }
    puts(tl_value_text(tl_value_get(result, "model"), ""));
}

static int ensemble_run(cli_state *cli)
{
    tl_options options = cli_options(cli);
    tl_error error = {0};
    tl_value *result;
    tl_status status = tl_ensemble(cli->context, cli->arguments.operands, cli->arguments.operand_count, &options,
                                   &result, &error);
    if (status != TL_OK) return cli_failed(cli, status, &error);
    int exit_status = CLI_OK;
    if (cli->arguments.json) exit_status = cli_print_json(cli, result);
    else ensemble_show(result);
    tl_value_free(cli->context, result);
    return exit_status;
}

const cli_command *cli_command_ensemble(void)
{
    static const cli_command command = {
        "train:ensemble", "RUN RUN...", "data output ensemble", "make one model of several",
        "Each RUN is a run folder or a model file. The members stand side by side in one network that predicts the\n"
        "mean of their predictions (of probabilities, for classes); it is a model file like any other. They must have\n"
        "seen the same training rows: give the config a data.split.seed when you train them with --seed 1, --seed 2\n"
        "and so on.\n\n"
        "--ensemble vote (on the class) and --ensemble best (the member that did best on its own validation part)\n"
        "write ensemble.json, a list of the models; so does --output NAME.json with the mean. Members of a list stay\n"
        "apart, so they may have seen other rows and columns. It is used as a model file is, with --data FILE.\n\n"
        "  trainlib train:ensemble output/runs/digits_* --output ensemble.safetensors\n"
        "  trainlib train:predict ensemble.safetensors --data new.csv\n"
        "  trainlib train:ensemble output/runs/digits_* --ensemble vote --data unseen.csv\n"
        "  trainlib train:predict ensemble.json --data new.csv",
        ensemble_run};
    return &command;
}
