/* The list `heads`: which columns each head learns, by which loss, and how much it counts.
 *
 *     heads:
 *       - {target: price, loss: mse, weight: 0.7}
 *       - {target: volatility, loss: mae, weight: 0.3, layers: [{type: hidden, nodes: 16}]}
 *
 * A target is a number, over the horizon where the task is a forecast, or a class (data.class_targets). */
#include "train/heads.h"

#include "base/text.h"
#include "data/forecast.h"
#include "text/bind.h"

typedef struct heads_row {
    tl__text_list target;
    tl__member loss;
    double weight;
    const char *name;
    const tl_value *layers;
} heads_row;

static const tl__field *heads_rows(void)
{
#define ROW(field) .name = #field, .offset = offsetof(heads_row, field)
    static const tl__field rows[] = {
        {ROW(target), .kind = TL__FIELD_TEXT_LIST, .flags = TL__RESULT | TL__REQUIRED,
         .help = "the column, or columns, that this head learns"},
        {ROW(loss), .kind = TL__FIELD_MEMBER, .flags = TL__RESULT, .text = "mse", .family = "loss",
         .help = "what it makes small"},
        {ROW(weight), .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__OPEN_MIN, .fallback = 1, .min = 0, .max = 1e9,
         .help = "how much its loss counts in the sum"},
        {ROW(name), .kind = TL__FIELD_TEXT, .flags = TL__RESULT,
         .help = "of its output layer; not given: head_ and the first target"},
        {ROW(layers), .kind = TL__FIELD_TREE, .flags = TL__RESULT,
         .help = "layers of its own between what all heads share and its output"},
        {.name = NULL}};
#undef ROW
    return rows;
}

TL_PRIV bool tl__heads_given(const tl__train_settings *settings)
{
    return settings->training.heads && settings->training.heads->kind != TL_NULL;
}

/* The columns of a head: the next ones of the pipeline. */
static tl_status heads_columns(const tl__pipeline *pipeline, const heads_row *row, const tl_value *place, size_t next,
                               const char *file, tl_error *error)
{
    for (size_t i = 0; i < row->target.count; i++, next++) {
        if (next < pipeline->target_count && strcmp(pipeline->targets[next], row->target.items[i]) == 0) continue;
        return tl__fail_at(error, TL_BAD_CONFIG, file, place->line, place->column, "heads",
                           "heads names the column '%s' where the data's target is '%s'; heads must name all columns "
                           "of data.target in their order (leave data.target out to take them from heads)",
                           row->target.items[i], next < pipeline->target_count ? pipeline->targets[next] : "no more");
    }
    return TL_OK;
}

/* Factors of the classes, as the loss itself has them. */
static tl_status heads_class_weights(tl__head_loss *head, tl__arena *arena, tl_error *error)
{
    float *weights = tl__arena_push_zero(arena, head->width, sizeof *weights);
    if (!weights) return tl__fail_memory(error, head->width * sizeof *weights);
    tl__loss_class_weights(head->loss, head->settings, head->width, NULL, NULL, weights);
    return TL_OK;
}

/* Does the loss take what the head's columns are: numbers, or the one column of classes? */
static tl_status heads_fits(const tl__pipeline *pipeline, const tl__head_loss *head, const heads_row *row,
                            const tl_value *place, const char *file, tl_error *error)
{
    const char *name = head->loss->head.name;
    for (size_t i = 0; i < head->targets; i++) {
        bool classes = tl__target_classes(pipeline, head->target + i) > 0;
        if (classes && head->targets > 1)
            return tl__fail_at(error, TL_BAD_CONFIG, file, place->line, place->column, "heads",
                               "heads: '%s' is a class among %zu targets of one head; give it a head of its own",
                               row->target.items[i], head->targets);
        if (classes && head->loss->link == TL__LINK_SOFTMAX) continue;
        if (!classes && (head->loss->fits & TL__FITS_VALUES)) continue;
        return tl__fail_at(error, TL_BAD_CONFIG, file, place->line, place->column, "heads", classes ?
                           "heads: the loss %s takes numbers, but '%s' is a class; use cross_entropy or focal" :
                           pipeline->forecast ?
                           "heads: the loss %s takes classes, but a forecast is of numbers, as '%s' is; use mse, mae "
                           "or huber" :
                           "heads: the loss %s takes classes, but '%s' is a number; use mse, mae or huber, or name it "
                           "in data.class_targets", name, row->target.items[i]);
    }
    return TL_OK;
}

