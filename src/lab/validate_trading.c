/* The back-test, and what becomes of it when something happens to the prices.
 *
 * A position is taken when a row's prediction is known and held to the next row's price. Of a forecast it follows the
 * first step that is forecast, against the last price of the window; of classes, their names or production.positions;
 * of numbers, their sign, or where they are prices, the change. Scenarios change the prices of a forecast's series from
 * the test part on; features are made anew from them. */
#include "lab/validate.h"

#include "base/math.h"
#include "base/text.h"
#include "data/forecast.h"
#include "data/forecast_make.h"
#include "data/series.h"
#include "lab/figures.h"
#include "metrics/forecast_score.h"

typedef struct validate_trading {
    tl__validation *v;
    const char *price;           /* name of the column */
    size_t count;                /* positions */
    double *prices;              /* [count + 1] */
    double *positions, *returns; /* [count] */
    /* of a forecast */
    size_t target;               /* number of the price among the targets */
    size_t first;                /* step of the first test window's first target */
    const uint32_t *order;       /* [steps] rows of the table in the order of time */
    double *series;              /* [steps] the price */
    size_t steps;
} validate_trading;

/* ---- positions ---- */

static double validate_trading_sign(const validate_trading *t, double now, double then)
{
    double change = then / now - 1.0;
    return change > t->v->settings->band ? 1.0 : change < -t->v->settings->band ? -1.0 : 0.0;
}

static bool validate_trading_word(const char *name, double *out)
{
    static const struct { const char *word; double position; } words[] = {
        {"buy", 1}, {"up", 1}, {"long", 1}, {"rise", 1}, {"1", 1}, {"hold", 0}, {"flat", 0}, {"neutral", 0},
        {"0", 0}, {"sell", -1}, {"down", -1}, {"short", -1}, {"fall", -1}, {"-1", -1},
    };
    char lower[16];
    size_t size = strlen(name);
    if (size >= sizeof lower) return false;
    for (size_t i = 0; i <= size; i++)
        lower[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] + 'a' - 'A') : name[i];
    for (size_t i = 0; i < TL_COUNT(words); i++)
        if (tl__same_text(lower, words[i].word)) {
            *out = words[i].position;
            return true;
        }
    return false;
}

/* [classes] */
static tl_status validate_trading_classes(const validate_trading *t, const tl__pipeline *pipeline, double *out,
                                          tl_error *error)
{
    const tl_value *given = t->v->settings->positions;
    for (size_t c = 0; c < pipeline->outputs; c++) {
        const tl_value *value = given ? tl_value_get(given, pipeline->classes[c]) : NULL;
        double position = tl_value_number(value, 2);
        if (value && position >= -1 && position <= 1) out[c] = position;
        else if (given || !validate_trading_word(pipeline->classes[c], &out[c]))
            return tl__fail_at(error, TL_BAD_CONFIG, t->v->trained.config->path, given ? given->line : 0, 0,
                               "production.positions", "production.positions must say what to hold when the class is "
                               "'%s': a number from -1 (sold) to 1 (bought).", pipeline->classes[c]);
    }
    return TL_OK;
}

/* ---- figures ---- */

static void validate_trading_put(tl__validation *v, tl_value *parent, const char *key, const double *returns,
                                 const double *positions, size_t count, tl__trading *out)
{
    tl_value *map = tl__put_map(v->builder, parent, key);
    tl__trading_summary(returns, positions, count, v->settings->steps_of_year, out);
    tl__put_number(v->builder, map, "return", out->total);
    if (out->sharpe == out->sharpe) tl__put_number(v->builder, map, "sharpe", out->sharpe);
    else tl__put_null(v->builder, map, "sharpe");
    tl__put_number(v->builder, map, "drawdown", out->drawdown);
    if (positions) tl__put_integer(v->builder, map, "trades", (int64_t)out->trades);
}

/* The model's own, and what needs no model: always bought, and yesterday's direction again; with an interval of the
 * mean return of the model less that of always bought. */
