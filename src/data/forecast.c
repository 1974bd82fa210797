/* A forecast's channels: columns first, then what features make of them. */
#include "data/forecast.h"

#include "base/math.h"
#include "base/text.h"
#include "base/date.h"
#include "text/bind.h"

/* ---- features ---- */

typedef struct forecast_uses {
    tl__pipeline *pipeline;
    tl__forecast *forecast;
    const char *file;
    size_t capacity, channel_capacity;
    tl_error *error;
} forecast_uses;

static tl_status forecast_memory(const forecast_uses *made, size_t bytes)
{
    return tl__fail_memory(made->error, bytes);
}

/* One more item at the end of an array in the arena; NULL: out of memory. */
static void *forecast_more(tl__arena *arena, void *items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity) return items;
    size_t more = *capacity ? 2 * *capacity : 16;
    void *grown = tl__arena_push_zero(arena, more, size);
    if (!grown) return NULL;
    if (count) memcpy(grown, items, count * size);
    *capacity = more;
    return grown;
}

static tl_status forecast_channel(forecast_uses *made, const char *name, bool ahead)
{
    tl__forecast *forecast = made->forecast;
    tl__arena *arena = &made->pipeline->arena;
    tl__channel *channels = forecast_more(arena, forecast->channels, forecast->channel_count, &made->channel_capacity,
                                          sizeof *channels);
    const char *copy = tl__arena_text(arena, name);
    if (!channels || !copy) return forecast_memory(made, sizeof *channels);
    forecast->channels = channels;
    channels[forecast->channel_count++] = (tl__channel){.name = copy, .ahead = ahead};
    return TL_OK;
}

/* A member on one column (SIZE_MAX: the time). */
static tl_status forecast_use(forecast_uses *made, const tl__feature *member, void *settings, size_t of)
{
    tl__forecast *forecast = made->forecast;
    tl__feature_use *uses = forecast_more(&made->pipeline->arena, forecast->uses, forecast->use_count, &made->capacity,
                                          sizeof *uses);
    if (!uses) return forecast_memory(made, sizeof *uses);
    forecast->uses = uses;
    uses[forecast->use_count++] = (tl__feature_use){member, settings, of, forecast->channel_count};
    forecast->history = tl__size_max(forecast->history, member->history(settings));
    bool time = member->kind == TL__FEATURE_OF_TIME;
    for (size_t i = 0; i < member->outputs(settings); i++) {
        char word[96], name[512];
        member->name(settings, i, word, sizeof word);
        tl__format(name, sizeof name, "%s%s%s", time ? "" : forecast->channels[of].name, time ? "" : "_", word);
        TL_TRY(forecast_channel(made, name, time));
    }
    return TL_OK;
}

static tl_status forecast_columns_of(forecast_uses *made, const tl__feature *member, void *settings,
                                     const tl_value *item)
{
    const tl__forecast *forecast = made->forecast;
    const tl__text_list *of = &((const tl__feature_common *)settings)->of;
    for (size_t i = 0; of->count == 0 && i < forecast->targets; i++) TL_TRY(forecast_use(made, member, settings, i));
    for (size_t k = 0; k < of->count; k++) {
        tl__suggestion suggestion = {of->items[k], NULL, 0};
        size_t i = 0;
        for (; i < forecast->columns && !tl__same_text(forecast->channels[i].name, of->items[k]); i++)
            tl__suggest(&suggestion, forecast->channels[i].name);
        if (i < forecast->columns) {
            TL_TRY(forecast_use(made, member, settings, i));
            continue;
        }
        return tl__fail_at(made->error, TL_BAD_CONFIG, made->file, item->line, item->column, "data.features",
                           "%s is of '%s', which is neither target nor covariate%s%s%s", member->head.name,
                           of->items[k], suggestion.best ? "; did you mean '" : "",
                           suggestion.best ? suggestion.best : "", suggestion.best ? "'?" : "");
    }
    return TL_OK;
}