static tl_status heads_loss(const tl__pipeline *pipeline, const heads_row *row, const tl_value *place, const char *file,
                            tl__arena *arena, tl__head_loss *out, tl_error *error)
{
    const tl__member_head *member;
    TL_TRY(tl__bind_member(tl__loss_family(), &row->loss, file, "heads.loss", arena, &member, &out->settings, error));
    out->loss = (const tl__loss *)(const void *)member;
    TL_TRY(heads_fits(pipeline, out, row, place, file, error));
    if (!tl__loss_is_mean(out->settings))
        return tl__fail_at(error, TL_BAD_CONFIG, file, place->line, place->column, "heads",
                           "heads: a head's loss is a mean; leave reduction out and set the head's weight");
    size_t classes = tl__target_classes(pipeline, out->target), wanted = classes ? classes : out->targets;
    out->classes = classes > 0;
    out->width = tl__loss_width(out->loss, out->settings, wanted, out->classes);
    TL_TRY(tl__loss_check(out->loss, out->settings, out->width, wanted, out->classes, error));
    if (out->classes) TL_TRY(heads_class_weights(out, arena, error));
    if (out->width == wanted) return TL_OK;
    return tl__fail_at(error, TL_UNSUPPORTED, file, place->line, place->column, "heads",
                       "heads: a head gives one number per target, and its loss %s needs %zu for %zu; learn it in a "
                       "network of its own", out->loss->head.name, out->width, out->targets);
}

static tl_status heads_one(const tl_value *value, size_t number, const tl__pipeline *pipeline, const char *file,
                           tl__arena *arena, size_t *column, tl__head_loss *out, tl__fit_head *fit, tl_error *error)
{
    heads_row row;
    char path[32];
    tl__format(path, sizeof path, "heads[%zu]", number);
    if (value->kind != TL_MAP)
        return tl__fail_at(error, TL_BAD_CONFIG, file, value->line, value->column, path,
                           "%s is a map, {target: price, loss: mse, weight: 0.7}", path);
    TL_TRY(tl__bind(heads_rows(), &row, value, file, path, arena, error));
    TL_TRY(heads_columns(pipeline, &row, value, *column, file, error));
    *out = (tl__head_loss){.weight = row.weight, .target = *column, .targets = row.target.count};
    *column += row.target.count;
    TL_TRY(heads_loss(pipeline, &row, value, file, arena, out, error));
    *fit = (tl__fit_head){.outputs = out->width, .layers = row.layers, .line = value->line, .column = value->column};
    size_t size = row.name ? tl__format(fit->name, sizeof fit->name, "%s", row.name)
                           : tl__format(fit->name, sizeof fit->name, "head_%s", row.target.items[0]);
    if (size >= sizeof fit->name) tl__format(fit->name, sizeof fit->name, "head_%zu", number + 1);
    return TL_OK;
}

TL_PRIV tl_status tl__heads_bind(const tl__train_settings *settings, const tl__pipeline *pipeline, const char *file,
                                 tl__arena *arena, const tl__loss **loss, void **loss_settings, tl__fit *fit,
                                 tl_error *error)
{
    const tl_value *list = settings->training.heads, *value = list->first;
    tl__fit unused;
    size_t column = 0;
    if (!fit) fit = &unused;
    if (list->kind != TL_LIST || list->count == 0 || list->count > TL__NODE_INPUTS)
        return tl__fail_at(error, TL_BAD_CONFIG, file, list->line, list->column, "heads",
                           "heads is a list of 1 to %d maps, {target: price, loss: mse, weight: 0.7}", TL__NODE_INPUTS);
    if (pipeline->classification)
        return tl__fail_at(error, TL_BAD_CONFIG, file, list->line, list->column, "heads",
                           "the target is one class, which data.task: classification learns without heads; leave heads "
                           "out, or give the target's head the loss cross_entropy");
    tl__heads_settings *out = tl__arena_push_zero(arena, 1, sizeof *out);
    tl__head_loss *heads = tl__arena_push_zero(arena, list->count, sizeof *heads);
    if (!out || !heads) return tl__fail_memory(error, list->count * sizeof *heads);
    out->heads = heads;
    out->steps = pipeline->forecast ? pipeline->forecast->horizon : 1;
    for (; value; value = value->next, out->count++) {
        tl__head_loss *head = &heads[out->count];
        TL_TRY(heads_one(value, out->count, pipeline, file, arena, &column, head, &fit->heads[out->count], error));
        head->first = out->count ? head[-1].first + head[-1].width : 0;
    }
    fit->head_count = (int)out->count;
    fit->head_steps = out->steps;
    if (column != pipeline->target_count)
        return tl__fail_at(error, TL_BAD_CONFIG, file, list->line, list->column, "heads",
                           "heads names %zu of the %zu columns of data.target; each needs a head", column,
                           pipeline->target_count);
    *loss = tl__loss_heads();
    *loss_settings = out;
    return TL_OK;
}
