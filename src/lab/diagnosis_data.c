/* What the rows say: each column alone, rows against their nearest ones, rows of one part in the other. Numbers are
 * those that the network sees, so a mistake of the pipeline shows, too. */
#include "lab/diagnosis.h"

#include "base/hash.h"
#include "base/math.h"
#include "base/text.h"

enum { DIAGNOSIS_NEAR = 5, DIAGNOSIS_BLOCK = 256, DIAGNOSIS_FLOATS = 1 << 23,
       DIAGNOSIS_WORK = 200000000, DIAGNOSIS_DISTINCT = 64, DIAGNOSIS_HASHED = 1 << 19 };

typedef struct diagnosis_pair { double value; size_t row; } diagnosis_pair;
#define SORT_NAME diagnosis_sort_pairs
#define SORT_TYPE diagnosis_pair
#define SORT_USER const void *
#define SORT_BEFORE(user, b, a) ((b).value < (a).value)
#include "base/sort.inc.h"
#undef SORT_BEFORE
#define SORT_NAME diagnosis_sort_hashes
#define SORT_TYPE uint64_t
#define SORT_USER const void *
#define SORT_BEFORE(user, b, a) ((b) < (a))
#include "base/sort.inc.h"
#undef SORT_BEFORE

typedef struct diagnosis_rows {
    const tl_dataset *data;
    tl__data_evidence *out;
    size_t rows, features, classes, outputs;    /* classes 0: values */
    float *x;                        /* [rows, features] */
    int32_t *label;                  /* [rows] */
    float *target;                   /* [rows, outputs] */
    float *value;                    /* [rows]: of one column, words as their numbers */
    double *scale, *least;           /* [features]: 1 / deviation, 0: constant or not finite; smallest value */
    double *root;                    /* [features]: root mean square; of words and constants -1 */
    diagnosis_pair *pairs, *spare;   /* [rows] */
    int64_t *votes;                  /* [classes] */
    tl__arena *arena;
} diagnosis_rows;

/* The column that a feature is part of, as people call it. */
static const char *diagnosis_name(const diagnosis_rows *d, size_t feature)
{
    const tl__pipeline *pipeline = d->data->pipeline;
    if (!pipeline->forecast && !pipeline->sequence)
        for (size_t i = 0; i < pipeline->input_count; i++) {
            const tl__input *input = &pipeline->inputs[i];
            if (feature < input->offset || feature >= input->offset + input->features) continue;
            if (input->features == 1 || input->category) return input->name;
            const char *name = tl__arena_format(d->arena, "%s[%zu]", input->name, feature - input->offset);
            return name ? name : input->name;
        }
    const char *name = tl__arena_format(d->arena, "input %zu", feature);
    return name ? name : "";
}

static bool diagnosis_is_word(const diagnosis_rows *d, size_t feature)
{
    const tl__pipeline *pipeline = d->data->pipeline;
    if (pipeline->forecast || pipeline->sequence) return false;
    for (size_t i = 0; i < pipeline->input_count; i++) {
        const tl__input *input = &pipeline->inputs[i];
        if (feature >= input->offset && feature < input->offset + input->features) return input->category;
    }
    return false;
}

/* ---- columns ---- */

static void diagnosis_column(diagnosis_rows *d, size_t j)
{
    double sum = 0, squares = 0, least = 1e300, most = -1e300, n = (double)d->rows;
    for (size_t i = 0; i < d->rows; i++) {
        double value = (double)d->x[i * d->features + j];
        if (!tl__is_finite_d(value)) {
            d->out->not_finite++;
            continue;
        }
        sum += value;
        squares += value * value;
        least = value < least ? value : least;
        most = value > most ? value : most;
    }
    double mean = sum / n, variance = squares / n - mean * mean;
    bool varies = most > least;
    d->least[j] = least;
    d->scale[j] = varies && variance > 0 ? (diagnosis_is_word(d, j) ? 1.0 : 1.0 / tl__sqrt_d(variance)) : 0;
    d->root[j] = varies && !diagnosis_is_word(d, j) ? tl__sqrt_d(squares / n) : -1;
}

