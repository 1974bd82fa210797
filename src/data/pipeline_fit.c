/* Statistics in double, summed row after row in the order of the part, so that they are the same bits everywhere.
 *
 * standard: mean and population deviation, the deviation in a second pass around the mean. minmax: smallest value and
 * range. robust: median and distance of the quartiles, quantiles by linear interpolation between order statistics (type
 * 7 of Hyndman and Fan 1996). Columns of bytes (images) are counted into a histogram first, which makes one pass of
 * three. */
#include "data/pipeline_fit.h"

#include "base/math.h"
#include "base/text.h"
#include "data/window.h"

typedef struct fit_statistics {
    size_t count;                /* values that are not missing */
    double sum, squares;
    double mean, deviation, smallest, largest;
    double median, low_quartile, high_quartile;   /* where they were asked for */
} fit_statistics;

/* ---- order statistics ---- */

#define SORT_NAME fit_sort
#define SORT_TYPE float
#define SORT_USER const void *
#define SORT_BEFORE(user, b, a) (b) < (a)
#include "base/sort.inc.h"

static double fit_quantile(const float *sorted, size_t count, double share)
{
    double position = share * (double)(count - 1);
    size_t below = (size_t)position;
    double low = (double)sorted[below], high = (double)sorted[tl__size_min(below + 1, count - 1)];
    return low + (position - (double)below) * (high - low);
}

static void fit_quartiles(fit_statistics *s, float *values, float *scratch, size_t count)
{
    fit_sort(values, scratch, count, NULL);
    s->median = fit_quantile(values, count, 0.5);
    s->low_quartile = fit_quantile(values, count, 0.25);
    s->high_quartile = fit_quantile(values, count, 0.75);
}

/* ---- moments ---- */

static void fit_of_histogram(fit_statistics *s, const size_t counts[256])
{
    double sum = 0, squares = 0;
    s->count = 0;
    s->smallest = 255;
    s->largest = 0;
    for (int v = 0; v < 256; v++) {
        if (counts[v] == 0) continue;
        if (s->count == 0) s->smallest = v;
        s->largest = v;
        s->count += counts[v];
        sum += (double)counts[v] * v;
    }
    s->mean = s->count ? sum / (double)s->count : 0;
    for (int v = 0; v < 256; v++) squares += (double)counts[v] * (v - s->mean) * (v - s->mean);
    s->deviation = s->count ? tl__sqrt_d(squares / (double)s->count) : 0;
}

/* The first pass, over any number of pieces; then the mean; then the second. */
static void fit_add(fit_statistics *s, const float *values, size_t count)
{
    if (count && s->count == 0) s->smallest = s->largest = (double)values[0];
    s->count += count;
    for (size_t i = 0; i < count; i++) {
        double value = (double)values[i];
        s->sum += value;
        if (value < s->smallest) s->smallest = value;
        if (value > s->largest) s->largest = value;
    }
}

static void fit_mean(fit_statistics *s) { s->mean = s->count ? s->sum / (double)s->count : 0; }

static void fit_add_squares(fit_statistics *s, const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        double distance = (double)values[i] - s->mean;
        s->squares += distance * distance;
    }
}

static void fit_deviation(fit_statistics *s)
{
    s->deviation = s->count ? tl__sqrt_d(s->squares / (double)s->count) : 0;
}

static void fit_of_floats(fit_statistics *s, const float *values, size_t count)
{
    memset(s, 0, sizeof *s);
    fit_add(s, values, count);
    fit_mean(s);
    fit_add_squares(s, values, count);
    fit_deviation(s);
}

/* Which values of a row: all, or those of one channel of an image. */
typedef struct fit_values_of {
    size_t from, step;
} fit_values_of;

#define FIT_ALL ((fit_values_of){0, 1})

