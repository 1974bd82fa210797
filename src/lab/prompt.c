/* train:prompt: a run or an experiment as a text for a language model: what was trained, how it went, the table, and
 * what is asked. The text fits a context of 8,000 tokens and leaves room for the answer: where the table is long, rows
 * in its middle are left out evenly, and it says so. */
#include "base/math.h"
#include "base/text.h"
#include "lab/analytics.h"
#include "lab/folder.h"
#include "lab/path.h"
#include "text/csv.h"
#include "text/yaml.h"

enum {
    PROMPT_TABLE = 8000,         /* characters; figures take a token for less than two of them: 4,500 tokens */
    PROMPT_ALERTS = 8,           /* kinds */
    PROMPT_CONFIG = 1800,
    PROMPT_FILE = 64 << 20,
    PROMPT_GROUPS = 64
};

typedef struct prompt {
    tl_context *context;
    tl__arena arena;
    tl__buffer out;
    const char *folder;          /* of the run or the experiment */
    tl__run_records run;
    tl__tree *metrics;           /* metrics.json; NULL: there is none */
    tl__tree *status;            /* status.json as it is now; NULL: none */
} prompt;

/* ---- tables ---- */

static size_t prompt_lines(const tl__buffer *text, tl__arena *arena, const char ***out)
{
    size_t count = 0, at = 0;
    for (size_t i = 0; i < text->size; i++) count += text->data[i] == '\n';
    const char **lines = tl__arena_push_zero(arena, count + 1, sizeof *lines);
    *out = lines;
    for (size_t line = 0; lines && line < count; line++) {
        const char *end = memchr(text->data + at, '\n', text->size - at);
        size_t size = (size_t)(end - (text->data + at));
        lines[line] = tl__arena_copy(arena, text->data + at, size);
        if (!lines[line]) *out = NULL;
        at += size + 1;
    }
    return count;
}

/* The header, the first rows, the last, and as many evenly between them as there is room for. */
static void prompt_thin(prompt *p, const char *const *lines, size_t count)
{
    size_t characters = 0, rows = count > 0 ? count - 1 : 0, kept = 0;
    for (size_t i = 0; i < count; i++) characters += strlen(lines[i]) + 1;
    size_t room = characters > PROMPT_TABLE ? rows * PROMPT_TABLE / characters : rows;
    for (size_t i = 0; i < count; i++) {
        size_t wanted = rows ? i * room / rows : 0;
        bool keep = i < 4 || i + 3 >= count || wanted > kept;
        if (i >= 1) kept = wanted;
        if (keep) tl__buffer_format(&p->out, "%s\n", lines[i]);
    }
    if (room < rows)
        tl__buffer_format(&p->out, "(about %zu of %zu rows are shown, evenly chosen)\n", room, rows);
}

static tl_status prompt_table(prompt *p, const char *path, tl_error *error)
{
    tl__buffer text;
    const char **lines;
    tl__buffer_init(&text, &p->context->heap);
    tl_status status = tl__file_read(path, &text, PROMPT_FILE, error);
    size_t count = status == TL_OK ? prompt_lines(&text, &p->arena, &lines) : 0;
    if (status == TL_OK && !lines) status = tl__fail_memory(error, text.size);
    if (status == TL_OK) {
        tl__buffer_text(&p->out, "```csv\n");
        prompt_thin(p, lines, count);
        tl__buffer_text(&p->out, "```\n");
    }
    tl__buffer_free(&text);
    return status;
}

/* ---- what is known of a run ---- */

static double prompt_number(const tl__tree *tree, const char *path)
{
    return tree ? tl_value_number(tl_value_get(&tree->root, path), 0.0 / 0.0) : 0.0 / 0.0;
}

static const char *prompt_text(const tl__tree *tree, const char *path)
{
    return tree ? tl_value_text(tl_value_get(&tree->root, path), "") : "";
}

static void prompt_say_number(prompt *p, const char *what, double value)
{
    if (value == value) tl__buffer_format(&p->out, "- %s: %.6g\n", what, value);
}

