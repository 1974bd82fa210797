/* A forecast as a tree, inside the pipeline's: norm_params.json, a model's metadata, and feature_config.json. What is
 * read is checked as the rest of the pipeline is. Channels are made again from columns and features, and then take
 * their numbers. */
#include "data/forecast.h"

#include "base/math.h"
#include "base/text.h"
#include "port/port.h"
#include "text/bind.h"
#include "text/yaml.h"

static const char *const forecast_tree_steps[] = {"number", "seconds", "weekdays", "months"};

/* ---- writing ---- */

static void forecast_tree_names(tl__builder *builder, tl_value *map, const char *key, const tl__forecast *forecast,
                                size_t first, size_t end)
{
    tl_value *list = tl__put_list(builder, map, key);
    for (size_t i = first; i < end; i++) tl__put_text(builder, list, NULL, forecast->channels[i].name);
}

static void forecast_tree_numbers(tl__builder *builder, tl_value *map, const char *key, const double *values,
                                  size_t count)
{
    if (!values) return;
    if (count == 1) {
        tl__put_number(builder, map, key, values[0]);
        return;
    }
    tl_value *list = tl__put_list(builder, map, key);
    for (size_t i = 0; i < count; i++) tl__put_number(builder, list, NULL, values[i]);
}

/* The features as they were demanded, each with one column, and all of their settings. */
static void forecast_tree_features(tl__builder *builder, tl_value *map, const tl__forecast *forecast)
{
    tl_value *list = tl__put_list(builder, map, "features");
    for (size_t i = 0; i < forecast->use_count; i++) {
        const tl__feature_use *use = &forecast->uses[i];
        const tl__member_head *head = &use->member->head;
        tl_value *item = tl__put_map(builder, list, NULL), *settings;
        tl__put_text(builder, item, "type", head->name);
        settings = tl__unbind(builder, item, "settings", head->rows, use->settings, 0);
        for (const tl_value *value = settings ? settings->first : NULL; value; value = value->next)
            if (!tl__same_text(value->key, "of")) tl__put_copy(builder, item, value->key, value);
        if (settings) tl__value_detach(item, settings);
        if (use->of == SIZE_MAX) continue;
        tl_value *of = tl__put_list(builder, item, "of");
        tl__put_text(builder, of, NULL, forecast->channels[use->of].name);
    }
}

static size_t forecast_tree_past(const tl__forecast *forecast)
{
    size_t end = forecast->targets;
    while (end < forecast->columns && !forecast->channels[end].ahead) end++;
    return end;
}

static void forecast_tree_config(tl__builder *builder, tl_value *map, const tl__forecast *forecast)
{
    size_t past = forecast_tree_past(forecast);
    tl__put_integer(builder, map, "input_size", (int64_t)forecast->input_size);
    tl__put_integer(builder, map, "horizon", (int64_t)forecast->horizon);
    tl__put_integer(builder, map, "stride", (int64_t)forecast->stride);
    if (forecast->time) tl__put_text(builder, map, "time", forecast->time);
    if (forecast->series) tl__put_text(builder, map, "series", forecast->series);
    forecast_tree_names(builder, map, "targets", forecast, 0, forecast->targets);
    forecast_tree_names(builder, map, "past", forecast, forecast->targets, past);
    forecast_tree_names(builder, map, "future", forecast, past, forecast->columns);
    forecast_tree_features(builder, map, forecast);
    tl__put_integer(builder, map, "history", (int64_t)forecast->history);
    tl__put_bool(builder, map, "dates", forecast->dates);
    tl__put_text(builder, map, "steps", forecast_tree_steps[forecast->step_kind]);
    tl__put_number(builder, map, "step", forecast->step);
    tl__put_integer(builder, map, "season", (int64_t)forecast->season);
    tl__put_text(builder, map, "missing", forecast->missing == TL__MISSING_FORWARD ? "forward" : "fail");
}

TL_PRIV void tl__forecast_put(tl__builder *builder, tl_value *map, const tl__forecast *forecast)
{
    forecast_tree_config(builder, map, forecast);
    if (forecast->sets > 1 || forecast->series) {
        tl_value *names = tl__put_list(builder, map, "series_names");
        for (size_t i = 0; i < forecast->series_count; i++)
            tl__put_text(builder, names, NULL, forecast->series_names[i]);
    }
    tl__put_text(builder, map, "scaling", forecast->sets > 1 ? "series" : "whole");
    tl_value *list = tl__put_list(builder, map, "channels");
    for (size_t i = 0; i < forecast->channel_count; i++) {
        const tl__channel *channel = &forecast->channels[i];
        tl_value *item = tl__put_map(builder, list, NULL);
        tl__put_text(builder, item, "name", channel->name);
        forecast_tree_numbers(builder, item, "shift", channel->shift, forecast->sets);
        forecast_tree_numbers(builder, item, "scale", channel->scale, forecast->sets);
        forecast_tree_numbers(builder, item, "mean", channel->mean, forecast->sets);
        forecast_tree_numbers(builder, item, "deviation", channel->deviation, forecast->sets);
    }
}