/* Four counts of each value, since neighbours are often equal and a count waits for the one before it. */
static void fit_count_bytes(size_t counts[256], const tl__column *column, const uint32_t *rows, size_t count,
                            fit_values_of of)
{
    for (size_t i = 0; of.step > 1 && i < count; i++) {
        const uint8_t *values = (const uint8_t *)column->values + rows[i] * column->width;
        for (size_t k = of.from; k < column->width; k += of.step) counts[values[k]]++;
    }
    if (of.step > 1) return;
    size_t more[3][256] = {{0}};
    for (size_t i = 0; i < count; i++) {
        const uint8_t *values = (const uint8_t *)column->values + rows[i] * column->width;
        size_t k = 0;
        for (; k + 4 <= column->width; k += 4) {
            counts[values[k]]++;
            more[0][values[k + 1]]++;
            more[1][values[k + 2]]++;
            more[2][values[k + 3]]++;
        }
        for (; k < column->width; k++) counts[values[k]]++;
    }
    for (int v = 0; v < 256; v++) counts[v] += more[0][v] + more[1][v] + more[2][v];
}

/* The values that are not missing. */
static size_t fit_values(const tl__column *column, const uint32_t *rows, size_t count, fit_values_of of, float *out)
{
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = of.from; k < column->width; k += of.step) {
            float value = (float)tl__column_at(column, rows[i], k);
            if (value == value) out[used++] = value;
        }
    }
    return used;
}

/* With the order statistics: the value under which `position` values lie. */
static void fit_bytes(fit_statistics *s, const size_t counts[256])
{
    memset(s, 0, sizeof *s);
    fit_of_histogram(s, counts);
    if (s->count == 0) return;
    double *quantiles[3] = {&s->low_quartile, &s->median, &s->high_quartile};
    for (int q = 0; q < 3; q++) {
        double position = 0.25 * (q + 1) * (double)(s->count - 1);
        size_t below = (size_t)position, next = tl__size_min(below + 1, s->count - 1), seen = 0;
        double low = -1, high = -1;
        for (int v = 0; v < 256; v++) {
            seen += counts[v];
            if (low < 0 && seen > below) low = v;
            if (high < 0 && seen > next) high = v;
        }
        *quantiles[q] = low + (position - (double)below) * (high - low);
    }
}

/* Values of a part, gathered as floats without the missing ones. */
static tl_status fit_column(fit_statistics *s, const tl__column *column, const uint32_t *rows, size_t count,
                            fit_values_of of, tl__heap *heap, bool quartiles, tl_error *error)
{
    size_t all, bytes, used = 0;
    if (column->type == TL__COLUMN_U8) {
        size_t counts[256] = {0};
        fit_count_bytes(counts, column, rows, count, of);
        fit_bytes(s, counts);
        return TL_OK;
    }
    memset(s, 0, sizeof *s);
    if (!tl__size_mul(count, column->width, &all) || !tl__size_mul(all, 2 * sizeof(float), &bytes)) {
        return tl__fail_memory(error, SIZE_MAX);
    }
    if (all == 0) return TL_OK;
    if (!quartiles) bytes /= 2;
    float *values = tl__alloc(heap, bytes);
    if (!values) return tl__fail_memory(error, bytes);
    used = fit_values(column, rows, count, of, values);
    fit_of_floats(s, values, used);
    if (quartiles && used) fit_quartiles(s, values, values + all, used);
    tl__free(heap, values, bytes);
    return TL_OK;
}

/* A column with one value only becomes 0, whatever the rounding of its mean. */
static void fit_scale(const fit_statistics *s, int normalize, double *shift, double *scale)
{
    *shift = 0;
    *scale = 1;
    if (normalize == TL__NORMALIZE_NONE || s->count == 0) return;
    if (s->smallest == s->largest) {
        *shift = s->smallest;
        return;
    }
    *shift = normalize == TL__NORMALIZE_STANDARD ? s->mean : normalize == TL__NORMALIZE_MINMAX ? s->smallest :
        s->median;
    *scale = normalize == TL__NORMALIZE_STANDARD ? s->deviation
             : normalize == TL__NORMALIZE_MINMAX ? s->largest - s->smallest
                                                 : s->high_quartile - s->low_quartile;
    if (!(*scale > 0)) *scale = 1;
}