/* An item of the list, when it is of this kind: members that clean come first, those of the time last. */
static tl_status forecast_item(forecast_uses *made, const tl_value *item, tl__feature_kind kind)
{
    const tl__member_head *head;
    void *settings;
    tl_error why = {0};
    tl__member choice = {tl_value_text(item->kind == TL_MAP ? tl__value_child(item, "type") : item, NULL), item};
    TL_TRY(tl__bind_member(tl__feature_family(), &choice, made->file, "data.features", &made->pipeline->arena, &head,
                           &settings, made->error));
    const tl__feature *member = (const tl__feature *)(const void *)head;
    if (member->kind != kind) return TL_OK;
    if (member->check && member->check(settings, &why) != TL_OK)
        return tl__fail_at(made->error, TL_BAD_CONFIG, made->file, item->line, item->column, "data.features", "%s: %s",
                           head->name, why.message);
    if (kind == TL__FEATURE_OF_TIME) return forecast_use(made, member, settings, SIZE_MAX);
    return forecast_columns_of(made, member, settings, item);
}

static tl_status forecast_list(forecast_uses *made, const tl_value *features, tl__feature_kind kind)
{
    if (!features || features->kind == TL_NULL) return TL_OK;
    if (features->kind != TL_LIST) return forecast_item(made, features, kind);
    for (const tl_value *item = features->first; item; item = item->next) TL_TRY(forecast_item(made, item, kind));
    return TL_OK;
}

/* data.calendar: [hour, ...] as the member that it stands for. */
static tl_status forecast_calendar(forecast_uses *made, const tl__text_list *calendar)
{
    tl__tree *tree;
    tl__builder builder;
    if (!calendar || calendar->count == 0) return TL_OK;
    if (tl__tree_new(&made->pipeline->context->heap, made->file, &tree) != TL_OK)
        return forecast_memory(made, sizeof *tree);
    tl__builder_init(&builder, tree);
    tl_value *map = tl__put_map(&builder, NULL, NULL);
    tl__put_text(&builder, map, "type", "calendar");
    tl_value *units = tl__put_list(&builder, map, "units");
    for (size_t i = 0; i < calendar->count; i++) tl__put_text(&builder, units, NULL, calendar->items[i]);
    tl_status status = builder.failed ? forecast_memory(made, 256) : forecast_item(made, map, TL__FEATURE_OF_TIME);
    tl__tree_free(tree);
    return status;
}

TL_PRIV tl_status tl__forecast_new(tl__pipeline *pipeline, const tl__forecast_columns *columns,
                                   const tl_value *features, const tl__text_list *calendar, const char *file,
                                   tl_error *error)
{
    forecast_uses made = {.pipeline = pipeline, .file = file, .error = error};
    tl__forecast *forecast = tl__arena_push_zero(&pipeline->arena, 1, sizeof *forecast);
    if (!forecast) return forecast_memory(&made, sizeof *forecast);
    made.forecast = forecast;
    forecast->targets = columns->targets;
    size_t known = columns->targets + columns->past;
    for (size_t i = 0; i < known + columns->future; i++)
        TL_TRY(forecast_channel(&made, columns->names[i], i >= known));
    forecast->columns = forecast->channel_count;
    TL_TRY(forecast_list(&made, features, TL__FEATURE_CLEANS));
    TL_TRY(forecast_list(&made, features, TL__FEATURE_OF_COLUMN));
    TL_TRY(forecast_list(&made, features, TL__FEATURE_OF_TIME));
    TL_TRY(forecast_calendar(&made, calendar));
    forecast->ahead = tl__arena_push_zero(&pipeline->arena, forecast->channel_count, sizeof *forecast->ahead);
    if (!forecast->ahead) return forecast_memory(&made, forecast->channel_count * sizeof *forecast->ahead);
    for (size_t i = 0; i < forecast->channel_count; i++)
        if (forecast->channels[i].ahead) forecast->ahead[forecast->future++] = i;
    pipeline->forecast = forecast;
    return TL_OK;
}

TL_PRIV bool tl__forecast_cleans(const tl__forecast *forecast, size_t column)
{
    for (size_t i = 0; i < forecast->use_count; i++)
        if (forecast->uses[i].member->kind == TL__FEATURE_CLEANS && forecast->uses[i].of == column) return true;
    return false;
}

TL_PRIV bool tl__forecast_room(tl__pipeline *pipeline)
{
    tl__forecast *forecast = pipeline->forecast;
    tl__arena *arena = &pipeline->arena;
    for (size_t i = 0; i < forecast->channel_count; i++) {
        tl__channel *channel = &forecast->channels[i];
        channel->shift = tl__arena_push_zero(arena, forecast->sets, sizeof(double));
        channel->scale = tl__arena_push_zero(arena, forecast->sets, sizeof(double));
        if (!channel->shift || !channel->scale) return false;
        for (size_t s = 0; s < forecast->sets; s++) channel->scale[s] = 1;
        if (i >= forecast->columns || !tl__forecast_cleans(forecast, i)) continue;
        channel->mean = tl__arena_push_zero(arena, forecast->sets, sizeof(double));
        channel->deviation = tl__arena_push_zero(arena, forecast->sets, sizeof(double));
        if (!channel->mean || !channel->deviation) return false;
    }
    return true;
}

