/* train:explain: what the predictions of a model hang on, as figures, tables and pictures. Of several models it
 * explains the best one. */
#include "base/text.h"
#include "lab/charts.h"
#include "lab/command_model.h"
#include "lab/explanation.h"
#include "lab/journal.h"
#include "lab/path.h"
#include "lab/pictures.h"
#include "text/csv.h"
#include "text/npy.h"

typedef struct command_explain_work {
    tl_context *context;
    const tl_options *options;
    tl__trained trained;
    tl_dataset *own;             /* of the run */
    tl_dataset *other;           /* of --data; NULL: none */
    tl__explanation explanation;
    tl__journal journal;
    tl__arena arena;
    const char *folder;          /* for what is written */
    const char *many;            /* of a run of several models its folder; NULL: it is none */
    const char *best;            /* of several models the one that is explained; NULL: there was one */
} command_explain_work;

/* ---- what is explained ---- */

/* Of several models the best one in their place. */
static tl_status command_explain_best(command_explain_work *work, const tl_options *options, tl_error *error)
{
    const char *name = tl__trained_member(&work->trained, work->trained.committee.best);
    work->best = name ? tl__arena_text(&work->arena, name) : NULL;
    if (work->trained.place.folder) work->many = tl__arena_text(&work->arena, work->trained.place.folder);
    if (!work->best || (work->trained.place.folder && !work->many)) return tl__fail_memory(error, 256);
    tl__log_line(work->context, TL_LOG_INFO, "%s is explained, the best of %zu models", work->best,
                 work->trained.many.count);
    tl__trained_close(&work->trained);
    return tl__trained_open(work->context, work->best, options, &work->trained, error);
}

static tl_status command_explain_open(command_explain_work *work, const char *run, tl_error *error)
{
    tl_context *context = work->context;
    tl_options plain = *work->options;
    plain.ensemble = NULL;
    TL_TRY(tl__trained_open(context, run, &plain, &work->trained, error));
    if (work->trained.models) TL_TRY(command_explain_best(work, &plain, error));
    if (work->trained.model->pipeline->target_classes)
        return tl__fail(error, TL_UNSUPPORTED, "train:explain explains one prediction of a row, and heads that learn "
                        "classes beside others make several; train that target alone to have it explained.");
    const tl__config *config = work->trained.config;
    if (tl__trained_knows_data(&work->trained))
        TL_TRY(tl__dataset_load(context, &config->settings.data, config->folder, (uint64_t)config->settings.seed,
                                &work->own, error));
    if (work->options->data) TL_TRY(tl__trained_read(&work->trained, work->options->data, &work->other, error));
    if (!work->own && !work->other)
        return tl__fail(error, TL_INVALID, "a model file does not say where its data is; name rows to explain it by "
                        "with --data FILE.");
    const tl_dataset *data = work->other ? work->other : work->own;
    if (!data->has_target)
        return tl__fail(error, TL_BAD_DATA, "%s has no column '%s'; how much a column matters is measured against the "
                        "truth.", work->options->data, work->trained.model->pipeline->targets[0]);
    tl_part part = tl_dataset_rows(data, TL_TEST) ? TL_TEST : TL_VALIDATION;
    if (tl_dataset_rows(data, part) == 0)
        return tl__fail(error, TL_BAD_DATA, "there are no test or validation %s to explain; name some with --data "
                        "FILE.", data->pipeline->forecast ? "windows" : "rows");
    work->explanation = (tl__explanation){
        .context = context, .arena = &work->arena, .settings = &config->settings.explanation,
        .seed = (uint64_t)config->settings.seed, .model = work->trained.model, .data = data, .own = work->own,
        .part = part};
    return TL_OK;
}

/* ---- what is written ---- */

static tl_status command_explain_file(command_explain_work *work, const char *name, tl__buffer *text, tl_error *error)
{
    const char *path = tl__path_join(&work->arena, work->folder, name);
    tl_status status = text->failed || !path ? tl__fail_memory(error, text->size)
                                             : tl__file_replace(path, text->data, text->size, false, error);
    tl__buffer_free(text);
    return status;
}

