/* The pipeline as a tree: norm_params.json, and the metadata of a model file. What is read is checked as if an enemy
 * had written it: kinds, counts, finite numbers, scales that are not 0. */
#include "data/pipeline.h"

#include "base/math.h"
#include "base/text.h"
#include "data/forecast.h"
#include "port/port.h"
#include "text/yaml.h"

enum { TREE_MAX_INPUTS = 1 << 24, TREE_MAX_WIDTH = 1 << 28 };

/* ---- writing ---- */

static void tree_put_texts(tl__builder *builder, tl_value *map, const char *key, const char *const *texts, size_t count)
{
    tl_value *list = tl__put_list(builder, map, key);
    for (size_t i = 0; i < count; i++) tl__put_text(builder, list, NULL, texts[i]);
}

static void tree_put_input(tl__builder *builder, tl_value *list, const tl__input *input)
{
    tl_value *map = tl__put_map(builder, list, NULL);
    tl__put_text(builder, map, "name", input->name);
    if (input->category) {
        tree_put_texts(builder, map, "categories", input->words, input->features);
        if (input->fill_word != SIZE_MAX) tl__put_integer(builder, map, "fill", (int64_t)input->fill_word);
        return;
    }
    if (input->width != 1) tl__put_integer(builder, map, "width", (int64_t)input->width);
    tl_value *shape = input->shape[0] ? tl__put_list(builder, map, "shape") : NULL;
    for (int i = 0; shape && i < 3 && input->shape[i]; i++)
        tl__put_integer(builder, shape, NULL, (int64_t)input->shape[i]);
    tl__put_number(builder, map, "shift", input->shift);
    tl__put_number(builder, map, "scale", input->scale);
    tl_value *lines = input->channels ? tl__put_list(builder, map, "channels") : NULL;
    for (size_t c = 0; c < input->channels; c++) {
        tl_value *line = tl__put_map(builder, lines, NULL);
        tl__put_number(builder, line, "shift", input->lines[c].shift);
        tl__put_number(builder, line, "scale", input->lines[c].scale);
    }
    if (input->fill == input->fill) tl__put_number(builder, map, "fill", input->fill);
}

TL_PRIV tl_value *tl__pipeline_put(tl__builder *builder, tl_value *parent, const char *key,
                                   const tl__pipeline *pipeline)
{
    tl_value *map = tl__put_map(builder, parent, key);
    tl__put_text(builder, map, "formula", "(value - shift) / scale");
    tl__put_text(builder, map, "normalize", pipeline->normalize);
    if (pipeline->forecast) {
        tl__forecast_put(builder, tl__put_map(builder, map, "forecast"), pipeline->forecast);
        return map;
    }
    if (pipeline->sequence) {
        const tl__sequence *sequence = pipeline->sequence;
        tl_value *form = tl__put_map(builder, map, "sequence");
        tl__put_text(builder, form, "id", sequence->id);
        if (sequence->time) tl__put_text(builder, form, "time", sequence->time);
        tl__put_integer(builder, form, "max_length", (int64_t)sequence->max_length);
        tl__put_text(builder, form, "keep", sequence->keep_first ? "first" : "last");
    }
    tl_value *inputs = tl__put_list(builder, map, "inputs");
    for (size_t i = 0; i < pipeline->input_count; i++) tree_put_input(builder, inputs, &pipeline->inputs[i]);
    if (pipeline->classification) {
        tl__put_text(builder, map, "target", pipeline->targets[0]);
        tree_put_texts(builder, map, "classes", pipeline->classes, pipeline->outputs);
        if (pipeline->positive_class >= 0) tl__put_integer(builder, map, "positive_class", pipeline->positive_class);
        if (pipeline->background_class >= 0)
            tl__put_integer(builder, map, "background_class", pipeline->background_class);
        return map;
    }
    tl_value *targets = tl__put_list(builder, map, "targets");
    for (size_t i = 0; i < pipeline->outputs; i++) {
        tl_value *target = tl__put_map(builder, targets, NULL);
        tl__put_text(builder, target, "name", pipeline->targets[i]);
        if (tl__target_classes(pipeline, i)) {
            const tl__class_list *list = &pipeline->target_classes[i];
            tree_put_texts(builder, target, "classes", list->names, list->count);
            continue;
        }
        tl__put_number(builder, target, "shift", pipeline->target_shift[i]);
        tl__put_number(builder, target, "scale", pipeline->target_scale[i]);
    }
    return map;
}