/* ---- numbers ---- */

static tl_status fit_number_of(const fit_statistics *s, tl__input *input, const tl__column *column,
                               const tl__data_settings *settings, tl_error *error)
{
    int missing = settings->missing;
    fit_scale(s, settings->normalize, &input->shift, &input->scale);
    input->width = input->features = column->width;
    memcpy(input->shape, column->shape, sizeof input->shape);
    input->fill = (double)tl__nan();
    if (missing == TL__MISSING_MEAN || missing == TL__MISSING_FORWARD) input->fill = s->mean;
    if (missing == TL__MISSING_MEDIAN) input->fill = s->median;
    if (missing != TL__MISSING_CONSTANT) return TL_OK;
    const char *text = settings->missing_value ? settings->missing_value : "0";
    if (tl__parse_double(text, strlen(text), &input->fill) && tl__is_finite_d(input->fill)) return TL_OK;
    if (column->missing == 0) {
        input->fill = (double)tl__nan();
        return TL_OK;
    }
    return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "data.missing_value",
                       "data.missing_value is '%s', but column '%s' holds numbers; give a number", text, column->name);
}

/* Channels of an image that are scaled each by itself; 0: there are none. */
static size_t fit_channels(const tl__column *column, const tl__data_settings *settings)
{
    return settings->image.scaling == TL__IMAGE_CHANNEL && column->shape[2] > 1 ? column->shape[2] : 0;
}

/* Room for a scaling of each channel; *lines NULL where there are none. */
static tl_status fit_lines(tl__pipeline *pipeline, tl__input *input, size_t channels, tl__line **lines, tl_error *error)
{
    *lines = channels ? tl__pipeline_lines(pipeline, NULL, channels) : NULL;
    if (channels && !*lines) return tl__fail_memory(error, channels * sizeof **lines);
    input->lines = *lines;
    input->channels = channels;
    return TL_OK;
}

static tl_status fit_number(tl__pipeline *pipeline, tl__input *input, const tl__column *column, const uint32_t *rows,
                            size_t count, const tl__data_settings *settings, tl_error *error)
{
    fit_statistics s;
    bool quartiles = settings->normalize == TL__NORMALIZE_ROBUST || settings->missing == TL__MISSING_MEDIAN;
    TL_TRY(fit_column(&s, column, rows, count, FIT_ALL, &pipeline->context->heap, quartiles, error));
    TL_TRY(fit_number_of(&s, input, column, settings, error));
    tl__line *lines;
    TL_TRY(fit_lines(pipeline, input, fit_channels(column, settings), &lines, error));
    for (size_t c = 0; c < input->channels; c++) {
        TL_TRY(fit_column(&s, column, rows, count, (fit_values_of){c, input->channels}, &pipeline->context->heap,
                          quartiles, error));
        fit_scale(&s, settings->normalize, &lines[c].shift, &lines[c].scale);
    }
    return TL_OK;
}

/* ---- categories ---- */

static void fit_sort_words(const char **words, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const char *word = words[i];
        size_t low = 0, high = i;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (strcmp(words[middle], word) < 0) low = middle + 1;
            else high = middle;
        }
        memmove(&words[low + 1], &words[low], (i - low) * sizeof *words);
        words[low] = word;
    }
}

/* Where the word that fills missing cells stands: the commonest (ties: the first by bytes), or the constant. */
static size_t fit_fill_word(const tl__input *input, const tl__column *column, const size_t *counts, int missing,
                            const char *constant)
{
    const char *word = missing == TL__MISSING_CONSTANT ? constant : NULL;
    size_t most = 0;
    if (missing == TL__MISSING_FAIL || missing == TL__MISSING_DROP) return SIZE_MAX;
    for (size_t code = 0; code < column->word_count && missing != TL__MISSING_CONSTANT; code++) {
        bool better = counts[code] > most || (counts[code] == most && most && strcmp(column->words[code], word) < 0);
        if (!better) continue;
        most = counts[code];
        word = column->words[code];
    }
    for (size_t i = 0; word && i < input->features; i++) {
        if (tl__same_text(input->words[i], word)) return i;
    }
    return SIZE_MAX;
}

