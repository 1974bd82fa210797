/* A training's record out of its files. detailed_metrics.json has all of it; metrics.csv has a row per epoch from the
 * first on, so that a run that goes on or was killed can be read too. */
#include "lab/analytics.h"

#include "base/math.h"
#include "base/text.h"
#include "lab/folder.h"
#include "lab/path.h"
#include "port/port.h"

enum { ANALYTICS_READ_BYTES = 1 << 30, ANALYTICS_READ_COLUMNS = 4096 };

static double *analytics_read_rows(tl__run_records *out, size_t count, tl_error *error)
{
    size_t width = tl__records_width(out->records.layers, out->records.classes), size;
    bool fits = tl__size_mul(count, width, &size);
    double *rows = fits ? tl__arena_push_zero(&out->arena, size + 1, sizeof(double)) : NULL;
    if (!rows) tl__fail_memory(error, count * width * sizeof(double));
    else tl__row_clear(rows, size);
    out->records.rows = rows;
    out->records.count = rows ? count : 0;
    return rows;
}

static void analytics_read_field(tl__record *record, const tl__record_field *field, double value)
{
    memcpy((unsigned char *)record + field->offset, &value, sizeof value);
}

/* ---- detailed_metrics.json ---- */

static double analytics_read_value(const tl_value *value, tl__record_kind kind)
{
    double number = tl_value_number(value, tl__nan_d());
    if (value && value->kind == TL_BOOL) return tl_value_bool(value, false) ? 1 : 0;
    if (value && value->kind == TL_TEXT) {
        double word = tl__record_of_word(kind, tl_value_text(value, ""));
        return word < 0 ? number : word;
    }
    return number;
}

static const char *const *analytics_read_keys(tl__run_records *out, const tl_value *map, size_t *count,
                                              tl_error *error)
{
    *count = tl_value_kind(map) == TL_MAP ? tl_value_count(map) : 0;
    const char **names = tl__arena_push_zero(&out->arena, *count + 1, sizeof *names);
    if (!names) tl__fail_memory(error, *count * sizeof *names);
    for (size_t i = 0; names && i < *count; i++) names[i] = tl_value_key_at(map, i);
    return names;
}

static void analytics_read_row(const tl_value *epoch, const tl__records *shape, double *row)
{
    const tl__record_field *field;
    tl__record *record = (tl__record *)(void *)row;
    tl__layer_record *layers = tl__row_layers(row);
    tl__class_record *classes = tl__row_classes(row, shape->layers);
    for (size_t i = 0; (field = tl__record_field_at(i)) != NULL; i++) {
        const tl_value *group = *field->group ? tl__value_child(epoch, field->group) : epoch;
        const tl_value *value = group ? tl__value_child(group, field->key) : NULL;
        analytics_read_field(record, field, analytics_read_value(value, field->kind));
    }
    const tl_value *bins = tl_value_get(epoch, "prediction_stats.confidence_distribution");
    for (size_t i = 0; i < TL__CONFIDENCE_BINS; i++)
        record->confidence_bins[i] = analytics_read_value(tl_value_at(bins, i), TL__RECORD_NUMBER);
    const tl_value *norms = tl_value_get(epoch, "gradient_norms.by_layer");
    const tl_value *stats = tl_value_get(epoch, "parameter_stats.by_layer");
    const tl_value *metrics = tl__value_child(epoch, "class_metrics");
    static const char *const layer_keys[] = {"gradient_norm", "mean_change", "std_change", "change", "norm",
                                             "update_ratio", "dead_units"};
    static const char *const class_keys[] = {"precision", "recall", "f1", "support"};
    for (size_t i = 0; i < shape->layers; i++) {
        const tl_value *of = stats ? tl__value_child(stats, shape->layer_names[i]) : NULL;
        double *to = (double *)(void *)&layers[i];
        for (size_t k = 1; of && k < TL_COUNT(layer_keys); k++)
            to[k] = analytics_read_value(tl__value_child(of, layer_keys[k]), TL__RECORD_NUMBER);
        to[0] = analytics_read_value(norms ? tl__value_child(norms, shape->layer_names[i]) : NULL, TL__RECORD_NUMBER);
    }
    for (size_t i = 0; i < shape->classes; i++) {
        const tl_value *of = metrics ? tl__value_child(metrics, shape->class_names[i]) : NULL;
        double *to = (double *)(void *)&classes[i];
        for (size_t k = 0; of && k < TL_COUNT(class_keys); k++)
            to[k] = analytics_read_value(tl__value_child(of, class_keys[k]), TL__RECORD_NUMBER);
    }
}