/* ---- what follows ---- */

TL_PRIV tl_status tl__forecast_settle(tl__pipeline *pipeline, tl_error *error)
{
    const tl__forecast *forecast = pipeline->forecast;
    size_t past, ahead, outputs;
    if (!tl__size_mul(forecast->input_size, forecast->channel_count, &past) ||
        !tl__size_mul(forecast->horizon, forecast->future, &ahead) || !tl__size_add(past, ahead, &pipeline->features) ||
        !tl__size_mul(forecast->horizon, forecast->targets, &outputs))
        return tl__fail(error, TL_OUT_OF_RANGE, "a window of data.window is larger than memory");
    pipeline->raw = pipeline->features;
    pipeline->outputs = outputs;
    pipeline->target_count = forecast->targets;
    pipeline->targets = tl__arena_push_zero(&pipeline->arena, forecast->targets, sizeof *pipeline->targets);
    pipeline->target_shift = tl__arena_push_zero(&pipeline->arena, outputs, sizeof(double));
    pipeline->target_scale = tl__arena_push_zero(&pipeline->arena, outputs, sizeof(double));
    if (!pipeline->targets || !pipeline->target_shift || !pipeline->target_scale)
        return tl__fail_memory(error, outputs * 2 * sizeof(double));
    for (size_t i = 0; i < forecast->targets; i++) pipeline->targets[i] = forecast->channels[i].name;
    for (size_t i = 0; i < outputs; i++) {
        const tl__channel *channel = &forecast->channels[i % forecast->targets];
        pipeline->target_shift[i] = channel->shift[0];
        pipeline->target_scale[i] = channel->scale[0];
    }
    return TL_OK;
}

TL_PRIV size_t tl__forecast_series(const tl__forecast *forecast, const char *name)
{
    for (size_t i = 0; i < forecast->series_count; i++)
        if (tl__same_text(forecast->series_names[i], name)) return i;
    return SIZE_MAX;
}

/* The channel of each number of a row. */
static const tl__channel *forecast_channel_at(const tl__forecast *forecast, size_t i)
{
    size_t past = forecast->input_size * forecast->channel_count;
    return &forecast->channels[i < past ? i % forecast->channel_count : forecast->ahead[(i - past) % forecast->future]];
}

static size_t forecast_row(const tl__forecast *forecast)
{
    return forecast->input_size * forecast->channel_count + forecast->horizon * forecast->future;
}

TL_PRIV void tl__forecast_apply(const tl__forecast *forecast, const float *raw, float *out)
{
    for (size_t i = 0; i < forecast_row(forecast); i++)
        out[i] = tl__channel_value(forecast_channel_at(forecast, i), 0, (double)raw[i]);
}

TL_PRIV void tl__forecast_scaling(const tl__forecast *forecast, size_t set, double *shift, double *scale)
{
    for (size_t i = 0; i < forecast_row(forecast); i++) {
        shift[i] = forecast_channel_at(forecast, i)->shift[set];
        scale[i] = forecast_channel_at(forecast, i)->scale[set];
    }
}

/* ---- time ---- */

static int forecast_weekday(double time)
{
    tl__date date;
    tl__date_of(time, &date);
    return date.weekday;
}

TL_PRIV double tl__forecast_later(const tl__forecast *forecast, double time, size_t steps)
{
    if (forecast->step_kind == TL__STEP_MONTHS)
        return tl__date_add_months(time, (int64_t)(forecast->step * (double)steps));
    if (forecast->step_kind != TL__STEP_WEEKDAYS) return time + forecast->step * (double)steps;
    while (steps > 0) {
        time += 86400;
        if (forecast_weekday(time) < 5) steps--;
    }
    return time;
}

TL_PRIV void tl__forecast_time(const tl__forecast *forecast, double time, char out[40])
{
    if (forecast->dates) tl__print_date(out, time);
    else tl__print_double(out, time);
}