static bool fit_words(tl__pipeline *pipeline, tl__input *input, const tl__column *column, const size_t *counts,
                      const tl__data_settings *settings)
{
    const char *constant = settings->missing_value ? settings->missing_value : "0";
    bool add = settings->missing == TL__MISSING_CONSTANT;
    size_t count = 0;
    input->words = tl__arena_push_zero(&pipeline->arena, column->word_count + 1, sizeof *input->words);
    for (size_t code = 0; input->words && code < column->word_count; code++) {
        if (counts[code] == 0) continue;
        input->words[count] = tl__arena_text(&pipeline->arena, column->words[code]);
        if (!input->words[count]) return false;
        add = add && !tl__same_text(column->words[code], constant);
        count++;
    }
    if (!input->words) return false;
    if (add) {
        input->words[count] = tl__arena_text(&pipeline->arena, constant);
        if (!input->words[count++]) return false;
    }
    fit_sort_words(input->words, count);
    input->features = count;
    input->fill_word = fit_fill_word(input, column, counts, settings->missing, constant);
    return true;
}

static void fit_count_codes(size_t *counts, const tl__column *column, const uint32_t *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int32_t code = ((const int32_t *)column->values)[rows[i]];
        if (code >= 0) counts[code]++;
    }
}

static tl_status fit_category_of(const size_t *counts, tl__pipeline *pipeline, tl__input *input,
                                 const tl__column *column, const tl__data_settings *settings, tl_error *error)
{
    input->category = true;
    input->width = 1;
    input->scale = 1;
    input->fill = (double)tl__nan();
    if (fit_words(pipeline, input, column, counts, settings)) return TL_OK;
    return tl__fail_memory(error, column->word_count * sizeof *input->words);
}

static tl_status fit_category(tl__pipeline *pipeline, tl__input *input, const tl__column *column, const uint32_t *rows,
                              size_t count, const tl__data_settings *settings, tl_error *error)
{
    tl__heap *heap = &pipeline->context->heap;
    size_t *counts = tl__alloc_zero(heap, column->word_count + 1, sizeof *counts);
    if (!counts) return tl__fail_memory(error, column->word_count * sizeof *counts);
    fit_count_codes(counts, column, rows, count);
    tl_status status = fit_category_of(counts, pipeline, input, column, settings, error);
    tl__free(heap, counts, (column->word_count + 1) * sizeof *counts);
    return status;
}

static tl_status fit_begin(tl__pipeline *pipeline, tl__input *input, const tl__column *column, tl_error *error)
{
    memset(input, 0, sizeof *input);
    input->name = tl__arena_text(&pipeline->arena, column->name);
    input->fill_word = SIZE_MAX;
    return input->name ? TL_OK : tl__fail_memory(error, 32);
}

TL_PRIV tl_status tl__fit_input(tl__pipeline *pipeline, tl__input *input, const tl__column *column,
                                const uint32_t *rows,
                                size_t count, const tl__data_settings *settings, tl_error *error)
{
    TL_TRY(fit_begin(pipeline, input, column, error));
    if (column->type == TL__COLUMN_CODES) return fit_category(pipeline, input, column, rows, count, settings, error);
    return fit_number(pipeline, input, column, rows, count, settings, error);
}

/* ---- stored columns ---- */

/* Of a column of numbers: all its values, then each channel that is scaled by itself. */
typedef struct fit_stored_column {
    size_t channels;
    fit_statistics *statistics;    /* [1 + channels] */
    size_t *counts;                /* of codes, or of bytes [1 + channels, 256]; NULL: other numbers */
} fit_stored_column;

typedef struct fit_stored {
    tl__arena arena;
    tl__window *window;
    fit_stored_column *columns;    /* [inputs] */
    uint32_t *places;              /* [window's rows] 0, 1, 2, ... */
    float *values;                 /* of a column in the window */
} fit_stored;