static tl_status validate_trading_figures(validate_trading *t, tl_value *map, tl__trading *own, tl_error *error)
{
    tl__validation *v = t->v;
    double cost = v->settings->cost;
    double *other = tl__arena_push(&v->arena, t->count * sizeof *other);
    double *held = tl__arena_push(&v->arena, t->count * sizeof *held);
    tl__trading naive;
    tl__bootstrap sure;
    if (!other || !held) return tl__fail_memory(error, t->count * sizeof *other);
    tl__put_integer(v->builder, map, "steps", (int64_t)t->count);
    tl__put_number(v->builder, map, "cost", cost);
    tl__trading_returns(t->prices, t->positions, t->count, cost, t->returns);
    validate_trading_put(v, map, "model", t->returns, t->positions, t->count, own);
    held[0] = 0;
    for (size_t i = 1; i < t->count; i++) held[i] = validate_trading_sign(t, t->prices[i - 1], t->prices[i]);
    tl__trading_returns(t->prices, held, t->count, cost, other);
    validate_trading_put(v, map, "persistence", other, held, t->count, &naive);
    for (size_t i = 0; i < t->count; i++) held[i] = 1;
    tl__trading_returns(t->prices, held, t->count, cost, other);
    validate_trading_put(v, map, "always_bought", other, held, t->count, &naive);
    for (size_t i = 0; i < t->count; i++) other[i] = t->returns[i] - other[i];
    tl__bootstrap_options options = {.block = 10, .seed = (uint64_t)v->trained.config->settings.seed};
    if (tl__bootstrap_mean(&v->context->heap, tl__of_doubles(other), t->count, &options, &sure) != TL_OK)
        return tl__fail_memory(error, t->count);
    tl_value *interval = tl__put_map(v->builder, map, "mean_return_over_always_bought");
    tl__put_number(v->builder, interval, "mean", sure.mean);
    tl__put_number(v->builder, interval, "low", sure.low);
    tl__put_number(v->builder, interval, "high", sure.high);
    return TL_OK;
}

/* ---- rows of a table ---- */

static tl_status validate_trading_rows(validate_trading *t, const tl__column *column, tl_error *error)
{
    const tl__validation *v = t->v;
    const tl_model *model = v->trained.model;
    const tl__pipeline *pipeline = model->pipeline;
    size_t width = tl__model_predictions(model), rows = tl_dataset_rows(v->data, TL_TEST);
    if (pipeline->target_classes)
        return tl__fail(error, TL_UNSUPPORTED, "trades are taken from a model of one class or value; this one has "
                        "heads for classes beside others. Train the target to trade by alone.");
    size_t per_target = width / pipeline->outputs;
    float *out = tl__arena_push(&t->v->arena, rows * width * sizeof *out);
    double *of_class = tl__arena_push_zero(&t->v->arena, pipeline->outputs, sizeof *of_class);
    if (!out || !of_class) return tl__fail_memory(error, rows * width * sizeof *out);
    if (pipeline->classification) TL_TRY(validate_trading_classes(t, pipeline, of_class, error));
    TL_TRY(tl__predict_part(model, v->data, TL_TEST, out, error));
    bool price = !pipeline->classification && tl__same_text(pipeline->targets[0], t->price);
    for (size_t i = 0; i <= t->count; i++) t->prices[i] = tl__column_at(column, v->data->part[TL_TEST].rows[i], 0);
    for (size_t i = 0; i < t->count; i++) {
        const float *row = out + i * width;
        size_t top = 0;
        for (size_t c = 1; pipeline->classification && c < width; c++) top = row[c] > row[top] ? c : top;
        double value = (double)row[per_target / 2], base = price ? t->prices[i] : 1.0;
        t->positions[i] = pipeline->classification ? of_class[top]
                                                   : validate_trading_sign(t, base, price ? value : 1.0 + value);
    }
    return TL_OK;
}

static tl_status validate_trading_room(validate_trading *t, size_t count, tl_error *error)
{
    t->count = count;
    t->prices = tl__arena_push(&t->v->arena, (count + 1) * sizeof(double));
    t->positions = tl__arena_push(&t->v->arena, (count + 1) * sizeof(double));
    t->returns = tl__arena_push(&t->v->arena, (count + 1) * sizeof(double));
    return t->prices && t->positions && t->returns ? TL_OK : tl__fail_memory(error, count * 3 * sizeof(double));
}