static tl_status command_explain_columns(command_explain_work *work, tl_error *error)
{
    const tl__explanation *e = &work->explanation;
    tl__buffer text;
    tl__buffer_init(&text, &work->context->heap);
    tl__buffer_text(&text, "column");
    if (e->permuted) tl__buffer_text(&text, ",importance,importance_std");
    if (e->went) tl__buffer_text(&text, ",mean_attribution,mean_absolute_attribution");
    tl__csv_end_row(&text);
    for (size_t c = 0; c < e->rows.columns; c++) {
        const char *name = tl__explained_column(&e->rows, c);
        tl__csv_put(&text, name, strlen(name), true, false);
        if (e->permuted) {
            tl__csv_put_number(&text, e->importance[c].mean, false);
            tl__csv_put_number(&text, e->importance[c].deviation, false);
        }
        if (e->went) {
            tl__csv_put_number(&text, e->mean[c], false);
            tl__csv_put_number(&text, e->mean_abs[c], false);
        }
        tl__csv_end_row(&text);
    }
    return command_explain_file(work, "importance.csv", &text, error);
}

/* A line for each step of each column. */
static tl_status command_explain_steps(command_explain_work *work, tl_error *error)
{
    const tl__explanation *e = &work->explanation;
    size_t steps = e->rows.steps, at;
    tl__buffer text;
    tl__buffer_init(&text, &work->context->heap);
    tl__buffer_text(&text, "column,step,mean_attribution,mean_absolute_attribution\n");
    for (size_t i = 0; i < e->rows.columns * steps && !text.failed; i++) {
        const char *name = tl__explained_column(&e->rows, i / steps);
        if (tl__explained_cell(&e->rows, i % steps, i / steps, &at) == 0) continue;
        tl__csv_put(&text, name, strlen(name), true, false);
        tl__csv_put_number(&text, tl__explained_step(&e->rows, i % steps), false);
        tl__csv_put_number(&text, e->cell_mean[i], false);
        tl__csv_put_number(&text, e->cell_abs[i], false);
        tl__csv_end_row(&text);
    }
    return command_explain_file(work, "attributions_by_step.csv", &text, error);
}

static tl_status command_explain_rows(command_explain_work *work, tl_error *error)
{
    const tl__explanation *e = &work->explanation;
    size_t columns = e->rows.columns;
    tl__buffer text;
    tl__buffer_init(&text, &work->context->heap);
    tl__buffer_text(&text, "row,explained,delta");
    for (size_t c = 0; c < columns; c++) {
        const char *name = tl__explained_column(&e->rows, c);
        tl__csv_put(&text, name, strlen(name), false, false);
    }
    tl__csv_end_row(&text);
    for (size_t i = 0; i < e->rows.rows && !text.failed; i++) {
        const char *name = tl__explanation_of(e, e->targets[i]);
        tl__buffer_format(&text, "%zu", tl__dataset_row_id(e->data, e->part, e->rows.from[i]));
        tl__csv_put(&text, name, strlen(name), false, false);
        tl__csv_put_number(&text, e->deltas[i], false);
        for (size_t c = 0; c < columns; c++) tl__csv_put_number(&text, e->sums[i * columns + c], false);
        tl__csv_end_row(&text);
    }
    return command_explain_file(work, "attributions.csv", &text, error);
}

/* attention_LAYER.npy, [heads, queries, keys], all of them to the bit of a float. */
static tl_status command_explain_weights(command_explain_work *work, const tl__attention_maps *maps, const char *row,
                                         tl_error *error)
{
    for (size_t l = 0; l < maps->count; l++) {
        const tl__attention_layer *layer = &maps->layers[l];
        const size_t shape[] = {layer->heads, layer->queries, layer->keys}, count = shape[0] * shape[1] * shape[2];
        float *values = tl__arena_push(&work->arena, count * sizeof *values);
        const char *name = tl__arena_format(&work->arena, "attention_%s%s.npy", layer->name, row);
        tl__buffer bytes;
        if (!values || !name) return tl__fail_memory(error, count * sizeof *values);
        for (size_t i = 0; i < count; i++) values[i] = (float)layer->mean[i];
        tl__buffer_init(&bytes, &work->context->heap);
        tl__npy_put_floats(&bytes, values, shape, 3);
        TL_TRY(command_explain_file(work, name, &bytes, error));
    }
    return TL_OK;
}

