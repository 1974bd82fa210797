/* train:diagnose: why did it stop, and what to change? */
#include "cli.h"

#include <string.h>

enum { DIAGNOSE_COLUMNS = 80 };

static void diagnose_cause(const tl_value *cause, size_t number)
{
    const tl_value *figures = tl_value_get(cause, "figures"), *changes = tl_value_get(cause, "changes");
    printf("%zu  ", number);
    cli_cell(stdout, tl_value_text(tl_value_get(cause, "sentence"), ""), DIAGNOSE_COLUMNS);
    printf("%s evidence\n", tl_value_text(tl_value_get(cause, "evidence"), ""));
    for (size_t i = 0; i < tl_value_count(figures); i++) printf("   %s\n", tl_value_text(tl_value_at(figures, i), ""));
    for (size_t i = 0; i < tl_value_count(changes); i++) {
        const tl_value *change = tl_value_at(changes, i);
        printf("   %s %s: %s \xe2\x86\x92 %s\n", i == 0 ? "\xe2\x86\x92" : "  and",
               tl_value_text(tl_value_get(change, "setting"), ""), tl_value_text(tl_value_get(change, "from"), ""),
               tl_value_text(tl_value_get(change, "to"), ""));
    }
}

static size_t diagnose_changes(const tl_value *causes)
{
    size_t count = 0;
    for (size_t i = 0; i < tl_value_count(causes); i++)
        count += tl_value_count(tl_value_get(tl_value_at(causes, i), "changes"));
    return count;
}

static void diagnose_alerts(const tl_value *alerts)
{
    size_t harmless = 0;
    for (size_t i = 0; i < tl_value_count(alerts); i++) {
        const tl_value *alert = tl_value_at(alerts, i);
        if (!tl_value_bool(tl_value_get(alert, "harmless"), false)) continue;
        printf("%s%s (epoch %lld)", harmless++ ? ", " : "Alerts that were harmless: ",
               tl_value_text(tl_value_get(alert, "alert"), ""),
               (long long)tl_value_integer(tl_value_get(alert, "epoch"), 0));
    }
    if (harmless) puts(".");
}

static void diagnose_checklist(const tl_value *points)
{
    const char *group = "";
    for (size_t i = 0; i < tl_value_count(points); i++) {
        const tl_value *point = tl_value_at(points, i);
        const char *of = tl_value_text(tl_value_get(point, "group"), "");
        if (strcmp(of, group) != 0) printf("\n%s\n", of);
        group = of;
        printf("  %s ", tl_value_bool(tl_value_get(point, "found"), false) ? "!" : " ");
        cli_cell(stdout, tl_value_text(tl_value_get(point, "point"), ""), 66);
        puts(tl_value_text(tl_value_get(point, "words"), ""));
    }
}

static void diagnose_show(const tl_value *result, bool checklist)
{
    const tl_value *causes = tl_value_get(result, "causes"), *sound = tl_value_get(result, "not_the_cause");
    printf("%s\n\n", tl_value_text(tl_value_get(result, "stopped"), ""));
    if (tl_value_count(causes) == 0) puts("Nothing is wrong with it that could be found.");
    for (size_t i = 0; i < tl_value_count(causes); i++) diagnose_cause(tl_value_at(causes, i), i + 1);
    if (tl_value_count(sound)) {
        printf("\nNot the cause: ");
        for (size_t i = 0; i < tl_value_count(sound); i++)
            printf("%s%s", i ? ", " : "", tl_value_text(tl_value_at(sound, i), ""));
        puts(".");
    }
    diagnose_alerts(tl_value_get(result, "alerts"));
    if (checklist) diagnose_checklist(tl_value_get(result, "checklist"));
    if (diagnose_changes(causes))
        printf("'trainlib train:configure --apply-advice %s > next.yaml' writes the change%s.\n",
               tl_value_text(tl_value_get(result, "run"), ""), diagnose_changes(causes) > 1 ? "s" : "");
}

static int diagnose_run(cli_state *cli)
{
    tl_options options = cli_options(cli);
    tl_error error = {0};
    tl_value *result;
    tl_status status = tl_diagnose(cli->context, cli->arguments.operand, &options, &result, &error);
    if (status != TL_OK) return cli_failed(cli, status, &error);
    int exit_status = CLI_OK;
    if (cli->arguments.json) exit_status = cli_print_json(cli, result);
    else diagnose_show(result, cli->arguments.checklist);
    tl_value_free(cli->context, result);
    return exit_status;
}

const cli_command *cli_command_diagnose(void)
{
    static const cli_command command = {
        "train:diagnose", "[RUN]", "checklist", "why did it stop, and what to change?",
        "Looks at a run's record, its data as the network sees it and its weights, tries other learning rates for a\n"
        "few epochs, and names causes in order of evidence, each with its figures and the settings to change; then\n"
        "what is not the cause, and which alerts were harmless. RUN is a run folder, or a config (its newest run);\n"
        "without it, the newest run. Works on any run, also one that crashed or ran without --detailed-analytics.\n"
        "--checklist adds the fifteen points of the checklist, each with what was found. The result is also written\n"
        "to the run's diagnosis.json.\n\n"
        "  trainlib train:diagnose output/runs/iris_20261121_093000\n"
        "  trainlib train:diagnose config.yaml --checklist\n"
        "  trainlib train:configure --apply-advice output/runs/iris_20261121_093000 > next.yaml",
        diagnose_run};
    return &command;
}