static tl_status validate_trading_of_rows(validate_trading *t, tl__table *table, tl__trading *own, tl_error *error)
{
    size_t number, rows = tl_dataset_rows(t->v->data, TL_TEST);
    TL_TRY(tl__table_find(table, t->price, "production.price", &number, error));
    const tl__column *column = &table->columns[number];
    if (column->type == TL__COLUMN_CODES || column->width != 1 || column->missing)
        return tl__fail_at(error, TL_BAD_DATA, table->source, column->first_missing_line, 0, "production.price",
                           "column '%s' does not hold a price in every row.", column->name);
    TL_TRY(validate_trading_room(t, rows - 1, error));
    TL_TRY(validate_trading_rows(t, column, error));
    return validate_trading_figures(t, tl__put_map(t->v->builder, t->v->root, "backtest"), own, error);
}

/* ---- a forecast ---- */

static tl_status validate_trading_table(const tl__validation *v, tl__table **out, tl_error *error)
{
    const tl__config *config = v->trained.config;
    tl__kinds kinds = {0, NULL};
    tl__arena arena;
    tl__arena_init(&arena, &v->context->heap);
    const tl__forecast *forecast = v->trained.model->pipeline->forecast;
    tl_status status = forecast ? tl__forecast_kinds(forecast, &arena, &kinds, error) : TL_OK;
    if (status == TL_OK)
        status = tl__table_read(v->context, config->settings.data.file, &config->settings.data, &kinds, config->folder,
                                "data.file", out, error);
    tl__arena_free(&arena);
    return status;
}

/* Positions of the windows that begin in the test part, over a table that is used up. */
static tl_status validate_trading_windows(validate_trading *t, tl__table *table, tl_error *error)
{
    const tl__validation *v = t->v;
    const tl_model *model = v->trained.model;
    const tl__forecast *forecast = model->pipeline->forecast;
    size_t width = tl__model_predictions(model), per_target = width / (forecast->horizon * forecast->targets);
    tl_dataset *data;
    TL_TRY(tl__dataset_apply(v->context, model->pipeline, table, &v->trained.config->settings.data, &data, error));
    const tl__part_rows *part = &data->part[TL_TEST];
    size_t at = 0, bytes = t->count * width * sizeof(float);
    while (at < part->count && part->rows[at] < t->first) at++;
    tl_status status = at + t->count <= part->count ? TL_OK
        : tl__fail(error, TL_BAD_DATA, "the series has other steps than when %s was trained.", v->trained.place.model);
    float *out = status == TL_OK ? tl__alloc(&v->context->heap, bytes) : NULL;
    if (status == TL_OK && !out) status = tl__fail_memory(error, bytes);
    if (status == TL_OK) status = tl__predict_rows(model, data, TL_TEST, at, t->count, NULL, out, error);
    for (size_t i = 0; status == TL_OK && i < t->count; i++)
        t->positions[i] = validate_trading_sign(t, t->prices[i], (double)out[i * width + t->target * per_target +
                                                                            per_target / 2]);
    tl__free(&v->context->heap, out, bytes);
    tl_dataset_free(data);
    return status;
}

/* ---- scenarios: what becomes of price i ---- */

typedef struct validate_scenario {
    const char *name, *help;
    void (*change)(const double *was, size_t steps, size_t first, double *is);    /* is: equals was, to be changed */
} validate_scenario;

static size_t validate_middle(size_t steps, size_t first) { return first + (steps - first) / 2; }

static void validate_gap(const double *was, size_t steps, size_t first, double *is)
{
    for (size_t i = validate_middle(steps, first); i < steps; i++) is[i] = 0.8 * was[i];
}

/* Changes of the logarithm about their mean, times `factor`. */
static void validate_scale(const double *was, size_t steps, size_t first, double factor, double *is)
{
    double mean = (tl__log(was[steps - 1]) - tl__log(was[first - 1])) / (double)(steps - first), at;
    at = tl__log(was[first - 1]);
    for (size_t i = first; i < steps; i++) {
        at += mean + factor * (tl__log(was[i]) - tl__log(was[i - 1]) - mean);
        is[i] = tl__exp(at);
    }
}

static void validate_volatility(const double *was, size_t steps, size_t first, double *is)
{
    validate_scale(was, steps, first, 3.0, is);
}

static void validate_flat(const double *was, size_t steps, size_t first, double *is)
{
    for (size_t i = first; i < steps; i++) is[i] = was[first - 1];
}

