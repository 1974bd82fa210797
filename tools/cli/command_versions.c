/* train:versions: what runs have made, their notes and tags. */
#include "cli.h"

#include <string.h>

static const tl_value *versions_figure(const tl_value *version, const char **name)
{
    static const char *const figures[] = {"balanced_accuracy", "accuracy", "mae", "loss"};
    const tl_value *scores = tl_value_get(version, "scores");
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        const tl_value *figure = tl_value_get(scores, figures[i]);
        *name = figures[i];
        if (figure && tl_value_kind(figure) != TL_NULL) return figure;
    }
    return NULL;
}

static void versions_line(const tl_value *version)
{
    char cell[96], number[32];
    const char *name, *tag = tl_value_text(tl_value_get(version, "tag"), "");
    const tl_value *figure = versions_figure(version, &name);
    snprintf(cell, sizeof cell, "%.12s%s", tl_value_text(tl_value_get(version, "id"), ""),
             tl_value_bool(tl_value_get(version, "current"), false) ? " *" : "");
    cli_cell(stdout, cell, 16);
    cli_cell(stdout, tl_value_text(tl_value_get(version, "name"), ""), 20);
    cli_cell(stdout, tl_value_text(tl_value_get(version, "time"), ""), 22);
    snprintf(cell, sizeof cell, "%.12s", tl_value_text(tl_value_get(version, "parent"), ""));
    cli_cell(stdout, *cell ? cell : "-", 14);
    if (figure)
        snprintf(cell, sizeof cell, "%s %s %s", tl_value_text(tl_value_get(version, "part"), ""), name,
                 cli_figure(number, tl_value_number(figure, CLI_NO_NUMBER)));
    cli_cell(stdout, figure ? cell : "-", 34);
    if (*tag) printf("[%s] ", tag);
    puts(tl_value_text(tl_value_get(version, "note"), ""));
}

static int versions_run(cli_state *cli)
{
    tl_options options = cli_options(cli);
    tl_error error = {0};
    tl_value *result;
    tl_status status = tl_versions(cli->context, cli->arguments.operand, &options, &result, &error);
    if (status != TL_OK) return cli_failed(cli, status, &error);
    int exit_status = CLI_OK;
    const tl_value *list = tl_value_get(result, "versions"), *removed = tl_value_get(result, "removed");
    if (cli->arguments.json) {
        exit_status = cli_print_json(cli, result);
    } else {
        for (size_t i = 0; i < tl_value_count(removed); i++)
            printf("removed %.12s\n", tl_value_text(tl_value_at(removed, i), ""));
        if (!tl_value_count(list))
            printf("no versions in %s yet; 'trainlib train:run CONFIG' makes one\n",
                   tl_value_text(tl_value_get(result, "folder"), ""));
        else
            fputs("version         name                made                  parent        figure\n", stdout);
        for (size_t i = 0; i < tl_value_count(list); i++) versions_line(tl_value_at(list, i));
    }
    tl_value_free(cli->context, result);
    return exit_status;
}

const cli_command *cli_command_versions(void)
{
    static const cli_command command = {
        "train:versions", "[CONFIG|NAME|VERSION]", "note tag keep", "what runs have made, with notes and tags",
        "Each run leaves a version of its model in output/versions; equal weights are stored once. Without an operand\n"
        "all are listed, newest first; * is the current version of its name. A version is named by the beginning of\n"
        "its id, by its tag, or by its config's name for the current one, and can stand wherever a command takes a\n"
        "RUN.\n\n"
        "  trainlib train:versions\n"
        "  trainlib train:versions 3fa9c1d2 --tag production --note 'best on the old data'\n"
        "  trainlib train:versions config.yaml --keep 50\n"
        "  trainlib train:predict production --data new.csv",
        versions_run};
    return &command;
}