static double diagnosis_raw_constant(const diagnosis_rows *d, size_t feature)
{
    const tl__pipeline *pipeline = d->data->pipeline;
    if (!pipeline->forecast)
        for (size_t i = 0; i < pipeline->input_count; i++) {
            const tl__input *input = &pipeline->inputs[i];
            if (feature < input->offset || feature >= input->offset + input->features) continue;
            return tl__input_raw(input, feature - input->offset, d->least[feature]);
        }
    return d->least[feature];
}

/* Is a column at the value where most others begin, as corners of pictures are? */
static bool diagnosis_is_empty(const diagnosis_rows *d, size_t feature)
{
    size_t same = 0, others = 0;
    double value = diagnosis_raw_constant(d, feature);
    for (size_t j = 0; j < d->features; j++) {
        if (d->root[j] < 0) continue;
        others++;
        double least = diagnosis_raw_constant(d, j), gap = tl__abs(least - value);
        same += gap <= 1e-4 * (tl__abs(value) + 1e-3);
    }
    return others > 0 && 2 * same >= others;
}

static void diagnosis_columns(diagnosis_rows *d)
{
    tl__data_evidence *out = d->out;
    size_t kept = 0;
    out->narrowest = out->widest = tl__nan_d();
    for (size_t j = 0; j < d->features; j++) diagnosis_column(d, j);
    for (size_t j = 0; j < d->features; j++) {
        if (d->root[j] < 0) continue;
        if (!(out->widest >= d->root[j])) out->widest = d->root[j], out->widest_name = diagnosis_name(d, j);
        if (!(out->narrowest <= d->root[j])) out->narrowest = d->root[j];
        if (kept < d->rows) d->pairs[kept++] = (diagnosis_pair){d->root[j], j};
    }
    diagnosis_sort_pairs(d->pairs, d->spare, kept, NULL);
    out->spread = kept ? d->pairs[kept / 2].value : tl__nan_d();
    for (size_t j = 0; j < d->features; j++) {
        if (d->scale[j] > 0 || diagnosis_is_word(d, j)) continue;
        if (diagnosis_is_empty(d, j)) out->constant_empty++;
        else if (out->constant++ == 0) out->constant_name = diagnosis_name(d, j);
    }
}

/* ---- one column alone ---- */

/* Each row is told by the other rows of the same value in the column, or, where its value is its own, by the row next
 * to it: 1 is perfect, 0 no better than a constant. */
typedef struct diagnosis_alone { double hits, squares, all, mean; } diagnosis_alone;

static double diagnosis_target(const diagnosis_rows *d, size_t at)
{
    return (double)d->target[d->pairs[at].row * d->outputs];
}

/* Of rows at begin..end-1, whose values are equal, when there is one alone: the nearer of its two neighbours. */
static size_t diagnosis_beside(const diagnosis_rows *d, size_t at)
{
    if (at == 0) return d->rows > 1;
    if (at + 1 == d->rows) return at - 1;
    double before = d->pairs[at].value - d->pairs[at - 1].value, after = d->pairs[at + 1].value - d->pairs[at].value;
    return before < after ? at - 1 : at + 1;
}

static void diagnosis_group_classes(diagnosis_rows *d, size_t begin, size_t end, diagnosis_alone *sums)
{
    if (end - begin == 1) {
        sums->hits += d->label[d->pairs[begin].row] == d->label[d->pairs[diagnosis_beside(d, begin)].row];
        return;
    }
    for (size_t c = 0; c < d->classes; c++) d->votes[c] = 0;
    for (size_t i = begin; i < end; i++)
        if (d->label[d->pairs[i].row] >= 0) d->votes[d->label[d->pairs[i].row]]++;
    size_t first = 0, second = d->classes;
    for (size_t c = 1; c < d->classes; c++) first = d->votes[c] > d->votes[first] ? c : first;
    for (size_t c = 0; c < d->classes; c++)
        if (c != first && (second == d->classes || d->votes[c] > d->votes[second])) second = c;
    int64_t lead = d->votes[first] - (second < d->classes ? d->votes[second] : 0);
    for (size_t i = begin; i < end; i++) sums->hits += d->label[d->pairs[i].row] == (int32_t)first && lead > 1;
    if (lead <= 1) sums->hits += (double)d->votes[first] / 2;
}