static void validate_reversal(const double *was, size_t steps, size_t first, double *is)
{
    for (size_t i = validate_middle(steps, first); i < steps; i++) is[i] = is[i - 1] * was[i - 1] / was[i];
}

static void validate_missing(const double *was, size_t steps, size_t first, double *is)
{
    size_t middle = validate_middle(steps, first);
    is[middle] = was[middle - 1];
}

static const validate_scenario *validate_scenario_at(size_t index)
{
    static const validate_scenario scenarios[] = {
        {"gap", "prices fall by 20 % in the middle of the test part, and stay there", validate_gap},
        {"volatility", "changes of the price are three times as large", validate_volatility},
        {"flat", "the price stays where it was before the test part", validate_flat},
        {"reversal", "from the middle on, every rise is as large a fall, and the reverse", validate_reversal},
        {"missing_day", "in the middle, a day is not there: the day before stands for it", validate_missing},
    };
    return index < TL_COUNT(scenarios) ? &scenarios[index] : NULL;
}

static bool validate_trading_is_price(const validate_trading *t, const char *name)
{
    static const char *const words[] = {"open", "high", "low", "close", "adj_close", "Open", "High", "Low", "Close",
                                        "Adj Close"};
    bool found = tl__same_text(name, t->price);
    for (size_t i = 0; i < TL_COUNT(words); i++) found |= tl__same_text(name, words[i]);
    return found;
}

static void validate_trading_multiply(tl__column *column, size_t row, double factor)
{
    if (column->type == TL__COLUMN_F64) ((double *)column->values)[row] *= factor;
    else if (column->type == TL__COLUMN_F32)
        ((float *)column->values)[row] = (float)((double)((float *)column->values)[row] * factor);
    else if (column->type == TL__COLUMN_I32)
        ((int32_t *)column->values)[row] = (int32_t)(((int32_t *)column->values)[row] * factor + 0.5);
}

static tl_status validate_trading_scenario(validate_trading *t, const validate_scenario *scenario, double *is,
                                           tl__trading *out, tl_error *error)
{
    tl__table *table;
    memcpy(is, t->series, t->steps * sizeof *is);
    scenario->change(t->series, t->steps, t->first, is);
    TL_TRY(validate_trading_table(t->v, &table, error));
    for (size_t c = 0; c < table->column_count; c++) {
        tl__column *column = &table->columns[c];
        if (column->width != 1 || !validate_trading_is_price(t, column->name)) continue;
        for (size_t i = t->first; i < t->steps; i++)
            validate_trading_multiply(column, t->order[i], is[i] / t->series[i]);
    }
    for (size_t i = 0; i <= t->count; i++) t->prices[i] = is[t->first - 1 + i];
    TL_TRY(validate_trading_windows(t, table, error));
    tl__trading_returns(t->prices, t->positions, t->count, t->v->settings->cost, t->returns);
    tl__trading_summary(t->returns, t->positions, t->count, t->v->settings->steps_of_year, out);
    return TL_OK;
}

static tl_status validate_trading_stress(validate_trading *t, tl_error *error)
{
    tl__validation *v = t->v;
    const validate_scenario *scenario;
    char note[160];
    double worst = -1;
    tl_value *list = tl__put_list(v->builder, v->root, "stress");
    double *is = tl__arena_push(&v->arena, t->steps * sizeof *is);
    if (!is) return tl__fail_memory(error, t->steps * sizeof *is);
    for (size_t i = 0; (scenario = validate_scenario_at(i)) != NULL; i++) {
        tl__trading figures;
        TL_TRY(validate_trading_scenario(t, scenario, is, &figures, error));
        tl_value *map = tl__put_map(v->builder, list, NULL);
        tl__put_text(v->builder, map, "scenario", scenario->name);
        tl__put_text(v->builder, map, "what", scenario->help);
        tl__put_number(v->builder, map, "return", figures.total);
        tl__put_number(v->builder, map, "drawdown", figures.drawdown);
        if (figures.drawdown <= worst) continue;
        worst = figures.drawdown;
        tl__format(note, sizeof note, "in '%s': %s", scenario->name, scenario->help);
    }
    tl__validation_put(v, "stress", "deepest drawdown", worst, TL__AT_MOST, v->settings->largest_loss, note);
    return TL_OK;
}