static void prompt_say_classes(prompt *p)
{
    const tl__records *records = &p->run.records;
    const tl_value *distribution = p->metrics ? tl_value_get(&p->metrics->root, "train.per_class") : NULL;
    double most = 0, all = 0;
    if (!records->classes && !distribution) {
        tl__buffer_text(&p->out, "- Task: numbers are predicted, so there is no accuracy.\n");
        return;
    }
    size_t count = records->classes ? records->classes : tl_value_count(distribution);
    tl__buffer_format(&p->out, "- Classes (%zu):", count);
    for (size_t c = 0; c < count && c < 40; c++) {
        const tl_value *one = tl_value_at(distribution, c);
        double support = tl_value_number(tl_value_get(one, "support"), 0);
        const char *name = records->classes ? records->class_names[c] : tl_value_text(tl_value_get(one, "class"), "?");
        tl__buffer_format(&p->out, "%s %s", c ? "," : "", name);
        if (support > 0) tl__buffer_format(&p->out, " (%.0f training rows)", support);
        most = support > most ? support : most;
        all += support;
    }
    tl__buffer_format(&p->out, "%s\n- Chance accuracy: %.4g (1 / number of classes)", count > 40 ? ", ..." : "",
                      1.0 / (double)count);
    if (all > 0) tl__buffer_format(&p->out, "; always the most frequent class: %.4g", most / all);
    tl__buffer_char(&p->out, '\n');
}

static void prompt_say_end(prompt *p)
{
    const tl__records *records = &p->run.records;
    const tl__record *last = records->count ? tl__records_at(records, records->count - 1) : NULL;
    double epochs = prompt_number(p->status, "epochs"), stopped = last ? last->epoch.epoch : 0;
    const char *state = prompt_text(p->status, "state"), *why = prompt_text(p->metrics, "stopped");
    const char *trigger = prompt_text(p->metrics, "trigger"), *failed = prompt_text(p->status, "error");
    tl__buffer_format(&p->out, "- Final epoch: %.0f", stopped);
    if (epochs == epochs) tl__buffer_format(&p->out, " of at most %.0f", epochs);
    tl__buffer_format(&p->out, "\n- How it ended: %s%s%s\n", *why ? why : *state ? state : "not known",
                      *trigger ? ", " : "", trigger);
    if (*failed) tl__buffer_format(&p->out, "- Message: %s\n", failed);
    prompt_say_number(p, "Best epoch", prompt_number(p->metrics, "best_epoch"));
    if (last) {
        prompt_say_number(p, "Final training loss", last->epoch.train_loss);
        prompt_say_number(p, "Final validation loss", last->epoch.val_loss);
        prompt_say_number(p, "Final training accuracy", last->epoch.train_accuracy);
        prompt_say_number(p, "Final validation accuracy", last->epoch.val_accuracy);
        prompt_say_number(p, "Final validation error (MAE)", last->epoch.val_mae);
    }
    prompt_say_number(p, "Test accuracy", prompt_number(p->metrics, "test.accuracy"));
    prompt_say_number(p, "Test balanced accuracy", prompt_number(p->metrics, "test.balanced_accuracy"));
    prompt_say_number(p, "Test error (MAE)", prompt_number(p->metrics, "test.mae"));
    prompt_say_number(p, "Test MAE of repeating the last value", prompt_number(p->metrics,
                                                                              "test.baselines.repeat_last.mae"));
    prompt_say_number(p, "Parameters of the network", prompt_number(p->metrics, "parameters"));
    prompt_say_number(p, "Training rows", prompt_number(p->metrics, "train.samples"));
}