static fit_values_of fit_stored_of(const fit_stored_column *column, size_t which)
{
    return which ? (fit_values_of){which - 1, column->channels} : FIT_ALL;
}

static tl_status fit_stored_column_room(fit_stored *fit, const tl__column *column, const tl__data_settings *settings,
                                        fit_stored_column *out, tl_error *error)
{
    bool codes = column->type == TL__COLUMN_CODES;
    out->channels = codes ? 0 : fit_channels(column, settings);
    size_t count = codes ? column->word_count + 1 : 256 * (1 + out->channels);
    out->statistics = tl__arena_push_zero(&fit->arena, 1 + out->channels, sizeof *out->statistics);
    if (codes || column->type == TL__COLUMN_U8) out->counts = tl__arena_push_zero(&fit->arena, count, sizeof(size_t));
    bool good = out->statistics && (out->counts || !(codes || column->type == TL__COLUMN_U8));
    return good ? TL_OK : tl__fail_memory(error, count * sizeof(size_t));
}

static tl_status fit_stored_room(fit_stored *fit, const tl__pipeline *pipeline, const tl__table *table,
                                 const tl__column *const *columns, const tl__data_settings *settings, tl_error *error)
{
    size_t inputs = pipeline->input_count, rows = tl__window_rows(table), widest = 1, values;
    fit->columns = tl__arena_push_zero(&fit->arena, inputs, sizeof *fit->columns);
    fit->places = tl__arena_push_zero(&fit->arena, rows, sizeof *fit->places);
    for (size_t i = 0; fit->columns && i < inputs; i++) {
        widest = tl__size_max(widest, columns[i]->width);
        TL_TRY(fit_stored_column_room(fit, columns[i], settings, &fit->columns[i], error));
    }
    if (!tl__size_mul(rows, widest, &values)) return tl__fail_memory(error, SIZE_MAX);
    fit->values = tl__arena_push_zero(&fit->arena, values, sizeof *fit->values);
    if (!fit->columns || !fit->places || !fit->values) return tl__fail_memory(error, values * 4);
    for (size_t i = 0; i < rows; i++) fit->places[i] = (uint32_t)i;
    return tl__window_new(pipeline->context, table, columns, inputs, rows, &fit->window, error);
}

/* The rows of the window, `which` of a column's statistics. */
static void fit_stored_add(fit_stored *fit, const tl__column *column, fit_stored_column *of, size_t which, size_t rows,
                           bool second)
{
    if (column->type == TL__COLUMN_U8) {
        fit_count_bytes(of->counts + 256 * which, column, fit->places, rows, fit_stored_of(of, which));
        return;
    }
    size_t used = fit_values(column, fit->places, rows, fit_stored_of(of, which), fit->values);
    if (second) fit_add_squares(&of->statistics[which], fit->values, used);
    else fit_add(&of->statistics[which], fit->values, used);
}

static tl_status fit_stored_pass(fit_stored *fit, const uint32_t *rows, size_t count, bool second, tl_error *error)
{
    tl__window *window = fit->window;
    for (size_t done = 0, n; done < count; done += n) {
        n = tl__size_min(window->capacity, count - done);
        TL_TRY(tl__window_load(window, 0, rows + done, 0, n, error));
        for (size_t i = 0; i < window->count; i++) {
            const tl__column *column = &window->columns[i];
            fit_stored_column *of = &fit->columns[i];
            if (of->counts && second) continue;
            if (column->type == TL__COLUMN_CODES) fit_count_codes(of->counts, column, fit->places, n);
            else for (size_t k = 0; k <= of->channels; k++) fit_stored_add(fit, column, of, k, n, second);
        }
    }
    return TL_OK;
}