static void diagnosis_group_values(diagnosis_rows *d, size_t begin, size_t end, diagnosis_alone *sums)
{
    double sum = 0, others = (double)(end - begin - 1);
    for (size_t i = begin; i < end; i++) sum += diagnosis_target(d, i);
    for (size_t i = begin; i < end; i++) {
        double own = diagnosis_target(d, i), told = others > 0 ? (sum - own) / others : 0;
        bool between = i > 0 && i + 1 < d->rows;
        if (others == 0 && between) told = (diagnosis_target(d, i - 1) + diagnosis_target(d, i + 1)) / 2;
        else if (others == 0) told = diagnosis_target(d, diagnosis_beside(d, i));
        sums->squares += (own - told) * (own - told);
        sums->all += (own - sums->mean) * (own - sums->mean);
    }
}

static double diagnosis_alone_of(diagnosis_rows *d, double mean, double *distinct)
{
    diagnosis_alone sums = {.mean = mean};
    size_t begin = 0;
    for (size_t i = 0; i < d->rows; i++) d->pairs[i] = (diagnosis_pair){(double)d->value[i], i};
    diagnosis_sort_pairs(d->pairs, d->spare, d->rows, NULL);
    *distinct = 0;
    for (size_t i = 1; i <= d->rows; i++) {
        if (i < d->rows && !(d->pairs[i].value > d->pairs[i - 1].value)) continue;
        if (d->classes) diagnosis_group_classes(d, begin, i, &sums);
        else diagnosis_group_values(d, begin, i, &sums);
        begin = i;
        *distinct += 1;
    }
    if (!d->classes) return sums.all > 0 ? 1 - sums.squares / sums.all : 0;
    return d->out->chance < 1 ? (sums.hits / (double)d->rows - d->out->chance) / (1 - d->out->chance) : 0;
}

/* The column that begins at a feature into d->value; gives its number of features. */
static size_t diagnosis_take(diagnosis_rows *d, size_t feature)
{
    const tl__pipeline *pipeline = d->data->pipeline;
    size_t width = 1;
    for (size_t i = 0; i < pipeline->input_count; i++)
        if (pipeline->inputs[i].category && pipeline->inputs[i].offset == feature) width = pipeline->inputs[i].features;
    for (size_t i = 0; i < d->rows; i++) {
        const float *row = d->x + i * d->features + feature;
        float value = row[0];
        for (size_t k = 0; width > 1 && k < width; k++)
            if (row[k] > 0.5f) value = (float)k;
        d->value[i] = value;
    }
    return width;
}

static void diagnosis_each_alone(diagnosis_rows *d)
{
    tl__data_evidence *out = d->out;
    double mean = 0, combinations = 0, most = tl__log(20.0 * (double)out->rows + 1);
    for (size_t i = 0; !d->classes && i < d->rows; i++) mean += (double)d->target[i * d->outputs] / (double)d->rows;
    out->best_alone = out->second_alone = 0;
    size_t columns = 0;
    for (size_t j = 0, width; j < d->features; j += width, columns++) {
        double distinct, alone;
        width = diagnosis_take(d, j);
        alone = diagnosis_alone_of(d, mean, &distinct);
        combinations += tl__log(distinct);
        if (alone > out->best_alone) {
            out->second_alone = out->best_alone;
            out->best_alone = alone;
            out->best_name = diagnosis_name(d, j);
        } else if (alone > out->second_alone) {
            out->second_alone = alone;
        }
    }
    out->repeats = combinations < most;
    if (columns < 2) out->best_alone = 0;
}