/* Why it ended with NaN stands in the alert that says so. */
static void analytics_read_end(tl__run_records *out)
{
    const tl_value *root = &out->tree->root, *alerts = tl__value_child(root, "alerts");
    if (!tl__same_text(tl_value_text(tl_value_get(root, "run_metadata.stopping_reason"), ""), "nan")) return;
    out->records.not_finite = "";
    for (const tl_value *alert = alerts ? alerts->first : NULL; alert; alert = alert->next)
        if (tl__same_text(tl_value_text(tl_value_get(alert, "name"), ""), "not_finite"))
            out->records.not_finite = tl_value_text(tl_value_get(alert, "details.reason"),
                                                    tl_value_text(tl_value_get(alert, "message"), ""));
}

/* Epochs before analytics were switched on do not have all of it. */
static const tl_value *analytics_read_first(const tl_value *epoch, const char *path)
{
    const tl_value *found = NULL;
    for (; epoch && !tl_value_count(found); epoch = epoch->next) found = tl_value_get(epoch, path);
    return found;
}

static tl_status analytics_read_json(tl__run_records *out, const char *path, tl_error *error)
{
    TL_TRY(tl__json_read(out->context, path, &out->tree, error));
    const tl_value *epochs = out->tree->root.kind == TL_MAP ? tl__value_child(&out->tree->root, "epoch_metrics") : NULL;
    if (!epochs || epochs->kind != TL_LIST)
        return tl__fail_at(error, TL_BAD_FILE, path, 0, 0, NULL, "this is not a record of a training: it has no "
                           "epoch_metrics");
    const tl_value *first = epochs->first;
    tl__records *records = &out->records;
    records->layer_names = analytics_read_keys(out, analytics_read_first(first, "gradient_norms.by_layer"),
                                               &records->layers, error);
    records->class_names = analytics_read_keys(out, analytics_read_first(first, "class_metrics"), &records->classes,
                                               error);
    double *rows = records->layer_names && records->class_names
                       ? analytics_read_rows(out, epochs->count, error) : NULL;
    if (!rows) return TL_OUT_OF_MEMORY;
    size_t width = tl__records_width(records->layers, records->classes);
    for (const tl_value *epoch = first; epoch; epoch = epoch->next, rows += width)
        if (epoch->kind == TL_MAP) analytics_read_row(epoch, records, rows);
    analytics_read_end(out);
    return TL_OK;
}

/* ---- metrics.csv ---- */

/* What a column holds: a field, or the precision or recall of a class. */
typedef struct analytics_read_column {
    const tl__record_field *field;
    size_t class_index;
    bool precision, recall;
} analytics_read_column;

static size_t analytics_read_split(const char *line, size_t size, size_t *ends, size_t most)
{
    size_t count = 0;
    for (size_t i = 0; i <= size && count < most; i++)
        if (i == size || line[i] == ',') ends[count++] = i;
    return count;
}

/* The name before "_precision", or 0. */
static size_t analytics_read_class(const char *name, size_t size, const char *suffix)
{
    size_t end = strlen(suffix);
    return size > end && memcmp(name + size - end, suffix, end) == 0 ? size - end : 0;
}

static tl_status analytics_read_header(tl__run_records *out, const char *line, const size_t *ends, size_t count,
                                       analytics_read_column *columns, tl_error *error)
{
    tl__records *records = &out->records;
    const char **names = tl__arena_push_zero(&out->arena, count + 1, sizeof *names);
    if (!names) return tl__fail_memory(error, count * sizeof *names);
    records->class_names = names;
    for (size_t i = 0, start = 0; i < count; start = ends[i++] + 1) {
        const char *name = line + start;
        size_t length = ends[i] - start, of = analytics_read_class(name, length, "_precision");
        columns[i] = (analytics_read_column){tl__record_field_find(name, length), 0, false, false};
        if (columns[i].field) continue;
        if (of) {
            names[records->classes] = tl__arena_copy(&out->arena, name, of);
            if (!names[records->classes]) return tl__fail_memory(error, of);
            columns[i].class_index = records->classes++;
            columns[i].precision = true;
        }
        of = of ? 0 : analytics_read_class(name, length, "_recall");
        for (size_t k = 0; of && k < records->classes; k++)
            if (tl__same_text_n(names[k], name, of)) {
                columns[i].class_index = k;
                columns[i].recall = true;
            }
    }
    return TL_OK;
}

static double analytics_read_cell(const char *text, size_t size, tl__record_kind kind)
{
    double value;
    char word[24];
    if (tl__parse_double(text, size, &value)) return value;
    if (size >= sizeof word) return tl__nan_d();
    memcpy(word, text, size);
    word[size] = '\0';
    value = tl__record_of_word(kind, word);
    return value < 0 ? tl__nan_d() : value;
}