static tl_status fit_stored_input(const fit_stored_column *of, tl__pipeline *pipeline, tl__input *input,
                                  const tl__column *column, const tl__data_settings *settings, tl_error *error)
{
    TL_TRY(fit_begin(pipeline, input, column, error));
    if (column->type == TL__COLUMN_CODES)
        return fit_category_of(of->counts, pipeline, input, column, settings, error);
    for (size_t k = 0; k <= of->channels; k++) {
        if (of->counts) fit_of_histogram(&of->statistics[k], of->counts + 256 * k);
        else fit_deviation(&of->statistics[k]);
    }
    TL_TRY(fit_number_of(of->statistics, input, column, settings, error));
    tl__line *lines;
    TL_TRY(fit_lines(pipeline, input, of->channels, &lines, error));
    for (size_t c = 0; c < of->channels; c++)
        fit_scale(&of->statistics[1 + c], settings->normalize, &lines[c].shift, &lines[c].scale);
    return TL_OK;
}

static tl_status fit_stored_all(fit_stored *fit, tl__pipeline *pipeline, const tl__table *table,
                                const tl__column *const *columns, const uint32_t *rows, size_t count,
                                const tl__data_settings *settings, tl_error *error)
{
    bool numbers = false;
    TL_TRY(fit_stored_room(fit, pipeline, table, columns, settings, error));
    TL_TRY(fit_stored_pass(fit, rows, count, false, error));
    for (size_t i = 0; i < pipeline->input_count; i++) {
        for (size_t k = 0; k <= fit->columns[i].channels; k++) fit_mean(&fit->columns[i].statistics[k]);
        numbers = numbers || !fit->columns[i].counts;
    }
    if (numbers && settings->normalize == TL__NORMALIZE_STANDARD)
        TL_TRY(fit_stored_pass(fit, rows, count, true, error));
    for (size_t i = 0; i < pipeline->input_count; i++)
        TL_TRY(fit_stored_input(&fit->columns[i], pipeline, &pipeline->inputs[i], columns[i], settings, error));
    return TL_OK;
}

TL_PRIV tl_status tl__fit_stored(tl__pipeline *pipeline, const tl__table *table, const tl__column *const *columns,
                                 const uint32_t *rows, size_t count, const tl__data_settings *settings,
                                 tl_error *error)
{
    fit_stored fit = {0};
    tl__arena_init(&fit.arena, &pipeline->context->heap);
    tl_status status = fit_stored_all(&fit, pipeline, table, columns, rows, count, settings, error);
    tl__window_free(pipeline->context, fit.window);
    tl__arena_free(&fit.arena);
    return status;
}

TL_PRIV void tl__fit_moments(const float *values, size_t count, double *mean, double *deviation)
{
    fit_statistics s;
    fit_of_floats(&s, values, count);
    *mean = s.mean;
    *deviation = s.deviation;
}

TL_PRIV void tl__fit_numbers(float *values, float *scratch, size_t count, int normalize, double *shift, double *scale)
{
    fit_statistics s;
    fit_of_floats(&s, values, count);
    if (normalize == TL__NORMALIZE_ROBUST && count) fit_quartiles(&s, values, scratch, count);
    fit_scale(&s, normalize, shift, scale);
}

TL_PRIV tl_status tl__fit_targets(tl__pipeline *pipeline, const float *targets, const uint32_t *rows, size_t count,
                                  int normalize, tl_error *error)
{
    tl__heap *heap = &pipeline->context->heap;
    size_t bytes = count * 2 * sizeof(float);   /* rows of a table: checked before */
    float *values = tl__alloc(heap, bytes);
    if (!values) return tl__fail_memory(error, bytes);
    for (size_t k = 0; k < pipeline->outputs; k++) {
        pipeline->target_scale[k] = 1;
        if (tl__target_classes(pipeline, k)) continue;
        for (size_t i = 0; i < count; i++) values[i] = targets[rows[i] * pipeline->outputs + k];
        tl__fit_numbers(values, values + count, count, normalize, &pipeline->target_shift[k],
                        &pipeline->target_scale[k]);
    }
    tl__free(heap, values, bytes);
    return TL_OK;
}