TL_PRIV tl_status tl__pipeline_save(tl__builder *builder, const char *path, tl_error *error)
{
    tl__buffer out;
    tl__buffer_init(&out, builder->tree->arena.heap);
    if (!builder->failed) tl__json_write(&out, &builder->tree->root, 2);
    tl__buffer_char(&out, '\n');
    tl_status status = builder->failed || out.failed ? tl__fail_memory(error, out.capacity)
                                                     : tl__file_replace(path, out.data, out.size, false, error);
    tl__buffer_free(&out);
    return status;
}

TL_PRIV tl_status tl__pipeline_write(const tl__pipeline *pipeline, const char *path, tl_error *error)
{
    tl__tree *tree;
    tl__builder builder;
    if (tl__tree_new(&pipeline->context->heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, sizeof *tree);
    tl__builder_init(&builder, tree);
    tl__pipeline_put(&builder, NULL, NULL, pipeline);
    tl_status status = tl__pipeline_save(&builder, path, error);
    tl__tree_free(tree);
    return status;
}

/* ---- reading ---- */

typedef struct tree_reader {
    tl__pipeline *pipeline;
    const char *file;
    tl_error *error;
} tree_reader;

static tl_status tree_bad(const tree_reader *reader, const tl_value *at, const char *what)
{
    return tl__fail_at(reader->error, TL_BAD_FILE, reader->file, at ? at->line : 0, at ? at->column : 0, NULL,
                       "the input pipeline stored here is damaged: %s", what);
}

static tl_status tree_memory(const tree_reader *reader) { return tl__fail_memory(reader->error, 256); }

static bool tree_number(const tl_value *map, const char *key, double *out)
{
    const tl_value *value = tl__value_child(map, key);
    if (!value || (value->kind != TL_NUMBER && value->kind != TL_INTEGER)) return false;
    *out = value->number;
    return tl__is_finite_d(*out);
}

static tl_status tree_text(const tree_reader *reader, const tl_value *map, const char *key, const char **out)
{
    const tl_value *value = tl__value_child(map, key);
    if (!value || value->kind != TL_TEXT) return tree_bad(reader, map, "a name is missing");
    *out = tl__arena_copy(&reader->pipeline->arena, value->text, value->text_size);
    return *out ? TL_OK : tree_memory(reader);
}

static tl_status tree_texts(const tree_reader *reader, const tl_value *list, const char ***out)
{
    size_t at = 0;
    *out = tl__arena_push_zero(&reader->pipeline->arena, list->count ? list->count : 1, sizeof **out);
    if (!*out) return tree_memory(reader);
    for (const tl_value *item = list->first; item; item = item->next) {
        if (item->kind != TL_TEXT) return tree_bad(reader, item, "a class or category is not a text");
        (*out)[at] = tl__arena_copy(&reader->pipeline->arena, item->text, item->text_size);
        if (!(*out)[at++]) return tree_memory(reader);
    }
    return TL_OK;
}

static tl_status tree_category(const tree_reader *reader, const tl_value *map, const tl_value *words, tl__input *input)
{
    const tl_value *fill = tl__value_child(map, "fill");
    if (words->kind != TL_LIST) return tree_bad(reader, words, "categories is not a list");
    input->category = true;
    input->width = 1;
    input->features = words->count;
    input->scale = 1;
    input->fill = (double)tl__nan();
    input->fill_word = SIZE_MAX;
    TL_TRY(tree_texts(reader, words, &input->words));
    for (size_t i = 1; i < input->features; i++) {
        if (strcmp(input->words[i - 1], input->words[i]) >= 0)
            return tree_bad(reader, words, "categories are not sorted");
    }
    if (!fill) return TL_OK;
    if (fill->kind != TL_INTEGER || fill->integer < 0 || (uint64_t)fill->integer >= words->count) {
        return tree_bad(reader, fill, "a fill is none of the categories");
    }
    input->fill_word = (size_t)fill->integer;
    return TL_OK;
}

/* Two or three numbers whose product is the width. */
static tl_status tree_shape(const tree_reader *reader, const tl_value *shape, tl__input *input)
{
    size_t at = 0, product = 1;
    bool fits = shape->kind == TL_LIST && (shape->count == 2 || shape->count == 3);
    for (const tl_value *item = fits ? shape->first : NULL; item && fits; item = item->next, at++) {
        fits = item->kind == TL_INTEGER && item->integer >= 1 && item->integer <= TREE_MAX_WIDTH;
        if (fits) input->shape[at] = (size_t)item->integer;
        fits = fits && tl__size_mul(product, input->shape[at], &product);
    }
    return fits && product == input->width ? TL_OK : tree_bad(reader, shape, "a shape does not fit its width");
}

/* The scalings of an image's channels, as many as its shape says. */
static tl_status tree_lines(const tree_reader *reader, const tl_value *list, tl__input *input)
{
    if (list->kind != TL_LIST || list->count == 0 || list->count != input->shape[2])
        return tree_bad(reader, list, "the scalings of its channels do not fit a shape");
    tl__line *lines = tl__pipeline_lines(reader->pipeline, NULL, list->count);
    if (!lines) return tree_memory(reader);
    input->lines = lines;
    input->channels = list->count;
    for (const tl_value *item = list->first; item; item = item->next, lines++) {
        if (item->kind != TL_MAP || !tree_number(item, "shift", &lines->shift) ||
            !tree_number(item, "scale", &lines->scale) || lines->scale == 0)
            return tree_bad(reader, item, "shift or scale of a channel is missing or no usable number");
    }
    return TL_OK;
}

static tl_status tree_input(const tree_reader *reader, const tl_value *map, tl__input *input)
{
    const tl_value *words = tl__value_child(map, "categories");
    double width = 1;
    if (map->kind != TL_MAP) return tree_bad(reader, map, "an input is not a map");
    TL_TRY(tree_text(reader, map, "name", &input->name));
    if (words) return tree_category(reader, map, words, input);
    input->fill_word = SIZE_MAX;
    if (!tree_number(map, "shift", &input->shift) || !tree_number(map, "scale", &input->scale) || input->scale == 0) {
        return tree_bad(reader, map, "shift or scale is missing or no usable number");
    }
    if (tl__value_child(map, "width") && !tree_number(map, "width", &width)) width = 0;
    if (!(width >= 1 && width <= TREE_MAX_WIDTH) || width != (double)(size_t)width) {
        return tree_bad(reader, map, "a width is out of range");
    }
    input->width = input->features = (size_t)width;
    const tl_value *shape = tl__value_child(map, "shape");
    if (shape) TL_TRY(tree_shape(reader, shape, input));
    if (tl__value_child(map, "channels")) TL_TRY(tree_lines(reader, tl__value_child(map, "channels"), input));
    input->fill = (double)tl__nan();
    if (tl__value_child(map, "fill") && !tree_number(map, "fill", &input->fill)) {
        return tree_bad(reader, map, "a fill is no finite number");
    }
    return TL_OK;
}

static tl_status tree_class(const tree_reader *reader, const tl_value *map, const char *key, int *out)
{
    const tl_value *value = tl__value_child(map, key);
    *out = -1;
    if (!value) return TL_OK;
    if (value->kind != TL_INTEGER || value->integer < 0 || (uint64_t)value->integer >= reader->pipeline->outputs) {
        return tree_bad(reader, value, "a class number is out of range");
    }
    *out = (int)value->integer;
    return TL_OK;
}

static tl_status tree_classes(const tree_reader *reader, const tl_value *map, const tl_value *classes)
{
    tl__pipeline *pipeline = reader->pipeline;
    if (classes->kind != TL_LIST || classes->count < 1) return tree_bad(reader, classes, "there are no classes");
    pipeline->classification = true;
    pipeline->outputs = classes->count;
    pipeline->target_count = 1;
    pipeline->targets = tl__arena_push_zero(&pipeline->arena, 1, sizeof *pipeline->targets);
    if (!pipeline->targets) return tree_memory(reader);
    TL_TRY(tree_text(reader, map, "target", &pipeline->targets[0]));
    TL_TRY(tree_texts(reader, classes, &pipeline->classes));
    TL_TRY(tree_class(reader, map, "positive_class", &pipeline->positive_class));
    return tree_class(reader, map, "background_class", &pipeline->background_class);
}

/* One of several targets that is a class. */
static tl_status tree_target_classes(const tree_reader *reader, const tl_value *classes, size_t at)
{
    tl__pipeline *pipeline = reader->pipeline;
    if (classes->kind != TL_LIST || classes->count < 2) return tree_bad(reader, classes, "there are no two classes");
    if (!pipeline->target_classes)
        pipeline->target_classes = tl__arena_push_zero(&pipeline->arena, pipeline->target_count,
                                                       sizeof *pipeline->target_classes);
    if (!pipeline->target_classes) return tree_memory(reader);
    pipeline->target_classes[at].count = classes->count;
    pipeline->target_scale[at] = 1;
    return tree_texts(reader, classes, &pipeline->target_classes[at].names);
}

static tl_status tree_targets(const tree_reader *reader, const tl_value *map, const tl_value *targets)
{
    tl__pipeline *pipeline = reader->pipeline;
    size_t at = 0;
    if (!targets || targets->kind != TL_LIST || targets->count < 1)
        return tree_bad(reader, map, "there are no targets");
    pipeline->outputs = pipeline->target_count = targets->count;
    pipeline->targets = tl__arena_push_zero(&pipeline->arena, targets->count, sizeof *pipeline->targets);
    pipeline->target_shift = tl__arena_push_zero(&pipeline->arena, targets->count, sizeof(double));
    pipeline->target_scale = tl__arena_push_zero(&pipeline->arena, targets->count, sizeof(double));
    if (!pipeline->targets || !pipeline->target_shift || !pipeline->target_scale) return tree_memory(reader);
    for (const tl_value *target = targets->first; target; target = target->next, at++) {
        if (target->kind != TL_MAP) return tree_bad(reader, target, "a target is not a map");
        TL_TRY(tree_text(reader, target, "name", &pipeline->targets[at]));
        if (tl__value_child(target, "classes")) {
            TL_TRY(tree_target_classes(reader, tl__value_child(target, "classes"), at));
            continue;
        }
        if (!tree_number(target, "shift", &pipeline->target_shift[at]) ||
            !tree_number(target, "scale", &pipeline->target_scale[at]) || pipeline->target_scale[at] == 0) {
            return tree_bad(reader, target, "shift or scale of a target is missing or no usable number");
        }
    }
    return TL_OK;
}

static tl_status tree_sequence(const tree_reader *reader, const tl_value *map)
{
    tl__pipeline *pipeline = reader->pipeline;
    const tl_value *length = tl__value_child(map, "max_length"), *keep = tl__value_child(map, "keep");
    tl__sequence *sequence = tl__arena_push_zero(&pipeline->arena, 1, sizeof *sequence);
    if (!sequence) return tree_memory(reader);
    if (map->kind != TL_MAP || !length || length->kind != TL_INTEGER || length->integer < 1 ||
        length->integer > TREE_MAX_WIDTH)
        return tree_bad(reader, map, "the length of its sequences is missing or out of range");
    if (!tl__same_text(tl_value_text(keep, ""), "first") && !tl__same_text(tl_value_text(keep, ""), "last"))
        return tree_bad(reader, map, "keep is neither first nor last");
    TL_TRY(tree_text(reader, map, "id", &sequence->id));
    if (tl__value_child(map, "time")) TL_TRY(tree_text(reader, map, "time", &sequence->time));
    sequence->max_length = (size_t)length->integer;
    sequence->keep_first = tl__same_text(tl_value_text(keep, ""), "first");
    pipeline->sequence = sequence;
    return TL_OK;
}

static tl_status tree_read(const tree_reader *reader, const tl_value *map, const tl_value *inputs)
{
    tl__pipeline *pipeline = reader->pipeline;
    const tl_value *classes = tl__value_child(map, "classes"), *forecast = tl__value_child(map, "forecast");
    size_t at = 0;
    pipeline->normalize = tl__normalize_word(tl_value_text(tl__value_child(map, "normalize"), ""));
    if (!pipeline->normalize) return tree_bad(reader, map, "normalize is none of standard, minmax, robust, none");
    if (forecast) return tl__forecast_get(pipeline, forecast, reader->file, reader->error);
    for (const tl_value *input = inputs->first; input; input = input->next) {
        TL_TRY(tree_input(reader, input, &pipeline->inputs[at++]));
    }
    if (tl__value_child(map, "sequence")) TL_TRY(tree_sequence(reader, tl__value_child(map, "sequence")));
    if (!tl__pipeline_place(pipeline)) return tree_bad(reader, inputs, "the inputs are larger than memory");
    if (classes) return tree_classes(reader, map, classes);
    return tree_targets(reader, map, tl__value_child(map, "targets"));
}

TL_PRIV tl_status tl__pipeline_get(tl_context *context, const tl_value *value, const char *file, tl__pipeline **out,
                                   tl_error *error)
{
    tree_reader reader = {NULL, file, error};
    bool map = value && value->kind == TL_MAP, forecast = map && tl__value_child(value, "forecast");
    const tl_value none = {.kind = TL_LIST}, *inputs = forecast ? &none : map ? tl__value_child(value, "inputs") : NULL;
    if (!inputs || inputs->kind != TL_LIST || inputs->count > TREE_MAX_INPUTS) {
        return tree_bad(&reader, value, "there is no list of inputs");
    }
    if (tl__pipeline_new(context, inputs->count, &reader.pipeline) != TL_OK) {
        return tl__fail_memory(error, inputs->count * sizeof(tl__input));
    }
    tl_status status = tree_read(&reader, value, inputs);
    if (status == TL_OK) *out = reader.pipeline;
    else tl__pipeline_free(reader.pipeline);
    return status;
}