static tl_status command_explain_tables(command_explain_work *work, tl_error *error)
{
    const tl__explanation *e = &work->explanation;
    if (e->permuted || e->went) TL_TRY(command_explain_columns(work, error));
    if (e->went) TL_TRY(command_explain_rows(work, error));
    if (e->went && e->rows.steps > 1) TL_TRY(command_explain_steps(work, error));
    if (!e->looked) return TL_OK;
    TL_TRY(command_explain_weights(work, &e->attention, "", error));
    for (size_t i = 0; i < e->shown.rows; i++) {
        const char *row = tl__arena_format(&work->arena, "_row_%zu",
                                           tl__dataset_row_id(e->data, e->part, e->shown.from[i]));
        if (!row) return tl__fail_memory(error, 32);
        TL_TRY(command_explain_weights(work, &e->shown_attention[i], row, error));
    }
    return TL_OK;
}

/* ---- pictures ---- */

static const char *command_explain_formats(const command_explain_work *work)
{
    return work->options->format ? work->options->format : "svg";
}

static tl_status command_explain_save(command_explain_work *work, const tl__picture *picture, const char *name,
                                      tl_error *error)
{
    if (!name) return tl__fail_memory(error, 64);
    return tl__picture_save(work->context, picture, work->folder, name, command_explain_formats(work), error);
}

/* Those that a report shows; `attention` is in pieces, a picture for each layer, and so are rows. */
static tl_status command_explain_pictures(command_explain_work *work, const tl_value *root, tl_error *error)
{
    tl__story story = {.context = work->context, .explained = root};
    const tl__run_picture *one;
    tl_status status = TL_OK;
    tl__arena_init(&story.arena, &work->context->heap);
    for (size_t i = 0; status == TL_OK && (one = tl__pictures_of_explanation(i)) != NULL; i++) {
        tl__picture picture;
        const char *words;
        bool failed = false;
        if (tl__same_text(one->name, "attention") || tl__same_text(one->name, "attributions_of_a_row")) continue;
        if (one->make(&story, &picture, &words, &failed))
            status = command_explain_save(work, &picture, one->name, error);
        else if (failed) status = tl__fail_memory(error, 256);
    }
    tl__arena_free(&story.arena);
    return status;
}

static tl_status command_explain_layers(command_explain_work *work, const tl_value *of, const tl_value *row,
                                        tl_error *error)
{
    const tl_value *layers = tl_value_get(of, "layers");
    long long number = (long long)tl_value_integer(row, 0);
    for (size_t l = 0; l < tl_value_count(layers); l++) {
        const tl_value *layer = tl_value_at(layers, l);
        const char *title = row ? tl__arena_format(&work->arena, "row %lld", number) : "";
        const char *name = tl_value_text(tl_value_get(layer, "layer"), "");
        tl__picture picture;
        bool failed = !title;
        name = row ? tl__arena_format(&work->arena, "attention_%s_row_%lld", name, number)
                   : tl__arena_format(&work->arena, "attention_%s", name);
        if (!failed && tl__picture_attention(layer, title, &work->arena, &picture, &failed))
            TL_TRY(command_explain_save(work, &picture, name, error));
        if (failed) return tl__fail_memory(error, 256);
    }
    return TL_OK;
}

static tl_status command_explain_singles(command_explain_work *work, const tl_value *root, tl_error *error)
{
    const tl_value *gradients = tl_value_get(root, "integrated_gradients"), *rows = tl_value_get(gradients, "rows");
    const tl_value *singles = tl_value_get(root, "attention.single");
    TL_TRY(command_explain_layers(work, tl_value_get(root, "attention"), NULL, error));
    for (size_t i = 0; i < tl_value_count(singles); i++) {
        const tl_value *one = tl_value_at(singles, i);
        TL_TRY(command_explain_layers(work, one, tl_value_get(one, "row"), error));
    }
    for (size_t i = 0; i < tl_value_count(rows); i++) {
        const tl_value *one = tl_value_at(rows, i);
        tl__picture picture;
        bool failed = false;
        const char *name = tl__arena_format(&work->arena, "attributions_row_%lld",
                                            (long long)tl_value_integer(tl_value_get(one, "row"), 0));
        if (tl__picture_row(gradients, one, &work->arena, &picture, &failed))
            TL_TRY(command_explain_save(work, &picture, name, error));
        if (failed) return tl__fail_memory(error, 256);
    }
    return TL_OK;
}