/* ---- nearest rows ---- */

typedef struct diagnosis_near { double distance[DIAGNOSIS_NEAR]; size_t row[DIAGNOSIS_NEAR]; } diagnosis_near;

static void diagnosis_find_near(const diagnosis_rows *d, size_t row, diagnosis_near *near)
{
    const float *a = d->x + row * d->features;
    for (int k = 0; k < DIAGNOSIS_NEAR; k++) near->distance[k] = 1e300, near->row[k] = row;
    for (size_t i = 0; i < d->rows; i++) {
        const float *b = d->x + i * d->features;
        double sum = 0, worst = near->distance[DIAGNOSIS_NEAR - 1];
        if (i == row) continue;
        for (size_t j = 0; j < d->features; j++) {
            double apart = ((double)a[j] - (double)b[j]) * d->scale[j];
            sum += apart * apart;
        }
        if (!(sum < worst)) continue;
        int at = DIAGNOSIS_NEAR - 1;
        for (; at > 0 && near->distance[at - 1] > sum; at--) {
            near->distance[at] = near->distance[at - 1];
            near->row[at] = near->row[at - 1];
        }
        near->distance[at] = sum;
        near->row[at] = i;
    }
}

typedef struct diagnosis_sums { double n, a, b, aa, bb, ab, errors, hits, pairs; } diagnosis_sums;

static void diagnosis_count_near(diagnosis_rows *d, size_t row, const diagnosis_near *near, diagnosis_sums *s)
{
    double a = 0, mean = 0;
    s->n += 1;
    if (d->classes) {
        size_t top = 0;
        for (size_t c = 0; c < d->classes; c++) d->votes[c] = 0;
        for (int k = 0; k < DIAGNOSIS_NEAR; k++) {
            int32_t label = d->label[near->row[k]];
            if (label >= 0) d->votes[label]++;
            s->pairs += label == d->label[row];
        }
        for (size_t c = 0; c < d->classes; c++) top = d->votes[c] > d->votes[top] ? c : top;
        s->hits += d->label[row] == (int32_t)top;
        return;
    }
    a = (double)d->target[row * d->outputs];
    for (int k = 0; k < DIAGNOSIS_NEAR; k++) mean += (double)d->target[near->row[k] * d->outputs] / DIAGNOSIS_NEAR;
    s->a += a, s->aa += a * a, s->b += mean, s->bb += mean * mean, s->ab += a * mean;
    s->errors += (a - mean) * (a - mean);
}

static void diagnosis_neighbours(diagnosis_rows *d)
{
    tl__data_evidence *out = d->out;
    size_t each = d->rows * d->features + 1, wanted = tl__size_min(TL__DIAGNOSIS_NEIGHBOURS, d->rows);
    diagnosis_sums s = {0};
    wanted = tl__size_min(wanted, DIAGNOSIS_WORK / each + 1);
    if (d->rows < 30) return;
    for (size_t i = 0; i < wanted; i++) {
        diagnosis_near near;
        size_t row = i * d->rows / wanted;
        diagnosis_find_near(d, row, &near);
        diagnosis_count_near(d, row, &near, &s);
    }
    if (d->classes) {
        double same = 0;
        for (size_t c = 0; c < d->classes; c++) {
            double share = (double)d->data->class_counts[TL_TRAIN][c] / (double)out->rows;
            same += share * share;
        }
        if (same >= 1) return;
        out->neighbours = (s.pairs / s.n / DIAGNOSIS_NEAR - same) / (1 - same);
        out->neighbours_error = tl__sqrt_d(same * (1 - same) / s.n) / (1 - same);
        out->reference = (s.hits / s.n - out->chance) / (1 - out->chance);
        return;
    }
    double va = s.aa - s.a * s.a / s.n, vb = s.bb - s.b * s.b / s.n, cov = s.ab - s.a * s.b / s.n;
    if (!(va > 0) || !(vb > 0)) return;
    out->neighbours = cov / tl__sqrt_d(va * vb);
    out->neighbours_error = 1 / tl__sqrt_d(s.n);
    out->reference = 1 - s.errors / va;
}

