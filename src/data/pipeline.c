/* The pipeline as an object: made with a fixed number of inputs, copied, applied, freed. Fitting is pipeline_fit.c, its
 * tree pipeline_tree.c. */
#include "data/pipeline.h"

#include "base/math.h"
#include "base/text.h"
#include "data/forecast.h"
#include "kernels/kernels.h"

TL_PRIV void tl__pipeline_free(tl__pipeline *pipeline)
{
    if (!pipeline) return;
    tl__heap *heap = &pipeline->context->heap;
    tl__arena_free(&pipeline->arena);
    tl__free(heap, pipeline, sizeof *pipeline);
}

TL_PRIV tl_status tl__pipeline_new(tl_context *context, size_t inputs, tl__pipeline **out)
{
    tl__pipeline *pipeline = tl__alloc_zero(&context->heap, 1, sizeof *pipeline);
    if (!pipeline) return TL_OUT_OF_MEMORY;
    pipeline->context = context;
    tl__arena_init(&pipeline->arena, &context->heap);
    pipeline->normalize = "none";
    pipeline->positive_class = pipeline->background_class = -1;
    pipeline->inputs = tl__arena_push_zero(&pipeline->arena, inputs ? inputs : 1, sizeof *pipeline->inputs);
    if (!pipeline->inputs) {
        tl__pipeline_free(pipeline);
        return TL_OUT_OF_MEMORY;
    }
    pipeline->input_count = inputs;
    *out = pipeline;
    return TL_OK;
}

TL_PRIV const char *tl__normalize_word(const char *word)
{
    static const char *const words[] = {"standard", "minmax", "robust", "none"};
    for (size_t i = 0; i < TL_COUNT(words); i++) {
        if (word && tl__same_text(words[i], word)) return words[i];
    }
    return NULL;
}

TL_PRIV bool tl__pipeline_texts(tl__pipeline *pipeline, const char ***out, const char *const *texts, size_t count)
{
    const char **copies = tl__arena_push_zero(&pipeline->arena, count ? count : 1, sizeof *copies);
    if (!copies) return false;
    for (size_t i = 0; i < count; i++) {
        copies[i] = tl__arena_text(&pipeline->arena, texts[i]);
        if (!copies[i]) return false;
    }
    *out = copies;
    return true;
}

TL_PRIV bool tl__pipeline_doubles(tl__pipeline *pipeline, double **out, const double *values, size_t count)
{
    *out = tl__arena_push_zero(&pipeline->arena, count ? count : 1, sizeof **out);
    if (*out && count) memcpy(*out, values, count * sizeof **out);
    return *out != NULL;
}

TL_PRIV bool tl__pipeline_place(tl__pipeline *pipeline)
{
    size_t raw = 0, features = 0;
    for (size_t i = 0; i < pipeline->input_count; i++) {
        tl__input *input = &pipeline->inputs[i];
        input->raw_offset = raw;
        input->offset = features;
        if (!tl__size_add(raw, input->width, &raw) || !tl__size_add(features, input->features, &features)) return false;
    }
    tl__sequence *sequence = pipeline->sequence;
    if (sequence) {
        sequence->raw = raw;
        sequence->features = features;
        if (!tl__size_mul(raw, sequence->max_length, &raw) || !tl__size_mul(features, sequence->max_length, &features))
            return false;
    }
    pipeline->raw = raw;
    pipeline->features = features;
    return true;
}

/* By its tree, which has all of it. */
static bool pipeline_copy_forecast(tl__pipeline *to, const tl__pipeline *from)
{
    tl__tree *tree;
    tl__builder builder;
    if (tl__tree_new(&to->context->heap, NULL, &tree) != TL_OK) return false;
    tl__builder_init(&builder, tree);
    tl_value *map = tl__put_map(&builder, NULL, NULL);
    tl__forecast_put(&builder, map, from->forecast);
    bool copied = !builder.failed && tl__forecast_get(to, map, NULL, NULL) == TL_OK;
    tl__tree_free(tree);
    to->normalize = from->normalize;
    return copied;
}

static bool pipeline_copy_sequence(tl__pipeline *to, const tl__sequence *from)
{
    to->sequence = tl__arena_push_zero(&to->arena, 1, sizeof *from);
    if (!to->sequence) return false;
    *to->sequence = *from;
    to->sequence->id = tl__arena_text(&to->arena, from->id);
    if (from->time) to->sequence->time = tl__arena_text(&to->arena, from->time);
    return to->sequence->id && (!from->time || to->sequence->time);
}

TL_PRIV tl__line *tl__pipeline_lines(tl__pipeline *pipeline, const tl__line *lines, size_t count)
{
    tl__line *out = tl__arena_push_zero(&pipeline->arena, count, sizeof *out);
    if (out && lines) memcpy(out, lines, count * sizeof *out);
    return out;
}

