/* What was found as a tree: explanation.json, and what `--json` prints. Columns stand with the largest figure first. */
#include "lab/explanation.h"

#include "base/math.h"
#include "lab/maps.h"

enum { EXPLANATION_TREE_COLUMNS = 40 };       /* of a map over columns and steps */

/* Places, the largest figure first. */
static size_t *explanation_tree_order(const tl__explanation *e, const double *figures, size_t stride, size_t count)
{
    size_t *order = tl__arena_push(e->arena, count * sizeof *order);
    for (size_t i = 0; order && i < count; i++) {
        size_t at = i;
        for (; at > 0 && figures[order[at - 1] * stride] < figures[i * stride]; at--) order[at] = order[at - 1];
        order[at] = i;
    }
    return order;
}

static bool explanation_tree_importance(const tl__explanation *e, tl__builder *builder, tl_value *root)
{
    size_t columns = e->rows.columns;
    tl_value *list = tl__put_list(builder, root, "permutation_importance");
    size_t *order = explanation_tree_order(e, &e->importance[0].mean, sizeof *e->importance / sizeof(double), columns);
    for (size_t i = 0; order && list && i < columns; i++) {
        tl_value *map = tl__put_map(builder, list, NULL);
        tl__put_text(builder, map, "column", tl__explained_column(&e->rows, order[i]));
        tl__put_number(builder, map, "mean", e->importance[order[i]].mean);
        tl__put_number(builder, map, "std", e->importance[order[i]].deviation);
    }
    if (e->groups == 0) return order != NULL;
    list = tl__put_list(builder, root, "step_importance");
    for (size_t i = columns; list && i < columns + e->groups; i++) {
        tl_value *map = tl__put_map(builder, list, NULL);
        tl__put_number(builder, map, "first", tl__explained_step(&e->rows, e->cells[i].first));
        tl__put_number(builder, map, "last", tl__explained_step(&e->rows, e->cells[i].end - 1));
        tl__put_number(builder, map, "mean", e->importance[i].mean);
        tl__put_number(builder, map, "std", e->importance[i].deviation);
    }
    return order != NULL;
}

/* A map over the columns of `order` and the steps; where a column has none it is empty. */
static bool explanation_tree_cells(const tl__explanation *e, tl__builder *builder, tl_value *parent, const char *key,
                                   const double *cells, const size_t *order, size_t count)
{
    size_t steps = e->rows.steps;
    double *rows = tl__arena_push_zero(e->arena, count * steps, sizeof *rows);
    if (!rows) return false;
    for (size_t i = 0; i < count * steps; i++) {
        size_t at, column = order[i / steps];
        rows[i] = tl__explained_cell(&e->rows, i % steps, column, &at) ? cells[column * steps + i % steps]
                                                                       : tl__nan_d();
    }
    tl__map_put(builder, parent, key, rows, count, steps, TL__MAP_MOST);
    return true;
}

/* What its sides are, {first, last, columns}, and with several steps the means over the rows. */
static bool explanation_tree_sides(const tl__explanation *e, tl__builder *builder, tl_value *parent,
                                   const size_t *order, size_t count)
{
    tl_value *map = tl__put_map(builder, parent, "by_step");
    tl__put_number(builder, map, "first", tl__explained_step(&e->rows, 0));
    tl__put_number(builder, map, "last", tl__explained_step(&e->rows, e->rows.steps - 1));
    tl_value *names = tl__put_list(builder, map, "columns");
    for (size_t i = 0; names && i < count; i++)
        tl__put_text(builder, names, NULL, tl__explained_column(&e->rows, order[i]));
    return e->rows.steps == 1 || (explanation_tree_cells(e, builder, map, "mean", e->cell_mean, order, count) &&
                                  explanation_tree_cells(e, builder, map, "mean_absolute", e->cell_abs, order, count));
}

static void explanation_tree_classes(const tl__explanation *e, tl__builder *builder, tl_value *map)
{
    const tl__pipeline *pipeline = e->model->pipeline;
    size_t pixels = e->height * e->width;
    tl_value *list = tl__put_list(builder, map, "pictures");
    for (size_t k = 0; list && k < (pipeline->classification ? pipeline->outputs : 1); k++) {
        if (e->class_rows[k] == 0) continue;
        tl_value *one = tl__put_map(builder, list, NULL);
        tl__put_text(builder, one, "of", pipeline->classification ? pipeline->classes[k]
                                                                   : pipeline->targets[e->target]);
        tl__put_integer(builder, one, "rows", (int64_t)e->class_rows[k]);
        tl__map_put(builder, one, "picture", e->pictures + k * pixels, e->height, e->width, TL__MAP_MOST);
        tl__map_put(builder, one, "attribution", e->pixels + k * pixels, e->height, e->width, TL__MAP_MOST);
    }
}