/* ---- targets ---- */

static void diagnosis_classes(diagnosis_rows *d)
{
    tl__data_evidence *out = d->out;
    const int64_t *counts = d->data->class_counts[TL_TRAIN];
    for (size_t c = 1; c < d->classes; c++) {
        if (counts[c] > counts[out->largest_class]) out->largest_class = c;
        if (counts[c] < counts[out->smallest_class]) out->smallest_class = c;
    }
    out->chance = (double)counts[out->largest_class] / (double)out->rows;
    out->smallest = (double)counts[out->smallest_class] / (double)out->rows;
}

/* Values that are few whole numbers, each of them often, are names of classes. */
static void diagnosis_values(diagnosis_rows *d)
{
    tl__data_evidence *out = d->out;
    const tl__pipeline *pipeline = d->data->pipeline;
    double squares = 0, seen[DIAGNOSIS_DISTINCT + 1];
    size_t counts[DIAGNOSIS_DISTINCT + 1] = {0};
    bool whole = true;
    for (size_t i = 0; i < d->rows; i++) {
        double value = (double)d->target[i * d->outputs];
        squares += value * value;
        if (pipeline->target_scale) value = value * pipeline->target_scale[0] + pipeline->target_shift[0];
        int64_t nearest = value > -1e15 && value < 1e15 ? (int64_t)(value < 0 ? value - 0.5 : value + 0.5) : 0;
        whole = whole && tl__abs(value - (double)nearest) < 1e-3;
        value = (double)nearest;
        size_t k = 0;
        while (k < out->distinct && seen[k] != value) k++;
        if (k == out->distinct && k < DIAGNOSIS_DISTINCT) seen[out->distinct++] = value;
        counts[k]++;
    }
    out->target_spread = tl__sqrt_d(squares / (double)d->rows);
    bool often = out->distinct >= 2 && out->distinct <= 20 && counts[DIAGNOSIS_DISTINCT] == 0;
    for (size_t k = 0; k < out->distinct && k < DIAGNOSIS_DISTINCT; k++) often = often && counts[k] * 50 >= d->rows;
    out->class_like = whole && often && d->rows >= 40 && d->outputs == 1;
}

/* ---- rows of one part in the other ---- */

static tl_status diagnosis_hash(const diagnosis_rows *d, tl_part part, size_t rows, float *block, void *room,
                                uint64_t *out, tl_error *error)
{
    for (size_t done = 0; done < rows; done += DIAGNOSIS_BLOCK) {
        size_t count = tl__size_min(DIAGNOSIS_BLOCK, rows - done);
        TL_TRY(tl__dataset_gather(d->data, part, NULL, done, count, block, NULL, NULL, NULL, room, error));
        for (size_t i = 0; i < count; i++)
            out[done + i] = tl__fnv1a(block + i * d->features, d->features * sizeof *block);
    }
    return TL_OK;
}

static tl_status diagnosis_repeated(diagnosis_rows *d, void *room, tl_error *error)
{
    tl__data_evidence *out = d->out;
    size_t rows = tl__size_min(out->rows, DIAGNOSIS_HASHED), others = tl__size_min(out->validation, DIAGNOSIS_HASHED);
    uint64_t *hashes = tl__arena_push(d->arena, rows * sizeof *hashes);
    uint64_t *spare = tl__arena_push(d->arena, (rows + others) * sizeof *spare);
    float *block = tl__arena_push(d->arena, DIAGNOSIS_BLOCK * d->features * sizeof *block);
    size_t again = 0, shared = 0;
    if (!hashes || !spare || !block) return tl__fail_memory(error, rows * sizeof *hashes);
    TL_TRY(diagnosis_hash(d, TL_TRAIN, rows, block, room, hashes, error));
    diagnosis_sort_hashes(hashes, spare, rows, NULL);
    for (size_t i = 1; i < rows; i++) again += hashes[i] == hashes[i - 1];
    out->repeated = (double)again / (double)rows;
    if (!others) return TL_OK;
    TL_TRY(diagnosis_hash(d, TL_VALIDATION, others, block, room, spare, error));
    for (size_t i = 0; i < others; i++) {
        size_t low = 0, high = rows;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (hashes[middle] < spare[i]) low = middle + 1;
            else high = middle;
        }
        shared += low < rows && hashes[low] == spare[i];
    }
    out->shared = (double)shared / (double)others;
    return TL_OK;
}