static tl_status analytics_read_table(tl__run_records *out, const char *text, size_t size, const char *path,
                                      double **rows_out, tl_error *error)
{
    size_t *ends = tl__arena_push_zero(&out->arena, ANALYTICS_READ_COLUMNS, sizeof *ends);
    analytics_read_column *columns = tl__arena_push_zero(&out->arena, ANALYTICS_READ_COLUMNS, sizeof *columns);
    const char *stop = memchr(text, '\n', size), *end = text + size;
    size_t lines = 0;
    if (!ends || !columns) return tl__fail_memory(error, ANALYTICS_READ_COLUMNS * sizeof *columns);
    if (!stop || size < 5 || memcmp(text, "epoch", 5) != 0)
        return tl__fail_at(error, TL_BAD_FILE, path, 1, 0, NULL, "this is not a table of epochs");
    size_t count = analytics_read_split(text, (size_t)(stop - text), ends, ANALYTICS_READ_COLUMNS);
    TL_TRY(analytics_read_header(out, text, ends, count, columns, error));
    for (const char *at = stop + 1; at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++) lines++;
    double *row = *rows_out = analytics_read_rows(out, lines, error);
    if (!row) return TL_OUT_OF_MEMORY;
    size_t width = tl__records_width(out->records.layers, out->records.classes), rows = 0;
    for (const char *at = stop + 1; rows < lines; at = stop + 1, rows++, row += width) {
        stop = memchr(at, '\n', (size_t)(end - at));
        size_t cells = analytics_read_split(at, (size_t)(stop - at), ends, count);
        tl__class_record *classes = tl__row_classes(row, out->records.layers);
        for (size_t i = 0, start = 0; i < cells; start = ends[i++] + 1) {
            const analytics_read_column *column = &columns[i];
            double value = analytics_read_cell(at + start, ends[i] - start, column->field ? column->field->kind
                                                                                          : TL__RECORD_NUMBER);
            if (column->field) analytics_read_field((tl__record *)(void *)row, column->field, value);
            else if (column->precision) classes[column->class_index].precision = value;
            else if (column->recall) classes[column->class_index].recall = value;
        }
    }
    return TL_OK;
}

/* Judgements that a table does not have are made from what it has. */
static void analytics_read_judge(tl__run_records *out, double *rows)
{
    size_t width = tl__records_width(out->records.layers, out->records.classes);
    for (size_t i = 0; i < out->records.count; i++, rows += width) {
        tl__record *record = (tl__record *)(void *)rows, own = *record;
        tl__record_judge(record, tl__records_at(&out->records, i - 1));
        if (own.signal == own.signal) record->signal = own.signal;
        if (own.overfitting == own.overfitting) record->overfitting = own.overfitting;
        if (own.convergence == own.convergence) record->convergence = own.convergence;
    }
}

static tl_status analytics_read_csv(tl__run_records *out, const char *path, tl_error *error)
{
    tl__buffer text;
    double *rows = NULL;
    tl__buffer_init(&text, &out->context->heap);
    tl_status status = tl__file_read(path, &text, ANALYTICS_READ_BYTES, error);
    if (status == TL_OK) status = analytics_read_table(out, text.data ? text.data : "", text.size, path, &rows, error);
    tl__buffer_free(&text);
    if (status == TL_OK) analytics_read_judge(out, rows);
    return status;
}

/* ---- the places ---- */

/* Each folder names the other: analytics.json of the run, run_metadata.run_folder of the analytics. */
static tl_status analytics_read_places(tl__run_records *out, const char *folder, tl_error *error)
{
    tl__tree *tree;
    const char *json = tl__path_join(&out->arena, folder, "detailed_metrics.json");
    const char *alerts = tl__path_join(&out->arena, folder, "alerts.txt");
    const char *place = tl__path_join(&out->arena, folder, "analytics.json");
    out->folder = out->analytics = "";
    if (!json || !alerts || !place) return tl__fail_memory(error, 256);
    if (tl__file_exists(json) || tl__file_exists(alerts)) {
        out->analytics = tl__arena_text(&out->arena, folder);
    } else {
        out->folder = tl__arena_text(&out->arena, folder);
        if (!tl__file_exists(place) || tl__json_read(out->context, place, &tree, NULL) != TL_OK) return TL_OK;
        const char *path = tl_value_text(tl_value_get(&tree->root, "folder"), "");
        const char *there = tl__path_join(&out->arena, folder, path);
        if (there && *path && tl__folder_exists(there)) out->analytics = there;
        tl__tree_free(tree);
    }
    return out->folder && out->analytics ? TL_OK : tl__fail_memory(error, 256);
}