/* Settings that are not what they are by default: the whole config would be a hundred lines of defaults. */
static tl_status prompt_say_config(prompt *p, tl_error *error)
{
    tl__config *config, *plain;
    tl__tree *tree;
    tl__builder builder;
    TL_TRY(tl__config_read(p->context, p->folder, NULL, 0, &config, error));
    tl_status status = tl__config_parse(p->context, "data: {}", 8, "", "", NULL, 0, false, NULL, &plain, error);
    if (status == TL_OK && tl__tree_new(&p->context->heap, NULL, &tree) != TL_OK) status = tl__fail_memory(error, 256);
    if (status == TL_OK) {
        tl__builder_init(&builder, tree);
        tl_value *root = tl__put_map(&builder, NULL, NULL), *rows = tl__put_list(&builder, root, "rows");
        const tl_value *a = tl__config_results(plain, &builder, root, "a");
        const tl_value *b = tl__config_results(config, &builder, root, "b");
        if (!builder.failed) tl__value_differences(&builder, rows, "", a, b);
        tl__buffer_text(&p->out, "```\n");
        size_t begun = p->out.size;
        for (const tl_value *row = rows ? rows->first : NULL; row; row = row->next) {
            const tl_value *value = tl_value_get(row, "b");
            if (p->out.size - begun > PROMPT_CONFIG || value->kind == TL_NULL) continue;
            tl__buffer_format(&p->out, "%s: ", tl_value_text(tl_value_get(row, "setting"), ""));
            tl__json_write(&p->out, value, 0);
            tl__buffer_char(&p->out, '\n');
        }
        tl__buffer_text(&p->out, "```\n");
        if (builder.failed) status = tl__fail_memory(error, 256);
        tl__tree_free(tree);
    }
    if (status == TL_OK) tl__config_free(plain);
    tl__config_free(config);
    return status;
}

static tl_status prompt_open(prompt *p, tl_error *error)
{
    const char *metrics = tl__path_join(&p->arena, p->folder, "metrics.json");
    const char *status = tl__path_join(&p->arena, p->folder, "status.json");
    if (!metrics || !status) return tl__fail_memory(error, 256);
    TL_TRY(tl__run_records_read(p->context, p->folder, &p->run, error));
    if (*p->run.folder) p->folder = p->run.folder;
    metrics = tl__path_join(&p->arena, p->folder, "metrics.json");
    status = tl__path_join(&p->arena, p->folder, "status.json");
    if (!metrics || !status) return tl__fail_memory(error, 256);
    if (tl__file_exists(metrics)) TL_TRY(tl__json_read(p->context, metrics, &p->metrics, error));
    return tl__file_exists(status) ? tl__run_state(p->context, p->folder, &p->status, error) : TL_OK;
}

static void prompt_alerts(prompt *p)
{
    const tl_value *alerts = p->run.tree ? tl_value_get(&p->run.tree->root, "alerts") : NULL;
    tl__alert_kind kinds[PROMPT_ALERTS];
    char when[160];
    size_t count = tl__alert_kinds(alerts, kinds, PROMPT_ALERTS);
    if (!alerts) return;
    tl__buffer_text(&p->out, count ? "\nAlerts of the training:\n" : "\nThe training gave no alerts.\n");
    for (size_t k = 0; k < count; k++) {
        tl__alert_when(&kinds[k], when, sizeof when);
        tl__buffer_format(&p->out, "- %s, %s: %s\n", kinds[k].severity, when, kinds[k].message);
    }
}

static tl_status prompt_facts(prompt *p, tl_error *error)
{
    const char *table = tl__path_join(&p->arena, *p->run.analytics ? p->run.analytics : p->folder, "metrics.csv");
    if (!table) return tl__fail_memory(error, 256);
    tl__buffer_format(&p->out, "Run: %s\n", tl__path_name(p->folder));
    prompt_say_classes(p);
    prompt_say_end(p);
    tl__buffer_text(&p->out, "\nSettings that differ from the defaults of the program:\n");
    TL_TRY(prompt_say_config(p, error));
    prompt_alerts(p);
    tl__buffer_text(&p->out, "\nOne row per epoch (fractions are from 0 to 1; gradient norms are those before "
                    "clipping):\n");
    return tl__file_exists(table) ? prompt_table(p, table, error) : TL_OK;
}