static bool explanation_tree_shown(const tl__explanation *e, tl__builder *builder, tl_value *list, size_t row,
                                   const size_t *order)
{
    const double *parts = e->shown_parts + row * e->shown.features;
    const tl__input *input = e->model->pipeline->inputs;
    size_t count = e->height ? e->height * e->width : e->rows.columns * e->rows.steps;
    double *cells = tl__arena_push_zero(e->arena, count, sizeof *cells);
    double *picture = tl__arena_push_zero(e->arena, count, sizeof *picture);
    tl_value *one = tl__put_map(builder, list, NULL);
    if (!cells || !picture || !one) return false;
    tl__put_integer(builder, one, "row", (int64_t)tl__dataset_row_id(e->data, e->part, e->shown.from[row]));
    tl__put_text(builder, one, "of", tl__explanation_of(e, e->shown_targets[row]));
    if (e->shown.truth && e->shown.truth[row] >= 0)
        tl__put_text(builder, one, "truth", e->model->pipeline->classes[e->shown.truth[row]]);
    for (size_t i = 0; e->height && i < count * e->channels; i++) {
        cells[i / e->channels] += parts[i];
        double value = (double)e->shown.inputs[row * e->shown.features + i];
        picture[i / e->channels] += tl__input_raw(input, i, value) / (double)e->channels;
    }
    if (e->height) {
        tl__map_put(builder, one, "picture", picture, e->height, e->width, TL__MAP_MOST);
        tl__map_put(builder, one, "attribution", cells, e->height, e->width, TL__MAP_MOST);
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        size_t at, n = tl__explained_cell(&e->shown, i % e->rows.steps, i / e->rows.steps, &at);
        while (n-- > 0) cells[i] += parts[at + n];
    }
    return explanation_tree_cells(e, builder, one, "attribution", cells, order,
                                  tl__size_min(e->rows.columns, EXPLANATION_TREE_COLUMNS));
}

static bool explanation_tree_gradients(const tl__explanation *e, tl__builder *builder, tl_value *root)
{
    size_t columns = e->rows.columns, shown = tl__size_min(columns, EXPLANATION_TREE_COLUMNS);
    size_t *order = explanation_tree_order(e, e->mean_abs, 1, columns);
    double worst = 0, delta = 0;
    tl_value *map = tl__put_map(builder, root, "integrated_gradients");
    if (!order || !map) return false;
    for (size_t i = 0; i < e->rows.rows; i++) {
        double off = e->deltas[i] < 0 ? -e->deltas[i] : e->deltas[i];
        delta += off / (double)e->rows.rows;
        if (off > worst) worst = off;
    }
    tl__put_integer(builder, map, "steps", e->settings->steps);
    tl__put_text(builder, map, "baseline", e->own ? "mean of the training rows" : "zeros");
    tl__put_text(builder, map, "of", e->model->pipeline->classification ? "the predicted class"
                                     : tl__explanation_of(e, (uint32_t)e->target));
    tl__put_number(builder, map, "delta_mean", delta);
    tl__put_number(builder, map, "delta_max", worst);
    tl_value *list = tl__put_list(builder, map, "columns");
    for (size_t i = 0; list && i < columns; i++) {
        tl_value *one = tl__put_map(builder, list, NULL);
        tl__put_text(builder, one, "column", tl__explained_column(&e->rows, order[i]));
        tl__put_number(builder, one, "mean_absolute", e->mean_abs[order[i]]);
        tl__put_number(builder, one, "mean", e->mean[order[i]]);
    }
    bool good = true;
    if (e->height) explanation_tree_classes(e, builder, map);
    else good = explanation_tree_sides(e, builder, map, order, shown);
    list = tl__put_list(builder, map, "rows");
    for (size_t i = 0; good && list && i < e->shown.rows; i++)
        good = explanation_tree_shown(e, builder, list, i, order);
    return good;
}

static void explanation_tree_attention(const tl__explanation *e, tl__builder *builder, tl_value *root)
{
    tl_value *map = tl__put_map(builder, root, "attention");
    tl__put_integer(builder, map, "rows", (int64_t)e->rows.rows);
    tl__attention_put(builder, map, &e->rows, &e->attention);
    tl_value *list = tl__put_list(builder, map, "single");
    for (size_t i = 0; list && i < e->shown.rows; i++) {
        tl_value *one = tl__put_map(builder, list, NULL);
        tl__put_integer(builder, one, "row", (int64_t)tl__dataset_row_id(e->data, e->part, e->shown.from[i]));
        tl__attention_put(builder, one, &e->shown, &e->shown_attention[i]);
    }
}

TL_PRIV tl_status tl__explanation_put(const tl__explanation *explanation, tl__builder *builder, tl_value *root,
                                      tl_error *error)
{
    const tl__explanation *e = explanation;
    bool good = true;
    tl__put_integer(builder, root, "rows", (int64_t)e->rows.rows);
    if (e->permuted) {
        tl__put_text(builder, root, "metric", e->metric->head.name);
        tl__put_bool(builder, root, "more_is_better", e->metric->more_is_better);
        tl__put_number(builder, root, "score", e->base);
        tl__put_integer(builder, root, "repeats", e->settings->repeats);
        good = explanation_tree_importance(e, builder, root);
    }
    if (good && e->went) good = explanation_tree_gradients(e, builder, root);
    if (e->looked) explanation_tree_attention(e, builder, root);
    return good && !builder->failed ? TL_OK : tl__fail_memory(error, 256);
}