static tl_status command_explain_write(command_explain_work *work, const tl_value *root, tl_error *error)
{
    const char *path = tl__path_join(&work->arena, work->folder, "explanation.json");
    if (!path) return tl__fail_memory(error, 256);
    TL_TRY(tl__folder_make(work->folder, error));
    TL_TRY(tl__json_save(work->context, root, path, false, error));
    TL_TRY(command_explain_tables(work, error));
    TL_TRY(command_explain_pictures(work, root, error));
    return command_explain_singles(work, root, error);
}

static void command_explain_log(command_explain_work *work)
{
    tl__trained *trained = &work->trained;
    char stamp[24];
    const char *runs = trained->place.folder;
    while (runs && *runs && !tl__same_text(tl__path_name(runs), "runs")) runs = tl__path_folder(&work->arena, runs);
    if (!runs || !*runs) return;
    const char *output = tl__path_folder(&work->arena, runs);
    const char *logs = output ? tl__path_join(&work->arena, output, "logs") : NULL;
    tl__time_compact(stamp, tl__now(work->context));
    if (logs && tl__journal_open(&work->journal, work->context, NULL, logs, "xai", stamp, NULL) != TL_OK)
        tl__journal_close(&work->journal, NULL);
}

static tl_status command_explain_all(command_explain_work *work, const char *run, tl__tree *tree, tl_error *error)
{
    tl__builder builder;
    tl__explanation *e = &work->explanation;
    TL_TRY(tl__picture_formats(command_explain_formats(work), error));
    TL_TRY(command_explain_open(work, run, error));
    command_explain_log(work);
    const char *run_folder = work->many ? work->many : work->trained.place.folder;
    work->folder = work->options->output ? work->options->output
                   : tl__path_join(&work->arena, run_folder ? run_folder : work->options->out, "explain");
    if (!work->folder) return tl__fail_memory(error, 256);
    TL_TRY(tl__explanation_make(e, error));
    tl__log_line(work->context, TL_LOG_INFO, "%s  %zu rows, %zu columns", work->trained.place.model, e->rows.rows,
                 e->rows.columns);
    tl__builder_init(&builder, tree);
    tl_value *root = tl__put_map(&builder, NULL, NULL);
    tl__put_text(&builder, root, "run", work->trained.place.folder ? work->trained.place.folder : "");
    tl__put_text(&builder, root, "model", work->trained.place.model);
    if (work->best) tl__put_text(&builder, root, "best", work->best);
    tl__put_text(&builder, root, "part", work->other ? work->options->data : e->part == TL_TEST ? "test"
                                                                                                : "validation");
    TL_TRY(tl__explanation_put(e, &builder, root, error));
    tl__put_text(&builder, root, "folder", work->folder);
    if (builder.failed) return tl__fail_memory(error, 256);
    return command_explain_write(work, root, error);
}

TL_API tl_status tl_explain(tl_context *context, const char *run, const tl_options *options, tl_value **out,
                            tl_error *error)
{
    static const tl_options defaults = TL_OPTIONS;
    tl__tree *tree;
    command_explain_work *work = tl__alloc_zero(&context->heap, 1, sizeof *work);
    if (!work) return tl__fail_memory(error, sizeof *work);
    work->context = context;
    work->options = options ? options : &defaults;
    tl__arena_init(&work->arena, &context->heap);
    tl_status status = tl__tree_new(&context->heap, NULL, &tree);
    if (status != TL_OK) {
        tl__fail_memory(error, sizeof *tree);
    } else {
        status = command_explain_all(work, run, tree, error);
        if (status == TL_OK) *out = &tree->root;
        else tl__tree_free(tree);
    }
    tl__journal_close(&work->journal, NULL);
    tl__explanation_free(&work->explanation);
    tl_dataset_free(work->own);
    tl_dataset_free(work->other);
    tl__trained_close(&work->trained);
    tl__arena_free(&work->arena);
    tl__free(&context->heap, work, sizeof *work);
    return status;
}