TL_PRIV tl_status tl__forecast_write(const tl__pipeline *pipeline, const char *path, tl_error *error)
{
    tl__tree *tree;
    tl__builder builder;
    tl__heap *heap = &pipeline->context->heap;
    if (tl__tree_new(heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, sizeof *tree);
    tl__builder_init(&builder, tree);
    tl_value *root = tl__put_map(&builder, NULL, NULL);
    forecast_tree_config(&builder, root, pipeline->forecast);
    forecast_tree_names(&builder, root, "channels", pipeline->forecast, 0, pipeline->forecast->channel_count);
    tl_status status = tl__pipeline_save(&builder, path, error);
    tl__tree_free(tree);
    return status;
}

/* ---- reading ---- */

typedef struct forecast_reader {
    tl__pipeline *pipeline;
    const char *file;
    tl_error *error;
} forecast_reader;

static tl_status forecast_tree_bad(const forecast_reader *reader, const tl_value *at, const char *what)
{
    return tl__fail_at(reader->error, TL_BAD_FILE, reader->file, at ? at->line : 0, at ? at->column : 0, NULL,
                       "the input pipeline stored here is damaged: %s", what);
}

enum { FORECAST_TREE_MOST = 1 << 24 };    /* of any count; products are checked where they are made */

static tl_status forecast_tree_size(const forecast_reader *reader, const tl_value *map, const char *key, int64_t least,
                                    size_t *out)
{
    const tl_value *value = tl__value_child(map, key);
    if (!value || value->kind != TL_INTEGER || value->integer < least || value->integer > FORECAST_TREE_MOST)
        return forecast_tree_bad(reader, value ? value : map, "a size of the window is missing or out of range");
    *out = (size_t)value->integer;
    return TL_OK;
}

/* The texts of a list behind those that are there. */
static tl_status forecast_tree_texts(const forecast_reader *reader, const tl_value *map, const char *key,
                                     const char **out, size_t *count)
{
    const tl_value *list = tl__value_child(map, key);
    if (!list || list->kind != TL_LIST) return forecast_tree_bad(reader, map, "a list of columns is missing");
    for (const tl_value *item = list->first; item; item = item->next) {
        if (item->kind != TL_TEXT) return forecast_tree_bad(reader, item, "a column's name is not a text");
        out[*count] = tl__arena_copy(&reader->pipeline->arena, item->text, item->text_size);
        if (!out[(*count)++]) return tl__fail_memory(reader->error, item->text_size);
    }
    return TL_OK;
}

static tl_status forecast_tree_doubles(const forecast_reader *reader, const tl_value *map, const char *key,
                                       double *out, bool scale)
{
    const tl_value *value = tl__value_child(map, key), *item = value;
    size_t sets = reader->pipeline->forecast->sets;
    if (value && value->kind == TL_LIST) item = value->first;
    bool good = value && (value->kind == TL_LIST ? value->count == sets : sets == 1);
    for (size_t i = 0; good && i < sets; i++, item = item->next) {
        good = item->kind == TL_NUMBER || item->kind == TL_INTEGER;
        if (good) out[i] = item->number;
        good = good && tl__is_finite_d(out[i]) && (!scale || out[i] != 0);
    }
    return good ? TL_OK : forecast_tree_bad(reader, map, "the numbers of a channel are missing or no usable numbers");
}

static tl_status forecast_tree_channels(const forecast_reader *reader, const tl_value *map)
{
    tl__forecast *forecast = reader->pipeline->forecast;
    const tl_value *list = tl__value_child(map, "channels"), *item = list ? list->first : NULL;
    if (!list || list->kind != TL_LIST || list->count != forecast->channel_count)
        return forecast_tree_bad(reader, map, "its channels are not those of its features");
    if (!tl__forecast_room(reader->pipeline)) return tl__fail_memory(reader->error, forecast->sets * 16);
    for (size_t i = 0; i < forecast->channel_count; i++, item = item->next) {
        tl__channel *channel = &forecast->channels[i];
        TL_TRY(forecast_tree_doubles(reader, item, "shift", channel->shift, false));
        TL_TRY(forecast_tree_doubles(reader, item, "scale", channel->scale, true));
        if (!channel->mean) continue;
        TL_TRY(forecast_tree_doubles(reader, item, "mean", channel->mean, false));
        TL_TRY(forecast_tree_doubles(reader, item, "deviation", channel->deviation, false));
    }
    return TL_OK;
}

static tl_status forecast_tree_series(const forecast_reader *reader, const tl_value *map)
{
    tl__forecast *forecast = reader->pipeline->forecast;
    const tl_value *names = tl__value_child(map, "series_names");
    size_t count = names ? names->count : 1;
    if (count == 0 || (names && names->kind != TL_LIST)) return forecast_tree_bad(reader, names, "there are no series");
    const char **texts = tl__arena_push_zero(&reader->pipeline->arena, count, sizeof *texts);
    if (!texts) return tl__fail_memory(reader->error, count * sizeof *texts);
    texts[0] = "";
    if (names) {
        forecast->series_count = 0;
        TL_TRY(forecast_tree_texts(reader, map, "series_names", texts, &forecast->series_count));
    }
    forecast->series_count = count;
    forecast->series_names = texts;
    forecast->sets = tl__same_text(tl_value_text(tl__value_child(map, "scaling"), ""), "series") ? count : 1;
    return TL_OK;
}

static tl_status forecast_tree_text(const forecast_reader *reader, const tl_value *map, const char *key,
                                    const char **out)
{
    const tl_value *value = tl__value_child(map, key);
    if (!value) return TL_OK;
    if (value->kind != TL_TEXT) return forecast_tree_bad(reader, value, "a column's name is not a text");
    *out = tl__arena_copy(&reader->pipeline->arena, value->text, value->text_size);
    return *out ? TL_OK : tl__fail_memory(reader->error, value->text_size);
}

static tl_status forecast_tree_columns(const forecast_reader *reader, const tl_value *map, const char **names,
                                       size_t room)
{
    static const char *const keys[] = {"targets", "past", "future"};
    tl__forecast_columns columns = {.names = names};
    size_t *const counts[] = {&columns.targets, &columns.past, &columns.future};
    size_t used = 0;
    for (size_t i = 0; i < TL_COUNT(keys); i++) {
        const tl_value *list = tl__value_child(map, keys[i]);
        size_t before = used;
        if (!list || list->count > room - used) return forecast_tree_bad(reader, map, "a list of columns is missing");
        TL_TRY(forecast_tree_texts(reader, map, keys[i], names, &used));
        *counts[i] = used - before;
    }
    if (columns.targets == 0) return forecast_tree_bad(reader, map, "there are no targets");
    return tl__forecast_new(reader->pipeline, &columns, tl__value_child(map, "features"), NULL, reader->file,
                            reader->error);
}

TL_PRIV tl_status tl__forecast_get(tl__pipeline *pipeline, const tl_value *map, const char *file, tl_error *error)
{
    forecast_reader reader = {pipeline, file, error};
    const tl_value *channels = map->kind == TL_MAP ? tl__value_child(map, "channels") : NULL;
    const char *steps = tl_value_text(tl__value_child(map, "steps"), "");
    size_t room = channels ? channels->count : 0;
    if (room == 0 || room > FORECAST_TREE_MOST) return forecast_tree_bad(&reader, map, "there are no channels");
    const char **names = tl__arena_push_zero(&pipeline->arena, room, sizeof *names);
    if (!names) return tl__fail_memory(error, room * sizeof *names);
    TL_TRY(forecast_tree_columns(&reader, map, names, room));
    tl__forecast *forecast = pipeline->forecast;
    TL_TRY(forecast_tree_size(&reader, map, "input_size", 1, &forecast->input_size));
    TL_TRY(forecast_tree_size(&reader, map, "horizon", 1, &forecast->horizon));
    TL_TRY(forecast_tree_size(&reader, map, "stride", 1, &forecast->stride));
    TL_TRY(forecast_tree_size(&reader, map, "season", 0, &forecast->season));
    TL_TRY(forecast_tree_text(&reader, map, "time", &forecast->time));
    TL_TRY(forecast_tree_text(&reader, map, "series", &forecast->series));
    const tl_value *dates = tl__value_child(map, "dates"), *step = tl__value_child(map, "step");
    forecast->dates = dates && dates->kind == TL_BOOL && dates->integer;
    size_t kind = 0;
    while (kind < TL_COUNT(forecast_tree_steps) && !tl__same_text(forecast_tree_steps[kind], steps)) kind++;
    if (kind == TL_COUNT(forecast_tree_steps) || !step || (step->kind != TL_NUMBER && step->kind != TL_INTEGER) ||
        !(step->number >= 0) || !tl__is_finite_d(step->number))
        return forecast_tree_bad(&reader, map, "the distance of its steps is missing");
    forecast->step_kind = (tl__step_kind)kind;
    forecast->step = step->number;
    bool forward = tl__same_text(tl_value_text(tl__value_child(map, "missing"), ""), "forward");
    forecast->missing = forward ? TL__MISSING_FORWARD : TL__MISSING_FAIL;
    TL_TRY(forecast_tree_series(&reader, map));
    TL_TRY(forecast_tree_channels(&reader, map));
    return tl__forecast_settle(pipeline, error);
}