/* A run over folds or seeds has a record of each of its models. */
static tl_status analytics_read_none(tl__run_records *out, const char *folder, tl_error *error)
{
    tl__tree *tree;
    const char *path = tl__path_join(&out->arena, folder, "metrics.json"), *best = "";
    if (!path) return tl__fail_memory(error, 256);
    if (tl__file_exists(path) && tl__json_read(out->context, path, &tree, NULL) == TL_OK) {
        best = tl__arena_text(&out->arena, tl_value_text(tl_value_get(&tree->root, "cross_validation.best"),
                                                         tl_value_text(tl_value_get(&tree->root, "spread.best"), "")));
        tl__tree_free(tree);
        if (!best) return tl__fail_memory(error, 64);
    }
    if (*best)
        return tl__fail(error, TL_NOT_FOUND, "%s is a run of several models, each with a record of its own; name one "
                        "of them: the best is %s/%s.", folder, folder, best);
    return tl__fail(error, TL_NOT_FOUND, "%s has no record of a training: there is neither detailed_metrics.json nor "
                    "metrics.csv.", folder);
}

static tl_status analytics_read_all(tl__run_records *out, const char *folder, tl_error *error)
{
    TL_TRY(analytics_read_places(out, folder, error));
    const char *json = tl__path_join(&out->arena, out->analytics, "detailed_metrics.json");
    const char *csv = tl__path_join(&out->arena, out->analytics, "metrics.csv");
    const char *own = tl__path_join(&out->arena, folder, "metrics.csv");
    if (!json || !csv || !own) return tl__fail_memory(error, 256);
    bool detailed = *out->analytics && tl__file_exists(json);
    out->source = detailed ? json : *out->analytics && tl__file_exists(csv) ? csv : own;
    if (!tl__file_exists(out->source)) return analytics_read_none(out, folder, error);
    TL_TRY(detailed ? analytics_read_json(out, json, error) : analytics_read_csv(out, out->source, error));
    const tl__record *last = out->records.count ? tl__records_at(&out->records, out->records.count - 1) : NULL;
    out->metric = last && last->epoch.train_mae == last->epoch.train_mae ? "mae" : "accuracy";
    out->records.validation = last && last->epoch.val_loss == last->epoch.val_loss;
    if (detailed && !*out->folder) {
        const char *run = tl_value_text(tl_value_get(&out->tree->root, "run_metadata.run_folder"), "");
        const char *there = tl__path_join(&out->arena, folder, run);
        if (there && *run && tl__folder_exists(there)) out->folder = there;
    }
    return TL_OK;
}

TL_PRIV tl_status tl__run_records_read(tl_context *context, const char *folder, tl__run_records *out, tl_error *error)
{
    *out = (tl__run_records){.context = context, .folder = "", .analytics = "", .source = "", .metric = "accuracy"};
    tl__arena_init(&out->arena, &context->heap);
    tl_status status = analytics_read_all(out, folder, error);
    if (status != TL_OK) tl__run_records_free(out);
    return status;
}

TL_PRIV void tl__run_records_free(tl__run_records *records)
{
    if (!records->context) return;
    if (records->tree) tl__tree_free(records->tree);
    tl__arena_free(&records->arena);
    memset(records, 0, sizeof *records);
}

/* ---- alerts ---- */

/* "Vanishing gradients" of "Vanishing gradients: the average ..." is what a kind is told by. */
static bool analytics_read_same_kind(const char *a, const char *b)
{
    size_t size = strcspn(a, ":");
    return strncmp(a, b, size) == 0 && strcspn(b, ":") == size;
}

TL_PRIV size_t tl__alert_kinds(const tl_value *alerts, tl__alert_kind *out, size_t most)
{
    size_t count = 0;
    for (const tl_value *alert = alerts ? alerts->first : NULL; alert; alert = alert->next) {
        const char *message = tl_value_text(tl_value_get(alert, "message"), "");
        size_t k = 0;
        while (k < count && !analytics_read_same_kind(out[k].message, message)) k++;
        if (k == most) continue;
        if (k == count)
            out[count++] = (tl__alert_kind){.message = message,
                                            .severity = tl_value_text(tl_value_get(alert, "severity"), "warning")};
        if (out[k].count < TL__ALERT_EPOCHS)
            out[k].epochs[out[k].count] = tl_value_integer(tl_value_get(alert, "epoch"), 0);
        out[k].count++;
    }
    return count;
}

TL_PRIV void tl__alert_when(const tl__alert_kind *kind, char *out, size_t size)
{
    size_t used = tl__format(out, size, kind->count > 1 ? "epochs" : "epoch");
    for (size_t i = 0; i < kind->count && i < TL__ALERT_EPOCHS && used < size; i++)
        used += tl__format(out + used, size - used, "%s %lld", i ? "," : "", (long long)kind->epochs[i]);
    if (kind->count > TL__ALERT_EPOCHS && used < size) tl__format(out + used, size - used, " and more");
}