/* ---- the three texts ---- */

static const char prompt_rules[] =
    "\nRules for the answer: use the numbers above and name the epoch or column that you take each one from. Give "
    "actionable points only: each one names a setting and its new value, or a change of the data, and what you expect "
    "of it, the most useful first, five at most. Say so where the numbers do not tell. No general advice.\n";

static const char prompt_rating[] =
    "4. Rate the training: Poor, Fair, Good or Excellent, with one sentence of reason.\n";

static tl_status prompt_of_run(prompt *p, const char *task, const char *questions, tl_error *error)
{
    tl__buffer_text(&p->out, task);
    TL_TRY(prompt_open(p, error));
    TL_TRY(prompt_facts(p, error));
    tl__buffer_text(&p->out, questions);
    tl__buffer_text(&p->out, prompt_rating);
    tl__buffer_text(&p->out, prompt_rules);
    return TL_OK;
}

static tl_status prompt_analysis(prompt *p, tl_error *error)
{
    return prompt_of_run(p, "You examine the training of a neural network.\n\n",
                         "\nQuestions\n1. Why did the training stop when it did?\n2. Was the network learning: "
                         "from which epoch to which, and is it better than chance?\n3. What should be changed?\n",
                         error);
}

static tl_status prompt_failure(prompt *p, tl_error *error)
{
    return prompt_of_run(p, "The training of a neural network went wrong. Find out why.\n\n",
                         "\nQuestions\n1. What went wrong, and at which epoch does it show first?\n2. Which causes "
                         "do the numbers rule out?\n3. How is it fixed: which settings, in which order?\n", error);
}

/* ---- experiments ---- */

typedef struct prompt_group {
    const char *value;
    double epochs, accuracy, squares, failed, runs;
} prompt_group;

/* Columns of a table, found in its first row. */
typedef struct prompt_columns {
    size_t status, epochs, figure;
    const char *varied;          /* the second column's name */
} prompt_columns;

static bool prompt_is(const tl__csv *row, size_t column, const char *text)
{
    if (column >= row->count) return false;
    const tl__csv_cell *cell = &row->cells[column];
    return cell->size == strlen(text) && memcmp(cell->text, text, cell->size) == 0;
}

static size_t prompt_column(const tl__csv *row, const char *wanted)
{
    size_t column = 0;
    while (column < row->count && !prompt_is(row, column, wanted)) column++;
    return column;
}

static double prompt_cell(const tl__csv *row, size_t column)
{
    double value;
    bool is = column < row->count && tl__parse_double(row->cells[column].text, row->cells[column].size, &value);
    return is ? value : 0.0 / 0.0;
}

static void prompt_say_groups(prompt *p, const prompt_group *groups, size_t count, const char *varied)
{
    tl__buffer_format(&p->out, "Averages over the seeds, by %s:\n", varied);
    for (size_t g = 0; g < count; g++) {
        const prompt_group *group = &groups[g];
        double mean = group->accuracy / group->runs, spread = group->squares - group->runs * mean * mean;
        spread = group->runs > 1 ? spread / (group->runs - 1) : 0;
        tl__buffer_format(&p->out, "- %s: %.0f runs, %.0f failed", group->value, group->runs + group->failed,
                          group->failed);
        if (group->runs > 0)
            tl__buffer_format(&p->out, ", epochs %.3g on average, final validation figure %.4g ± %.2g",
                              group->epochs / group->runs, mean, tl__sqrt_d(spread > 0 ? spread : 0));
        tl__buffer_char(&p->out, '\n');
    }
}

static tl_status prompt_columns_find(prompt *p, const tl__csv *row, prompt_columns *out, tl_error *error)
{
    static const char *const figures[] = {"final_val_accuracy", "val_accuracy", "best_val_accuracy", "val_loss"};
    if (row->count < 3)
        return tl__fail(error, TL_BAD_FILE, "%s/summary.csv is not the table of an experiment.", p->folder);
    out->status = prompt_column(row, "status");
    out->epochs = prompt_column(row, "epochs");
    out->figure = row->count;
    for (size_t i = 0; i < TL_COUNT(figures) && out->figure == row->count; i++)
        out->figure = prompt_column(row, figures[i]);
    out->varied = tl__arena_copy(&p->arena, row->cells[1].text, row->cells[1].size);
    return out->varied ? TL_OK : tl__fail_memory(error, row->cells[1].size);
}

