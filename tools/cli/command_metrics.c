/* train:metrics: the figures of a run in four groups. */
#include "cli.h"

#include <string.h>

static void metrics_value(const tl_value *value)
{
    char text[32];
    if (tl_value_kind(value) == TL_INTEGER) fputs(cli_count(text, tl_value_integer(value, 0)), stdout);
    else if (tl_value_kind(value) == TL_NUMBER) fputs(cli_figure(text, tl_value_number(value, 0)), stdout);
    else fputs(tl_value_text(value, tl_value_kind(value) == TL_BOOL ? (tl_value_bool(value, false) ? "yes" : "no") :
                             "-"),
               stdout);
}

/* {setosa: {precision, recall}, ...}: a column per figure, a row per key. */
static void metrics_table(const tl_value *rows, int indent)
{
    const tl_value *first = tl_value_at(rows, 0);
    for (size_t c = 0; c < tl_value_count(first); c++) cli_cell(stdout, tl_value_key_at(first, c), -11);
    for (size_t r = 0; r < tl_value_count(rows); r++) {
        printf("\n%*s", indent + 2, "");
        cli_cell(stdout, tl_value_key_at(rows, r), 28 - indent);
        for (size_t c = 0; c < tl_value_count(first); c++) {
            const tl_value *cell = tl_value_get(tl_value_at(rows, r), tl_value_key_at(first, c));
            char text[32];
            bool whole = tl_value_kind(cell) == TL_INTEGER;
            cli_cell(stdout, whole ? cli_count(text, tl_value_integer(cell, 0))
                                   : cli_figure(text, tl_value_number(cell, CLI_NO_NUMBER)), -11);
        }
    }
    putchar('\n');
}

/* A list is one line, or one line for each of its rows. */
static void metrics_list(const tl_value *list)
{
    for (size_t i = 0; i < tl_value_count(list); i++) {
        const tl_value *item = tl_value_at(list, i);
        char text[32];
        if (i && tl_value_kind(item) == TL_LIST) printf("\n%*s", 30, "");
        else if (i) fputs(", ", stdout);
        if (tl_value_kind(item) != TL_LIST) metrics_value(item);
        for (size_t j = 0; j < tl_value_count(item); j++)
            cli_cell(stdout, cli_count(text, tl_value_integer(tl_value_at(item, j), 0)), -8);
    }
    putchar('\n');
}

static void metrics_group(const tl_value *group)
{
    for (size_t i = 0; i < tl_value_count(group); i++) {
        const tl_value *item = tl_value_at(group, i);
        fputs("  ", stdout);
        cli_cell(stdout, tl_value_key_at(group, i), 28);
        if (tl_value_kind(item) == TL_MAP) {
            metrics_table(item, 2);
        } else if (tl_value_kind(item) == TL_LIST) {
            metrics_list(item);
        } else {
            metrics_value(item);
            putchar('\n');
        }
    }
}

/* Whole lines beyond `shown` bytes of the table. */
static size_t metrics_news(const char *text, size_t shown)
{
    size_t size = strlen(text);
    if (size < shown) shown = 0;    /* begun anew */
    const char *last = strrchr(text + shown, '\n');
    if (!last) return shown;
    fwrite(text + shown, 1, (size_t)(last + 1 - text) - shown, stdout);
    fflush(stdout);
    return (size_t)(last + 1 - text);
}

static int metrics_follow(cli_state *cli)
{
    size_t shown = 0;
    for (bool running = true, last = false; running || !last;) {
        tl_options options = cli_options(cli);
        tl_error error = {0};
        tl_value *state, *table;
        last = !running;
        tl_status status = tl_run_status(cli->context, cli->arguments.operand, &options, &state, &error);
        if (status != TL_OK) return cli_failed(cli, status, &error);
        running = tl_value_bool(tl_value_get(state, "running"), false);
        tl_value_free(cli->context, state);
        options.format = "csv";
        status = tl_run_metrics(cli->context, cli->arguments.operand, &options, &table, &error);
        if (status != TL_OK) return cli_failed(cli, status, &error);
        shown = metrics_news(tl_value_text(tl_value_get(table, "text"), ""), shown);
        tl_value_free(cli->context, table);
        if (running) cli_pause(250);
        if (cli_interrupted()) return CLI_INTERRUPTED;
    }
    return CLI_OK;
}

static int metrics_run(cli_state *cli)
{
    if (cli->arguments.follow) return metrics_follow(cli);
    static const char *const groups[] = {"training", "pattern", "performance", "validation"};
    tl_options options = cli_options(cli);
    tl_error error = {0};
    tl_value *result;
    tl_status status = tl_run_metrics(cli->context, cli->arguments.operand, &options, &result, &error);
    if (status != TL_OK) return cli_failed(cli, status, &error);
    int exit_status = CLI_OK;
    const char *text = tl_value_text(tl_value_get(result, "text"), NULL);
    if (cli->arguments.json || (cli->arguments.format && strcmp(cli->arguments.format, "json") == 0)) {
        exit_status = cli_print_json(cli, result);
    } else if (text) {
        fputs(text, stdout);
    } else {
        puts(tl_value_text(tl_value_get(result, "run"), ""));
        for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
            printf("\n%s\n", groups[i]);
            metrics_group(tl_value_get(result, groups[i]));
        }
    }
    tl_value_free(cli->context, result);
    return exit_status;
}

const cli_command *cli_command_metrics(void)
{
    static const cli_command command = {
        "train:metrics", "[RUN]", "format follow", "the figures of a run: training, pattern, performance, validation",
        "RUN is a run folder; without it, the newest. --format csv prints the table of epochs (metrics.csv), --format "
        "json\nthe four groups and the epochs as one object; --follow prints the rows of a run that goes on as they "
        "come.\n\n"
        "  trainlib train:metrics --format csv > epochs.csv",
        metrics_run};
    return &command;
}