static bool pipeline_copy_target_classes(tl__pipeline *to, const tl__pipeline *from)
{
    if (!from->target_classes) return true;
    to->target_classes = tl__arena_push_zero(&to->arena, from->target_count, sizeof *to->target_classes);
    for (size_t k = 0; to->target_classes && k < from->target_count; k++) {
        const tl__class_list *list = &from->target_classes[k];
        to->target_classes[k].count = list->count;
        if (list->count && !tl__pipeline_texts(to, &to->target_classes[k].names, list->names, list->count))
            return false;
    }
    return to->target_classes != NULL;
}

static bool pipeline_copy(tl__pipeline *to, const tl__pipeline *from)
{
    if (from->forecast) return pipeline_copy_forecast(to, from);
    for (size_t i = 0; i < from->input_count; i++) {
        tl__input *input = &to->inputs[i];
        *input = from->inputs[i];
        input->name = tl__arena_text(&to->arena, from->inputs[i].name);
        if (!input->name) return false;
        if (input->channels && !(input->lines = tl__pipeline_lines(to, input->lines, input->channels))) return false;
        if (input->category && !tl__pipeline_texts(to, &input->words, from->inputs[i].words, input->features))
            return false;
    }
    if (from->sequence && !pipeline_copy_sequence(to, from->sequence)) return false;
    to->raw = from->raw;
    to->features = from->features;
    to->normalize = from->normalize;   /* one of four constants */
    to->classification = from->classification;
    to->outputs = from->outputs;
    to->target_count = from->target_count;
    to->positive_class = from->positive_class;
    to->background_class = from->background_class;
    if (!tl__pipeline_texts(to, &to->targets, from->targets, from->target_count)) return false;
    if (from->classification) return tl__pipeline_texts(to, &to->classes, from->classes, from->outputs);
    return pipeline_copy_target_classes(to, from) &&
           tl__pipeline_doubles(to, &to->target_shift, from->target_shift, from->outputs) &&
           tl__pipeline_doubles(to, &to->target_scale, from->target_scale, from->outputs);
}

TL_PRIV tl_status tl__pipeline_clone(tl_context *context, const tl__pipeline *pipeline, tl__pipeline **out)
{
    tl__pipeline *made;
    TL_TRY(tl__pipeline_new(context, pipeline->input_count, &made));
    if (pipeline_copy(made, pipeline)) {
        *out = made;
        return TL_OK;
    }
    tl__pipeline_free(made);
    return TL_OUT_OF_MEMORY;
}

static bool pipeline_plain(tl__pipeline *pipeline, size_t outputs, size_t classes)
{
    static const char *const target = "y";
    double nan = (double)tl__nan();
    for (size_t i = 0; i < pipeline->input_count; i++) {
        tl__input *input = &pipeline->inputs[i];
        input->name = tl__arena_format(&pipeline->arena, "x%zu", i);
        if (!input->name) return false;
        input->width = input->features = 1;
        input->scale = 1;
        input->fill = nan;
        input->fill_word = SIZE_MAX;
    }
    pipeline->classification = classes > 0;
    pipeline->outputs = classes ? classes : outputs;
    pipeline->target_count = classes ? 1 : outputs;
    if (classes) {
        pipeline->classes = tl__arena_push_zero(&pipeline->arena, classes, sizeof *pipeline->classes);
        for (size_t i = 0; pipeline->classes && i < classes; i++) {
            pipeline->classes[i] = tl__arena_format(&pipeline->arena, "%zu", i);
            if (!pipeline->classes[i]) return false;
        }
        return pipeline->classes && tl__pipeline_texts(pipeline, &pipeline->targets, &target, 1);
    }
    pipeline->targets = tl__arena_push_zero(&pipeline->arena, outputs ? outputs : 1, sizeof *pipeline->targets);
    pipeline->target_shift = tl__arena_push_zero(&pipeline->arena, outputs ? outputs : 1, sizeof(double));
    pipeline->target_scale = tl__arena_push_zero(&pipeline->arena, outputs ? outputs : 1, sizeof(double));
    if (!pipeline->targets || !pipeline->target_shift || !pipeline->target_scale) return false;
    for (size_t i = 0; i < outputs; i++) {
        pipeline->target_scale[i] = 1;
        pipeline->targets[i] = outputs == 1 ? target : tl__arena_format(&pipeline->arena, "y%zu", i);
        if (!pipeline->targets[i]) return false;
    }
    return true;
}

TL_PRIV tl_status tl__pipeline_plain(tl_context *context, size_t features, size_t outputs, size_t classes,
                                     tl__pipeline **out)
{
    tl__pipeline *made;
    TL_TRY(tl__pipeline_new(context, features, &made));
    if (pipeline_plain(made, outputs, classes) && tl__pipeline_place(made)) {
        *out = made;
        return TL_OK;
    }
    tl__pipeline_free(made);
    return TL_OUT_OF_MEMORY;
}

