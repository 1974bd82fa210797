/* Time, series and targets are given by name; every number column that is left is a past covariate, unless
 * data.covariates.past or data.inputs say which are. */
#include "data/forecast_roles.h"

#include "base/text.h"
#include "data/roles.h"

enum { FORECAST_ROLES_FREE = 255 };

TL_PRIV void tl__forecast_roles_free(tl__forecast_roles *roles)
{
    if (!roles->heap) return;
    tl__free(roles->heap, roles->of, roles->column_count);
    tl__free(roles->heap, roles->columns, roles->column_count * sizeof *roles->columns);
    memset(roles, 0, sizeof *roles);
}

static tl_status forecast_roles_number(const tl__table *table, size_t column, const char *setting, tl_error *error)
{
    const tl__column *c = &table->columns[column];
    bool text = c->type == TL__COLUMN_CODES;
    if (!text && !c->date && c->width == 1 && c->missing < table->rows) return TL_OK;
    return tl__fail_at(error, TL_BAD_DATA, table->source, 0, 0, setting,
                       "column '%s' holds %s, but a forecast takes numbers; choose another column, or leave it out: "
                       "data.drop: ['%s']",
                       c->name, text ? "texts" : c->date ? "dates" : c->width > 1 ? "arrays" : "no values", c->name);
}

static tl_status forecast_roles_give(const tl__table *table, tl__forecast_roles *roles, const char *name,
                                     unsigned char role, const char *setting, size_t *column, tl_error *error)
{
    TL_TRY(tl__table_find(table, name, setting, column, error));
    if (roles->of[*column] != FORECAST_ROLES_FREE)
        return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, setting, "column '%s', which %s names, has another role",
                           table->columns[*column].name, setting);
    roles->of[*column] = role;
    return TL_OK;
}

/* Columns of a list as channels. */
static tl_status forecast_roles_list(const tl__table *table, tl__forecast_roles *roles, const tl__text_list *names,
                                     unsigned char role, const char *setting, size_t *count, tl_error *error)
{
    for (size_t i = 0; i < names->count; i++) {
        size_t column, at = roles->targets + roles->past + roles->future;
        TL_TRY(forecast_roles_give(table, roles, names->items[i], role, setting, &column, error));
        TL_TRY(forecast_roles_number(table, column, setting, error));
        roles->columns[at] = column;
        (*count)++;
    }
    return TL_OK;
}

/* The only column of dates, where data.time is not given. */
static void forecast_roles_find_time(const tl__table *table, tl__forecast_roles *roles)
{
    size_t found = 0, column = 0;
    for (size_t i = 0; i < table->column_count; i++) {
        if (!table->columns[i].date || roles->of[i] != FORECAST_ROLES_FREE) continue;
        found++;
        column = i;
    }
    if (found != 1) return;
    roles->time = column;
    roles->time_found = true;
    roles->of[column] = TL__ROLE_TIME;
}

/* All number columns that are free, with this role. */
static void forecast_roles_rest(const tl__table *table, tl__forecast_roles *roles, unsigned char role, size_t *count)
{
    for (size_t i = 0; i < table->column_count; i++) {
        const tl__column *c = &table->columns[i];
        bool number = c->type != TL__COLUMN_CODES && !c->date && c->width == 1 && c->missing < table->rows;
        if (roles->of[i] != FORECAST_ROLES_FREE || !number) continue;
        roles->columns[roles->targets + roles->past + roles->future] = i;
        roles->of[i] = role;
        (*count)++;
    }
}

static bool forecast_roles_all(const tl__table *table, const tl__data_settings *settings)
{
    if (settings->target.count != 1 || !tl__same_text(settings->target.items[0], "all")) return false;
    for (size_t i = 0; i < table->column_count; i++)
        if (tl__same_text(table->columns[i].name, "all")) return false;
    return true;
}