/* The price in the order of time, and where the test part begins. */
static tl_status validate_trading_series(validate_trading *t, const tl__table *table, tl_error *error)
{
    tl__validation *v = t->v;
    const tl__pipeline *pipeline = v->trained.model->pipeline;
    const tl__part_rows *part = &v->data->part[TL_TEST];
    tl__grid grid;
    TL_TRY(tl__forecast_grid(pipeline, table, &grid, error));
    t->steps = grid.rows;
    t->first = part->rows[0];
    t->series = tl__arena_push(&v->arena, t->steps * sizeof *t->series);
    uint32_t *order = tl__arena_push(&v->arena, t->steps * sizeof *order);
    if (t->series && order) {
        memcpy(t->series, tl__grid_channel(&grid, t->target), t->steps * sizeof *t->series);
        memcpy(order, grid.table_rows, t->steps * sizeof *order);
    }
    t->order = order;
    bool several = grid.span_count > 1;
    tl__grid_free(&grid);
    if (!t->series || !order) return tl__fail_memory(error, t->steps * sizeof *t->series);
    if (several) return tl__fail(error, TL_INVALID, "the back-test takes one series; this model forecasts several.");
    for (size_t i = 0; i < t->steps; i++)
        if (!(t->series[i] > 0))
            return tl__fail(error, TL_BAD_DATA, "column '%s' is not a price: step %zu of it is %g.", t->price, i + 1,
                            t->series[i]);
    TL_TRY(validate_trading_room(t, part->count, error));
    for (size_t i = 0; i <= t->count; i++) t->prices[i] = t->series[t->first - 1 + i];
    return TL_OK;
}

static tl_status validate_trading_of_forecast(validate_trading *t, tl__table *table, tl__trading *own, tl_error *error)
{
    tl_status status = validate_trading_series(t, table, error);
    if (status != TL_OK) {
        tl__table_free(table);
        return status;
    }
    TL_TRY(validate_trading_windows(t, table, error));
    return validate_trading_figures(t, tl__put_map(t->v->builder, t->v->root, "backtest"), own, error);
}

/* ---- which of them ---- */

/* NULL, or why there is no back-test. */
static const char *validate_trading_refuse(validate_trading *t)
{
    const tl__validation *v = t->v;
    const tl__forecast *forecast = v->trained.model->pipeline->forecast;
    t->price = v->settings->price;
    if (forecast && !t->price && forecast->targets == 1) t->price = forecast->channels[0].name;
    if (!t->price) return "production.price names no column of prices";
    if (tl_dataset_rows(v->data, TL_TEST) < 3) return "the test part has fewer than three rows";
    if (!forecast)
        return v->trained.config->settings.data.split.method == TL__SPLIT_TIME ? NULL
            : "the test part is not a stretch of time; data.split: {method: time} makes it one";
    for (t->target = 0; t->target < forecast->targets; t->target++)
        if (tl__same_text(forecast->channels[t->target].name, t->price)) return NULL;
    return "production.price is not among the columns that are forecast";
}

TL_PRIV tl_status tl__validate_trading(tl__validation *v, tl_error *error)
{
    validate_trading t = {.v = v};
    const char *why = validate_trading_refuse(&t);
    char note[200];
    bool forecast = v->trained.model->pipeline->forecast != NULL;
    tl__table *table;
    tl__trading own;
    if (why) {
        tl__validation_leave(v, "backtest", why);
        tl__validation_leave(v, "stress", why);
        return TL_OK;
    }
    TL_TRY(validate_trading_table(v, &table, error));
    tl_status status = forecast ? validate_trading_of_forecast(&t, table, &own, error)
                                : validate_trading_of_rows(&t, table, &own, error);
    if (!forecast) tl__table_free(table);
    TL_TRY(status);
    double bought = tl_value_number(tl_value_get(v->root, "backtest.always_bought.return"), 0);
    tl__format(note, sizeof note, "return %.1f %% with %zu trades; always bought %.1f %%", 100 * own.total, own.trades,
               100 * bought);
    tl__validation_put(v, "backtest", "Sharpe ratio", own.sharpe, TL__ABOVE, v->settings->sharpe, note);
    if (forecast) return validate_trading_stress(&t, error);
    tl__validation_leave(v, "stress", "inputs are columns of a table, which do not follow from the prices; a model of "
                         "data.task: forecast makes its features anew");
    return TL_OK;
}