/* ---- rows ---- */

TL_PRIV bool tl__input_word(const tl__input *input, float raw, float *out)
{
    size_t word = SIZE_MAX;
    if (raw != raw) {
        if (input->fill_word == SIZE_MAX) return false;
        word = input->fill_word;
    } else if (raw >= 0 && raw < (float)input->features && raw == (float)(size_t)raw) {
        word = (size_t)raw;
    }
    memset(out, 0, input->features * sizeof *out);
    if (word < input->features) out[word] = 1.0f;
    return true;
}

/* A row, or a step of one; false: a value is missing that has no fill, or not finite. */
static bool pipeline_apply_inputs(const tl__pipeline *pipeline, const float *raw, float *out)
{
    for (size_t i = 0; i < pipeline->input_count; i++) {
        const tl__input *input = &pipeline->inputs[i];
        bool good = true;
        if (input->category) good = tl__input_word(input, raw[input->raw_offset], out + input->offset);
        for (size_t k = 0; k < input->width && !input->category; k++) {
            float value = tl__input_value(input, k, raw[input->raw_offset + k]);
            out[input->offset + k] = value;
            good = good && tl__is_finite(value);
        }
        if (!good) return false;
    }
    return true;
}

TL_PRIV size_t tl__pipeline_length(const tl__pipeline *pipeline, const float *raw)
{
    size_t size = pipeline->sequence->raw, count = pipeline->raw;
    while (count > 0 && raw[count - 1] != raw[count - 1]) count--;
    return (count + size - 1) / size;
}

static bool pipeline_apply_sequence(const tl__pipeline *pipeline, const float *raw, float *out)
{
    const tl__sequence *sequence = pipeline->sequence;
    size_t length = tl__pipeline_length(pipeline, raw), used = length * sequence->features;
    memset(out + used, 0, (pipeline->features - used) * sizeof *out);
    for (size_t t = 0; t < length; t++)
        if (!pipeline_apply_inputs(pipeline, raw + t * sequence->raw, out + t * sequence->features)) return false;
    return length > 0;
}

TL_PRIV tl_status tl__pipeline_apply(const tl__pipeline *pipeline, const float *raw, size_t rows, float *out,
                                     size_t *bad_row)
{
    for (size_t row = 0; row < rows; row++, raw += pipeline->raw, out += pipeline->features) {
        if (pipeline->forecast) tl__forecast_apply(pipeline->forecast, raw, out);
        for (size_t k = 0; pipeline->forecast && k < pipeline->features; k++) {
            if (tl__is_finite(out[k])) continue;
            if (bad_row) *bad_row = row;
            return TL_NOT_FINITE;
        }
        bool good = pipeline->sequence ? pipeline_apply_sequence(pipeline, raw, out)
                                       : pipeline_apply_inputs(pipeline, raw, out);
        if (good) continue;
        if (bad_row) *bad_row = row;
        return TL_NOT_FINITE;
    }
    return TL_OK;
}

TL_PRIV size_t tl__target_classes(const tl__pipeline *pipeline, size_t target)
{
    return pipeline->target_classes ? pipeline->target_classes[target].count : 0;
}

TL_PRIV bool tl__pipeline_same_heads(const tl__pipeline *p, const tl__pipeline *q)
{
    for (size_t k = 0; (p->target_classes || q->target_classes) && k < p->target_count; k++) {
        size_t count = tl__target_classes(p, k);
        if (count != tl__target_classes(q, k)) return false;
        for (size_t c = 0; c < count; c++)
            if (!tl__same_text(p->target_classes[k].names[c], q->target_classes[k].names[c])) return false;
    }
    return true;
}

TL_PRIV size_t tl__pipeline_width(const tl__pipeline *pipeline)
{
    size_t width = 0;
    if (!pipeline->target_classes) return pipeline->outputs;
    for (size_t k = 0; k < pipeline->target_count; k++) width += tl__size_max(1, pipeline->target_classes[k].count);
    return width;
}

TL_PRIV void tl__pipeline_restore(const tl__pipeline *pipeline, float *values, size_t rows)
{
    if (pipeline->classification) return;
    for (size_t row = 0; row < rows; row++) {
        for (size_t i = 0; i < pipeline->outputs; i++, values++) {
            size_t classes = tl__target_classes(pipeline, i);
            if (classes) {
                pipeline->context->kernels->softmax(values, values, 1, classes);
                values += classes - 1;
                continue;
            }
            *values = (float)((double)*values * pipeline->target_scale[i] + pipeline->target_shift[i]);
        }
    }
}

TL_PRIV int tl__class_number(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (tl__same_text(names[i], name)) return (int)i;
    return -1;
}

TL_PRIV int tl__pipeline_class(const tl__pipeline *pipeline, const char *name)
{
    return pipeline->classification ? tl__class_number(pipeline->classes, pipeline->outputs, name) : -1;
}