/* A run counts for the value that it had; beyond PROMPT_GROUPS values it is left out. */
static tl_status prompt_groups_add(prompt *p, const tl__csv *row, const prompt_columns *at, prompt_group *groups,
                                   size_t *count, tl_error *error)
{
    size_t g = 0;
    if (row->count < 2) return TL_OK;
    while (g < *count && !prompt_is(row, 1, groups[g].value)) g++;
    if (g == PROMPT_GROUPS) return TL_OK;
    if (g == *count) {
        groups[g].value = tl__arena_copy(&p->arena, row->cells[1].text, row->cells[1].size);
        if (!groups[g].value) return tl__fail_memory(error, row->cells[1].size);
        ++*count;
    }
    double value = prompt_cell(row, at->figure);
    bool failed = prompt_is(row, at->status, "failed");
    if (failed || value != value) {
        groups[g].failed += failed;
        return TL_OK;
    }
    groups[g].runs += 1;
    groups[g].epochs += prompt_cell(row, at->epochs);
    groups[g].accuracy += value;
    groups[g].squares += value * value;
    return TL_OK;
}

static tl_status prompt_groups_read(prompt *p, tl__csv *csv, prompt_group *groups, tl_error *error)
{
    bool more;
    prompt_columns at = {0};
    size_t count = 0, runs = 0;
    TL_TRY(tl__csv_next(csv, &more, error));
    TL_TRY(prompt_columns_find(p, csv, &at, error));
    for (;; runs++) {
        TL_TRY(tl__csv_next(csv, &more, error));
        if (!more) break;
        TL_TRY(prompt_groups_add(p, csv, &at, groups, &count, error));
    }
    tl__buffer_format(&p->out, "Experiment: %s, %zu runs\n", tl__path_name(p->folder), runs);
    prompt_say_groups(p, groups, count, at.varied);
    return TL_OK;
}

static tl_status prompt_groups(prompt *p, const tl__buffer *text, tl_error *error)
{
    tl__csv csv;
    tl__csv_options options = TL__CSV_OPTIONS;
    prompt_group *groups = tl__arena_push_zero(&p->arena, PROMPT_GROUPS, sizeof *groups);
    const char *name = tl__path_join(&p->arena, p->folder, "summary.csv");
    if (!groups || !name) return tl__fail_memory(error, PROMPT_GROUPS * sizeof *groups);
    options.separator = ',';
    options.ragged = true;
    tl_status status = tl__csv_open(&csv, &p->context->heap, text->data ? text->data : "", text->size, name, &options,
                                    error);
    if (status == TL_OK) status = prompt_groups_read(p, &csv, groups, error);
    tl__csv_close(&csv);
    return status;
}

static tl_status prompt_comparison_of(prompt *p, const tl__buffer *text, tl_error *error)
{
    const char **lines = NULL;
    size_t count = prompt_lines(text, &p->arena, &lines);
    if (!lines) return tl__fail_memory(error, text->size);
    tl__buffer_text(&p->out, "You compare trainings of one network with different settings, each with several "
                    "seeds.\n\n");
    TL_TRY(prompt_groups(p, text, error));
    tl__buffer_text(&p->out, "\nOne row per run:\n```csv\n");
    prompt_thin(p, lines, count);
    tl__buffer_text(&p->out, "```\n\nQuestions\n1. How many epochs did the runs take on average, and what is the "
                    "average final figure?\n2. Which settings are stable over the seeds, and which are not? Is a "
                    "difference larger than the spread over the seeds?\n3. Rank the settings.\n"
                    "4. Which one do you recommend, and what should be tried next?\n"
                    "5. Rate the best setting's training: Poor, Fair, Good or Excellent, with one sentence of "
                    "reason.\n");
    tl__buffer_text(&p->out, prompt_rules);
    return TL_OK;
}

