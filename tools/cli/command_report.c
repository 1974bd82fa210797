/* train:report: report.html, report.pdf and charts of a run, or a page that compares several. */
#include "cli.h"

static int report_run(cli_state *cli)
{
    tl_options options = cli_options(cli);
    tl_error error = {0};
    tl_value *result;
    const cli_arguments *a = &cli->arguments;
    tl_status status = tl_report(cli->context, a->operands, a->operand_count, &options, &result, &error);
    if (status != TL_OK) return cli_failed(cli, status, &error);
    int exit_status = CLI_OK;
    if (a->json) {
        exit_status = cli_print_json(cli, result);
    } else {
        puts(tl_value_text(tl_value_get(result, "html"), ""));
        puts(tl_value_text(tl_value_get(result, "pdf"), ""));
        printf("%s/charts: %zu pictures\n", tl_value_text(tl_value_get(result, "folder"), ""),
               tl_value_count(tl_value_get(result, "charts")));
    }
    tl_value_free(cli->context, result);
    return exit_status;
}

const cli_command *cli_command_report(void)
{
    static const cli_command command = {
        "train:report", "[RUN [RUN...]]", "format output", "a report of a run as HTML and PDF, with its charts",
        "Writes report.html (one file with all in it), report.pdf and charts/ into the run folder, or into --output.\n"
        "--format says what charts are written as: svg (default), png, pdf, or several with commas. Of several runs\n"
        "it makes comparison.html and comparison.pdf: their figures, settings and curves side by side, in\n"
        "output/comparison or --output. Of the folder of a search it shows how the trials went, of that of\n"
        "an experiment (training_analytics/experiments/NAME) what its values came to over their seeds.\n\n"
        "  trainlib train:report\n"
        "  trainlib train:report output/runs/iris_20261121_093000 --format svg,png,pdf\n"
        "  trainlib train:report output/runs/a_20261121_093000 output/runs/b_20261121_094500",
        report_run};
    return &command;
}