/* ---- all of it ---- */

static tl_status diagnosis_rows_of(diagnosis_rows *d, size_t all, void *room, tl_error *error)
{
    size_t n = d->rows, f = d->features;
    uint32_t *order = tl__arena_push(d->arena, n * sizeof *order);
    d->x = tl__arena_push(d->arena, n * f * sizeof *d->x);
    d->label = d->classes ? tl__arena_push(d->arena, n * sizeof *d->label) : NULL;
    d->target = d->classes ? NULL : tl__arena_push(d->arena, n * d->outputs * sizeof *d->target);
    d->value = tl__arena_push(d->arena, n * sizeof *d->value);
    d->scale = tl__arena_push(d->arena, f * sizeof *d->scale);
    d->least = tl__arena_push(d->arena, f * sizeof *d->least);
    d->root = tl__arena_push(d->arena, f * sizeof *d->root);
    d->pairs = tl__arena_push(d->arena, n * sizeof *d->pairs);
    d->spare = tl__arena_push(d->arena, n * sizeof *d->spare);
    d->votes = tl__arena_push_zero(d->arena, d->classes + 1, sizeof *d->votes);
    if (!order || !d->x || (d->classes ? !d->label : !d->target) || !d->value || !d->scale || !d->least || !d->root ||
        !d->pairs || !d->spare || !d->votes)
        return tl__fail_memory(error, n * f * sizeof *d->x);
    for (size_t i = 0; i < n; i++) order[i] = (uint32_t)((uint64_t)i * all / n);
    return tl__dataset_gather(d->data, TL_TRAIN, order, 0, n, d->x, d->label, d->target, NULL, room, error);
}

TL_PRIV tl_status tl__diagnose_data(tl__evidence *evidence, tl_error *error)
{
    const tl_dataset *data = evidence->session->data;
    tl__data_evidence *out = &evidence->data;
    double nan = tl__nan_d();
    *out = (tl__data_evidence){.rows = tl_dataset_rows(data, TL_TRAIN), .shared = nan, .repeated = nan,
                               .validation = tl_dataset_rows(data, TL_VALIDATION), .best_alone = nan,
                               .second_alone = nan, .neighbours = nan, .reference = nan, .chance = nan, .smallest = nan,
                               .target_spread = nan, .columns = tl_dataset_features(data)};
    diagnosis_rows d = {.data = data, .out = out, .features = out->columns, .arena = evidence->arena};
    d.classes = data->pipeline->classification ? data->pipeline->outputs : 0;
    d.outputs = data->pipeline->outputs;
    d.rows = tl__size_min(tl__size_min(out->rows, TL__DIAGNOSIS_ROWS), DIAGNOSIS_FLOATS / d.features + 64);
    void *room;
    TL_TRY(tl__dataset_room_new(data, &room, error));
    tl_status status = diagnosis_rows_of(&d, out->rows, room, error);
    if (status == TL_OK) {
        if (d.classes) diagnosis_classes(&d);
        else diagnosis_values(&d);
        diagnosis_columns(&d);
        bool table = !data->pipeline->forecast && !data->pipeline->sequence;
        if (table && d.rows > 1 && d.features <= TL__DIAGNOSIS_COLUMNS) diagnosis_each_alone(&d);
        if (table) diagnosis_neighbours(&d);
        if (table) status = diagnosis_repeated(&d, room, error);
    }
    tl__dataset_room_free(data, room);
    return status;
}