static tl_status forecast_roles_check_order(const tl__table *table, const tl__forecast_roles *roles, tl_error *error)
{
    if (roles->time != SIZE_MAX) {
        const tl__column *time = &table->columns[roles->time];
        if (time->type == TL__COLUMN_CODES || time->missing || time->width != 1)
            return tl__fail_at(error, TL_BAD_DATA, table->source, time->first_missing_line, 0, "data.time",
                               "column '%s' %s, so it cannot order the steps; data.time needs a date or number in "
                               "every row",
                               time->name, time->missing ? "has missing cells" : "holds texts");
    }
    if (roles->series == SIZE_MAX) return TL_OK;
    const tl__column *series = &table->columns[roles->series];
    if (series->missing == 0 && series->width == 1) return TL_OK;
    return tl__fail_at(error, TL_BAD_DATA, table->source, series->first_missing_line, 0, "data.series",
                       "column '%s' has missing cells, so it cannot tell series apart", series->name);
}

static tl_status forecast_roles_fill(const tl__table *table, const tl__data_settings *settings,
                                     tl__forecast_roles *roles, tl_error *error)
{
    const tl__text_list *past = settings->covariates.past.count ? &settings->covariates.past : &settings->inputs;
    bool all = forecast_roles_all(table, settings);
    size_t column;
    if (settings->time)
        TL_TRY(forecast_roles_give(table, roles, settings->time, TL__ROLE_TIME, "data.time", &roles->time, error));
    if (settings->series)
        TL_TRY(forecast_roles_give(table, roles, settings->series, TL__ROLE_GROUP, "data.series", &roles->series,
                                   error));
    for (size_t i = 0; i < settings->drop.count; i++)
        TL_TRY(forecast_roles_give(table, roles, settings->drop.items[i], TL__ROLE_DROPPED, "data.drop", &column,
                                   error));
    if (!settings->time) forecast_roles_find_time(table, roles);
    TL_TRY(forecast_roles_check_order(table, roles, error));
    if (!all)
        TL_TRY(forecast_roles_list(table, roles, &settings->target, TL__ROLE_TARGET, "data.target", &roles->targets,
                                   error));
    /* those of the future are found first, so that `all` and the rest leave them alone, but stand last */
    for (size_t i = 0; i < settings->covariates.future.count; i++)
        TL_TRY(forecast_roles_give(table, roles, settings->covariates.future.items[i], FORECAST_ROLES_FREE - 1,
                                   "data.covariates.future", &column, error));
    if (past->count && !all)
        TL_TRY(forecast_roles_list(table, roles, past, TL__ROLE_INPUT,
                                   past == &settings->inputs ? "data.inputs" : "data.covariates.past", &roles->past,
                                   error));
    else forecast_roles_rest(table, roles, all ? TL__ROLE_TARGET : TL__ROLE_INPUT, all ? &roles->targets
                                                                                       : &roles->past);
    for (size_t i = 0; i < table->column_count; i++)
        if (roles->of[i] == FORECAST_ROLES_FREE - 1) roles->of[i] = FORECAST_ROLES_FREE;
    TL_TRY(forecast_roles_list(table, roles, &settings->covariates.future, TL__ROLE_INPUT, "data.covariates.future",
                               &roles->future, error));
    for (size_t i = 0; i < table->column_count; i++)
        if (roles->of[i] == FORECAST_ROLES_FREE)
            roles->of[i] = table->columns[i].date ? TL__ROLE_DATE : TL__ROLE_DROPPED;
    if (roles->targets > 0) return TL_OK;
    return tl__fail_at(error, TL_BAD_DATA, table->source, 0, 0, "data.target",
                       "no column is left to forecast: the file has %zu, and none that is free holds numbers",
                       table->column_count);
}

TL_PRIV tl_status tl__forecast_roles_find(const tl__table *table, const tl__data_settings *settings,
                                          tl__forecast_roles *out, tl_error *error)
{
    memset(out, 0, sizeof *out);
    out->heap = &table->context->heap;
    out->column_count = table->column_count;
    out->time = out->series = SIZE_MAX;
    out->of = tl__alloc(out->heap, table->column_count);
    out->columns = tl__alloc_zero(out->heap, table->column_count, sizeof *out->columns);
    tl_status status = out->of && out->columns ? TL_OK : tl__fail_memory(error, table->column_count * 9);
    if (status == TL_OK) memset(out->of, FORECAST_ROLES_FREE, table->column_count);
    if (status == TL_OK) status = forecast_roles_fill(table, settings, out, error);
    if (status != TL_OK) tl__forecast_roles_free(out);
    return status;
}