static tl_status prompt_comparison(prompt *p, tl_error *error)
{
    tl__buffer text;
    const char *path = tl__path_join(&p->arena, p->folder, "summary.csv");
    if (!path) return tl__fail_memory(error, 256);
    tl__buffer_init(&text, &p->context->heap);
    tl_status status = tl__file_read(path, &text, PROMPT_FILE, error);
    if (status == TL_OK) status = prompt_comparison_of(p, &text, error);
    tl__buffer_free(&text);
    return status;
}

/* ---- which ---- */

static const char *prompt_kind(prompt *p)
{
    char path[600], state[32] = "";
    tl__tree *status;
    if (tl__format(path, sizeof path, "%s/summary.csv", p->folder) < sizeof path && tl__file_exists(path))
        return "comparison";
    if (tl__run_state(p->context, p->folder, &status, NULL) == TL_OK) {
        tl__format(state, sizeof state, "%s", tl_value_text(tl_value_get(&status->root, "state"), ""));
        tl__tree_free(status);
    }
    bool bad = tl__same_text(state, "failed") || tl__same_text(state, "crashed") || tl__same_text(state, "interrupted");
    return bad ? "failure" : "analysis";
}

static tl_status prompt_write(prompt *p, const char *kind, tl_error *error)
{
    if (!kind) kind = prompt_kind(p);
    tl_status status = tl__same_text(kind, "analysis") ? prompt_analysis(p, error)
        : tl__same_text(kind, "failure") ? prompt_failure(p, error)
        : tl__same_text(kind, "comparison") ? prompt_comparison(p, error)
        : tl__fail(error, TL_INVALID, "'%.40s' is no kind of prompt; known: analysis, failure, comparison.", kind);
    return status == TL_OK && p->out.failed ? tl__fail_memory(error, p->out.size) : status;
}

static tl_status prompt_find(prompt *p, const char *run, const tl_options *options, tl_error *error)
{
    tl__run_place place;
    if (run && tl__folder_exists(run)) {
        p->folder = tl__arena_text(&p->arena, run);
        return p->folder ? TL_OK : tl__fail_memory(error, strlen(run));
    }
    TL_TRY(tl__run_find(p->context, &p->arena, run, options, &place, error));
    p->folder = place.folder;
    return p->folder ? TL_OK : tl__fail(error, TL_INVALID, "%s has no record of a training; name a run folder or an "
                                        "experiment's folder.", run);
}

TL_API tl_status tl_prompt(tl_context *context, const char *run, const tl_options *options, tl_value **out,
                           tl_error *error)
{
    static const tl_options defaults = TL_OPTIONS;
    const tl_options *o = options ? options : &defaults;
    tl__tree *tree = NULL;
    tl__builder builder;
    prompt p = {.context = context};
    tl__arena_init(&p.arena, &context->heap);
    tl__buffer_init(&p.out, &context->heap);
    tl_status status = prompt_find(&p, run, o, error);
    if (status == TL_OK) status = prompt_write(&p, o->kind, error);
    if (status == TL_OK && tl__tree_new(&context->heap, NULL, &tree) != TL_OK)
        status = tl__fail_memory(error, sizeof *tree);
    if (status == TL_OK) {
        tl__builder_init(&builder, tree);
        tl__put_text_n(&builder, tl__put_map(&builder, NULL, NULL), "text", p.out.data, p.out.size);
        if (builder.failed) status = tl__fail_memory(error, p.out.size);
    }
    tl__run_records_free(&p.run);
    tl__tree_free(p.metrics);
    tl__tree_free(p.status);
    tl__buffer_free(&p.out);
    tl__arena_free(&p.arena);
    if (status == TL_OK) *out = &tree->root;
    else tl__tree_free(tree);
    return status;
}
