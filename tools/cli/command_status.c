/* train:status: what a run's status.json says, once or until it ends. */
#include "cli.h"

#include <string.h>

static void status_line(char out[512], const tl_value *status)
{
    char a[32], b[32], accuracy[48] = "", left[48] = "";
    const char *state = tl_value_text(tl_value_get(status, "state"), "unknown");
    const tl_value *figure = tl_value_get(status, "accuracy");
    double value = tl_value_number(figure, 0);
    if (figure && tl_value_bool(tl_value_get(status, "regression"), false))
        snprintf(accuracy, sizeof accuracy, "  mae %s", cli_figure(a, value));
    else if (figure && tl_value_kind(figure) != TL_NULL)
        snprintf(accuracy, sizeof accuracy, "  acc %.1f %%", 100 * value);
    figure = tl_value_get(status, "seconds_left");
    if (strcmp(state, "training") == 0 && figure && tl_value_kind(figure) != TL_NULL)
        snprintf(left, sizeof left, "  %s left", cli_duration(a, tl_value_number(figure, 0)));
    snprintf(out, 512, "%s  %s  epoch %lld/%lld  loss %s%s  %s%s", tl_value_text(tl_value_get(status, "run"), ""),
             state,
             (long long)tl_value_integer(tl_value_get(status, "epoch"), 0),
             (long long)tl_value_integer(tl_value_get(status, "epochs"), 0),
             cli_figure(a, tl_value_number(tl_value_get(status, "loss"), CLI_NO_NUMBER)), accuracy,
             cli_duration(b, tl_value_number(tl_value_get(status, "seconds"), CLI_NO_NUMBER)), left);
}

static int status_show(cli_state *cli, bool *running)
{
    tl_options options = cli_options(cli);
    tl_error error = {0};
    tl_value *result;
    tl_status status = tl_run_status(cli->context, cli->arguments.operand, &options, &result, &error);
    if (status != TL_OK) return cli_failed(cli, status, &error);
    int exit_status = CLI_OK;
    *running = tl_value_bool(tl_value_get(result, "running"), false);
    if (cli->arguments.json) {
        exit_status = cli_print_json(cli, result);
    } else {
        char line[512];
        const char *advice = tl_value_text(tl_value_get(result, "advice"), "");
        const char *why = tl_value_text(tl_value_get(result, "error"), "");
        bool over = cli->arguments.watch && cli_stdout_is_terminal();
        status_line(line, result);
        printf("%s%s%s", over ? "\r\033[K" : "", line, over && *running ? "" : "\n");
        if (*why) printf("%s\n", why);
        if (*advice && !*running) printf("%s\n", advice);
        fflush(stdout);
    }
    tl_value_free(cli->context, result);
    return exit_status;
}

/* Something is asked of the run. */
static int status_ask(cli_state *cli, const char *what)
{
    tl_options options = cli_options(cli);
    tl_error error = {0};
    tl_value *answer;
    tl_status status = tl_run_control(cli->context, cli->arguments.operand, what, &options, &answer, &error);
    if (status != TL_OK) return cli_failed(cli, status, &error);
    int exit_status = CLI_OK;
    if (cli->arguments.json) exit_status = cli_print_json(cli, answer);
    else printf("%s: done at step %lld\n", what, (long long)tl_value_integer(tl_value_get(answer, "step"), 0));
    tl_value_free(cli->context, answer);
    return exit_status;
}

static int status_run(cli_state *cli)
{
    bool running = false;
    const cli_arguments *a = &cli->arguments;
    const char *what = a->pause ? "pause" : a->go_on ? "continue" : a->stop ? "stop" : a->checkpoint ? "checkpoint"
                                                                                                   : NULL;
    if (what) return status_ask(cli, what);
    int exit_status = status_show(cli, &running);
    while (exit_status == CLI_OK && cli->arguments.watch && running) {
        cli_pause(500);
        if (cli_interrupted()) return CLI_INTERRUPTED;
        exit_status = status_show(cli, &running);
    }
    return exit_status;
}

const cli_command *cli_command_status(void)
{
    static const cli_command command = {
        "train:status", "[RUN]", "watch pause continue stop checkpoint", "how far a run is, and what it should do",
        "RUN is a run folder; without it, the newest. The state is one of loading, training, evaluating, done, "
        "stopped,\ninterrupted, failed, and crashed when its process died: an interrupted or crashed run can be "
        "resumed.\n\n  trainlib train:status --watch\n"
        "  trainlib train:status output/runs/iris_20261121_093000 --pause",
        status_run};
    return &command;
}
