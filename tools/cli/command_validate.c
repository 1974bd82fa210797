/* train:validate: may this model go into production? */
#include "cli.h"

#include <string.h>

static void validate_check(const tl_value *check)
{
    const char *status = tl_value_text(tl_value_get(check, "status"), "");
    char cell[96], value[32], threshold[32];
    cli_cell(stdout, tl_value_text(tl_value_get(check, "name"), ""), 14);
    cli_cell(stdout, status, 16);
    if (strcmp(status, "not applicable") != 0) {
        cli_figure(value, tl_value_number(tl_value_get(check, "value"), CLI_NO_NUMBER));
        cli_figure(threshold, tl_value_number(tl_value_get(check, "threshold"), CLI_NO_NUMBER));
        snprintf(cell, sizeof cell, "%s %s (%s %s)", tl_value_text(tl_value_get(check, "what"), ""), value,
                 tl_value_text(tl_value_get(check, "bound"), ""), threshold);
        cli_cell(stdout, cell, 52);
    }
    puts(tl_value_text(tl_value_get(check, "note"), ""));
}

static void validate_trading(const char *name, const tl_value *figures)
{
    char a[32], b[32];
    if (!figures) return;
    const tl_value *trades = tl_value_get(figures, "trades"), *sharpe = tl_value_get(figures, "sharpe");
    snprintf(a, sizeof a, "Sharpe %8s", cli_figure(b, tl_value_number(sharpe, CLI_NO_NUMBER)));
    snprintf(b, sizeof b, "%lld trades", (long long)tl_value_integer(trades, 0));
    printf("  %-14s return %8.2f %%  drawdown %6.2f %%  %s  %s\n", name,
           100 * tl_value_number(tl_value_get(figures, "return"), 0),
           100 * tl_value_number(tl_value_get(figures, "drawdown"), 0), sharpe ? a : "", trades ? b : "");
}

static void validate_show(const tl_value *result)
{
    const tl_value *checks = tl_value_get(result, "checks"), *backtest = tl_value_get(result, "backtest");
    const tl_value *stress = tl_value_get(result, "stress");
    for (size_t i = 0; i < tl_value_count(checks); i++) validate_check(tl_value_at(checks, i));
    if (backtest) {
        const tl_value *over = tl_value_get(backtest, "mean_return_over_always_bought");
        printf("\nback-test of %lld steps, %.3g %% for a trade\n",
               (long long)tl_value_integer(tl_value_get(backtest, "steps"), 0),
               100 * tl_value_number(tl_value_get(backtest, "cost"), 0));
        validate_trading("model", tl_value_get(backtest, "model"));
        validate_trading("always bought", tl_value_get(backtest, "always_bought"));
        validate_trading("persistence", tl_value_get(backtest, "persistence"));
        printf("  a step's return over always bought: %.4f %%, 95 %% interval %.4f to %.4f\n",
               100 * tl_value_number(tl_value_get(over, "mean"), 0),
               100 * tl_value_number(tl_value_get(over, "low"), 0),
               100 * tl_value_number(tl_value_get(over, "high"), 0));
    }
    if (stress) puts("\nstress");
    for (size_t i = 0; i < tl_value_count(stress); i++)
        validate_trading(tl_value_text(tl_value_get(tl_value_at(stress, i), "scenario"), ""), tl_value_at(stress, i));
    printf("\n%s\n", tl_value_bool(tl_value_get(result, "passed"), false) ? "passed" : "not passed");
}

static int validate_run(cli_state *cli)
{
    tl_options options = cli_options(cli);
    tl_error error = {0};
    tl_value *result;
    tl_status status = tl_validate(cli->context, cli->arguments.operand, &options, &result, &error);
    if (status != TL_OK) return cli_failed(cli, status, &error);
    int exit_status = tl_value_bool(tl_value_get(result, "passed"), false) ? CLI_OK : CLI_FAILURE;
    if (cli->arguments.json) {
        if (cli_print_json(cli, result) != CLI_OK) exit_status = CLI_FAILURE;
    } else {
        validate_show(result);
    }
    tl_value_free(cli->context, result);
    return exit_status;
}

const cli_command *cli_command_validate(void)
{
    static const cli_command command = {
        "train:validate", "[RUN]", "output", "may this model go into production?",
        "Examines a trained model on its test part against the thresholds of the config's production: block: a\n"
        "back-test with costs (Sharpe ratio), walk-forward training (error), stress scenarios (deepest drawdown),\n"
        "the time of one prediction, and answers under small noise. The report is printed, and written to the run's\n"
        "validation.json. Exit status 0: passed; 1: not passed.\n\n"
        "  trainlib train:validate production\n"
        "  trainlib train:validate output/runs/prices_20261121_093000 --set production.sharpe=0.5",
        validate_run};
    return &command;
}
