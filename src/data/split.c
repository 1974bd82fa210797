/* Every method first puts the rows in a sequence of blocks (one block a class, or one for all), shuffled inside each
 * block by the counter generator, then deals them out.
 *
 * stratified: a part of n rows takes from class c the share n * count_c / rows, rounded down, and what is then missing
 * is given to the classes with the largest remainders (ties: the first class). kfold deals the sequence of all blocks
 * round like cards, so folds differ by at most one row and so does each class in them; a test part is taken first, and
 * is the same for all folds. */
#include "data/split.h"

#include "base/math.h"
#include "base/random.h"

enum { SPLIT_NONE = 3 };

typedef struct split_state {
    tl__heap *heap;
    const tl__split_settings *settings;
    const tl__split_input *input;
    unsigned char *part;
    uint32_t *sequence;        /* [rows] rows, block after block */
    uint32_t *scratch;         /* [rows] */
    size_t blocks;
    size_t *begin;             /* [blocks + 1] in the sequence */
    size_t *taken;             /* [blocks] rows given away, from the block's start */
    size_t train, validation, test;   /* rows wanted */
} split_state;

/* ---- how many ---- */

static tl_status split_amount(double amount, double fallback, size_t rows, const char *name, size_t *out,
                              tl_error *error)
{
    double wanted = amount < 0 ? fallback : amount;
    double count = wanted < 1 ? wanted * (double)rows + 0.5 : wanted;
    if (count > (double)rows) {
        return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, name,
                           "%s asks for %.10g rows, but there are only %zu; give a smaller number or a fraction", name,
                           wanted, rows);
    }
    *out = (size_t)count;
    return TL_OK;
}

static tl_status split_amounts(split_state *state, size_t rows, bool test, tl_error *error)
{
    const tl__split_settings *s = state->settings;
    state->test = 0;
    if (test)
        TL_TRY(split_amount(s->test, state->input->test_elsewhere ? 0 : 0.2, rows, "data.split.test", &state->test,
                            error));
    TL_TRY(split_amount(s->validation, test || state->input->test_elsewhere ? 0.2 : 0, rows, "data.split.validation",
                        &state->validation, error));
    if (state->test + state->validation >= rows) {
        return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "data.split",
                           "data.split leaves no rows to train on: %zu rows, of which %zu are for validation and %zu "
                           "for the test",
                           rows, state->validation, state->test);
    }
    size_t rest = rows - state->test - state->validation;
    state->train = rest;
    if (s->train >= 0) {
        size_t wanted = 0;
        TL_TRY(split_amount(s->train, 0, rows, "data.split.train", &wanted, error));
        if (wanted > rest) {
            return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "data.split.train",
                               "data.split asks for %zu training, %zu validation and %zu test rows, but there are only "
                               "%zu",
                               wanted, state->validation, state->test, rows);
        }
        if (wanted == 0) {
            return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "data.split.train",
                               "data.split.train leaves no rows to train on");
        }
        state->train = wanted;
    }
    return TL_OK;
}

/* ---- sequence ---- */

static uint32_t split_block_of(const split_state *state, size_t row)
{
    return state->blocks == 1 ? 0 : (uint32_t)state->input->labels[row];
}

static tl_status split_sequence(split_state *state, size_t blocks, tl_error *error)
{
    const tl__split_input *input = state->input;
    state->blocks = blocks;
    state->begin = tl__alloc_zero(state->heap, blocks + 1, sizeof *state->begin);
    state->taken = tl__alloc_zero(state->heap, blocks, sizeof *state->taken);
    state->sequence = tl__alloc_zero(state->heap, input->rows, sizeof *state->sequence);
    state->scratch = tl__alloc_zero(state->heap, input->rows, sizeof *state->scratch);
    if (!state->begin || !state->taken || !state->sequence || !state->scratch) {
        return tl__fail_memory(error, input->rows * 8);
    }
    for (size_t row = 0; row < input->rows; row++) state->begin[split_block_of(state, row) + 1]++;
    for (size_t b = 0; b < blocks; b++) state->begin[b + 1] += state->begin[b];
    for (size_t row = 0; row < input->rows; row++) {
        uint32_t block = split_block_of(state, row);
        state->scratch[state->begin[block] + state->taken[block]++] = (uint32_t)row;
    }
    for (size_t b = 0; b < blocks; b++) {
        tl__random random;
        uint32_t *sequence = state->sequence + state->begin[b];
        uint32_t count = (uint32_t)(state->begin[b + 1] - state->begin[b]);
        state->taken[b] = 0;
        if (count == 0) continue;
        tl__random_init(&random, input->seed, TL__DRAW_SPLIT, (uint32_t)b, 0, 0);
        tl__random_permutation(&random, sequence, count);
        for (uint32_t i = 0; i < count; i++) sequence[i] = state->scratch[state->begin[b] + sequence[i]];
    }
    return TL_OK;
}

static void split_free(split_state *state)
{
    tl__free(state->heap, state->begin, (state->blocks + 1) * sizeof *state->begin);
    tl__free(state->heap, state->taken, state->blocks * sizeof *state->taken);
    tl__free(state->heap, state->sequence, state->input->rows * sizeof *state->sequence);
    tl__free(state->heap, state->scratch, state->input->rows * sizeof *state->scratch);
}

/* ---- dealing ---- */

static size_t split_left(const split_state *state, size_t block)
{
    return state->begin[block + 1] - state->begin[block] - state->taken[block];
}

static void split_give(split_state *state, size_t block, size_t count, int part)
{
    const uint32_t *rows = state->sequence + state->begin[block] + state->taken[block];
    for (size_t i = 0; i < count; i++) state->part[rows[i]] = (unsigned char)part;
    state->taken[block] += count;
}

/* `count` rows for a part, from each block in proportion to what the blocks have left; rows that have a part already (a
 * fold) are no longer in any block. */
static tl_status split_take(split_state *state, size_t count, int part, tl_error *error)
{
    size_t left = 0, given = 0;
    double *remainder = tl__alloc_zero(state->heap, state->blocks, sizeof *remainder);
    size_t *quota = tl__alloc_zero(state->heap, state->blocks, sizeof *quota);
    if (remainder && quota) {
        for (size_t b = 0; b < state->blocks; b++) left += split_left(state, b);
        for (size_t b = 0; b < state->blocks; b++) {
            double share = left ? (double)count * (double)split_left(state, b) / (double)left : 0;
            quota[b] = (size_t)share;
            remainder[b] = share - (double)quota[b];
            given += quota[b];
        }
        while (given < count) {
            size_t best = 0;
            for (size_t b = 1; b < state->blocks; b++) {
                if (remainder[b] > remainder[best]) best = b;
            }
            if (remainder[best] < 0) break;
            remainder[best] = -1;
            if (quota[best] < split_left(state, best)) {
                quota[best]++;
                given++;
            }
        }
        for (size_t b = 0; b < state->blocks; b++) split_give(state, b, quota[b], part);
    }
    bool failed = !remainder || !quota;
    tl__free(state->heap, remainder, state->blocks * sizeof *remainder);
    tl__free(state->heap, quota, state->blocks * sizeof *quota);
    return failed ? tl__fail_memory(error, state->blocks * 16) : TL_OK;
}

static tl_status split_blocks(split_state *state, bool stratified, tl_error *error)
{
    TL_TRY(split_amounts(state, state->input->rows, true, error));
    TL_TRY(split_sequence(state, stratified ? state->input->classes : 1, error));
    TL_TRY(split_take(state, state->test, TL_TEST, error));
    TL_TRY(split_take(state, state->validation, TL_VALIDATION, error));
    return split_take(state, state->train, TL_TRAIN, error);
}

/* ---- folds ---- */

static size_t split_fold(const split_state *state)
{
    return state->settings->fold > 0 ? (size_t)state->settings->fold - 1 : 0;
}

/* Is a test part set apart, so that the fold is the validation part? */
static bool split_folds_validate(const split_state *state)
{
    const tl__split_settings *s = state->settings;
    return state->input->test_elsewhere || (s->test < 0 ? s->fold <= 0 : s->test > 0);
}

/* The test part that folds leave alone: of all folds 0.2 unless it is said. */
static tl_status split_fold_test(split_state *state, tl_error *error)
{
    const tl__split_settings *s = state->settings;
    bool usual = s->test < 0 && s->fold <= 0 && !state->input->test_elsewhere;
    state->test = 0;
    if (s->test >= 0 || usual)
        TL_TRY(split_amount(s->test, 0.2, state->input->rows, "data.split.test", &state->test, error));
    size_t folds = (size_t)s->folds, left = state->input->rows - state->test;
    if (split_fold(state) >= folds)
        return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "data.split.fold",
                           "data.split.fold is larger than data.split.folds; folds count from 1");
    if (folds <= left) return TL_OK;
    return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "data.split.folds",
                       "data.split.folds is larger than the number of rows outside the test part (%zu)", left);
}

/* Take the test part out of the sequence and deal the rest round; then the fold is the validation part. Without a test
 * part the fold is it, and the validation part is taken from the rest. */
static tl_status split_kfold(split_state *state, tl_error *error)
{
    const tl__split_input *input = state->input;
    bool validates = split_folds_validate(state);
    size_t folds = (size_t)state->settings->folds, fold = split_fold(state), kept = 0, at = 0;
    TL_TRY(split_fold_test(state, error));
    TL_TRY(split_sequence(state, input->labels && state->settings->stratified ? input->classes : 1, error));
    TL_TRY(split_take(state, state->test, TL_TEST, error));
    for (size_t b = 0; b < state->blocks; b++) {
        size_t first = state->begin[b] + state->taken[b], end = state->begin[b + 1];
        state->begin[b] = kept;    /* what stands there was dealt already */
        state->taken[b] = 0;
        for (size_t i = first; i < end; i++, at++) {
            uint32_t row = state->sequence[i];
            if (at % folds == fold) state->part[row] = validates ? TL_VALIDATION : TL_TEST;
            else state->sequence[kept++] = row;
        }
    }
    state->begin[state->blocks] = kept;
    if (validates) state->train = kept;
    else TL_TRY(split_amounts(state, kept, false, error));
    if (!validates) TL_TRY(split_take(state, state->validation, TL_VALIDATION, error));
    return split_take(state, state->train, TL_TRAIN, error);
}

/* Row numbers by time, or whatever the keys are. */
#define SORT_NAME split_sort
#define SORT_TYPE uint32_t
#define SORT_USER const double *
#define SORT_BEFORE(user, b, a) (user)[b] < (user)[a]
#include "base/sort.inc.h"

static tl_status split_time(split_state *state, uint32_t *order, tl_error *error)
{
    const tl__split_input *input = state->input;
    TL_TRY(split_amounts(state, input->rows, true, error));
    TL_TRY(split_sequence(state, 1, error));
    for (size_t i = 0; i < input->rows; i++) state->sequence[i] = (uint32_t)i;
    if (input->times) split_sort(state->sequence, state->scratch, input->rows, input->times);
    for (size_t i = 0; i < input->rows; i++) {
        size_t at = i;
        int part = at < state->train                                         ? TL_TRAIN
                   : at < state->train + state->validation                   ? TL_VALIDATION
                   : at < state->train + state->validation + state->test ? TL_TEST
                                                                             : SPLIT_NONE;
        state->part[state->sequence[i]] = (unsigned char)part;
    }
    if (order) memcpy(order, state->sequence, input->rows * sizeof *order);
    return TL_OK;
}

/* Folds forward in time: the rows before the test part are cut into folds + 1 pieces of one size, the first of which
 * has what is left over; each fold is a piece but the first, and all before it is trained on. */
static tl_status split_forward(split_state *state, uint32_t *order, tl_error *error)
{
    const tl__split_input *input = state->input;
    size_t folds = (size_t)state->settings->folds, fold = split_fold(state), rows = input->rows;
    bool validates = split_folds_validate(state);
    TL_TRY(split_fold_test(state, error));
    size_t left = rows - state->test, size = left / (folds + 1), begin = left - (folds - fold) * size;
    if (size == 0)
        return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "data.split.folds",
                           "data.split.folds is %zu, but only %zu rows stand before the test part; folds forward in "
                           "time need one row more than there are folds", folds, left);
    TL_TRY(split_sequence(state, 1, error));
    for (size_t i = 0; i < rows; i++) state->sequence[i] = (uint32_t)i;
    if (input->times) split_sort(state->sequence, state->scratch, rows, input->times);
    for (size_t i = 0; i < rows; i++) {
        int part = i < begin          ? TL_TRAIN
                   : i < begin + size ? (validates ? TL_VALIDATION : TL_TEST)
                   : i < left         ? SPLIT_NONE
                                      : TL_TEST;
        state->part[state->sequence[i]] = (unsigned char)part;
    }
    if (order) memcpy(order, state->sequence, rows * sizeof *order);
    return TL_OK;
}

/* ---- groups ---- */

/* Groups in a drawn order go to the test part, then to validation, as long as a group brings the part nearer to its
 * size (its first group may be as far above as nothing is below); with kfold, the largest group first, each to the
 * smallest fold. */
static void split_deal_groups(split_state *state, const size_t *sizes, const uint32_t *order, unsigned char *of_group)
{
    size_t targets[2] = {state->test, state->validation}, filled[2] = {0, 0};
    static const unsigned char parts[2] = {TL_TEST, TL_VALIDATION};
    for (size_t i = 0; i < state->input->group_count; i++) {
        uint32_t group = order[i];
        of_group[group] = TL_TRAIN;
        for (int p = 0; p < 2; p++) {
            size_t lack = targets[p] > filled[p] ? targets[p] - filled[p] : 0;
            if (lack == 0 || 2 * lack < sizes[group] + (filled[p] > 0)) continue;
            filled[p] += sizes[group];
            of_group[group] = parts[p];
            break;
        }
    }
}

/* order: the largest group first */
static void split_deal_group_folds(const split_state *state, const size_t *sizes, const uint32_t *order,
                                   size_t *fold_sizes,
                                   unsigned char *of_group)
{
    size_t folds = (size_t)state->settings->folds, wanted = split_fold(state);
    unsigned char held = split_folds_validate(state) ? TL_VALIDATION : TL_TEST;
    for (size_t i = 0; i < state->input->group_count; i++) {
        size_t fold = 0;
        if (of_group[order[i]] == TL_TEST) continue;
        for (size_t f = 1; f < folds; f++) {
            if (fold_sizes[f] < fold_sizes[fold]) fold = f;
        }
        fold_sizes[fold] += sizes[order[i]];
        of_group[order[i]] = fold == wanted ? held : TL_TRAIN;
    }
}

static tl_status split_groups(split_state *state, tl_error *error)
{
    const tl__split_input *input = state->input;
    bool kfold = state->settings->method == TL__SPLIT_KFOLD;
    size_t count = input->group_count, folds = (size_t)state->settings->folds;
    if (kfold && (folds > count || split_fold(state) >= folds)) {
        return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "data.split.folds",
                           "data.split.folds is %zu, but there are only %zu groups, and the fold must be one of them",
                           folds,
                           count);
    }
    if (kfold && state->settings->validation > 0 && !split_folds_validate(state)) {
        return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "data.split.validation",
                           "data.split.validation together with kfold and a group is not supported; leave it out");
    }
    if (kfold) TL_TRY(split_fold_test(state, error));
    else TL_TRY(split_amounts(state, input->rows, true, error));
    size_t *sizes = tl__alloc_zero(state->heap, count, sizeof *sizes);
    size_t *fold_sizes = tl__alloc_zero(state->heap, folds, sizeof *fold_sizes);
    uint32_t *order = tl__alloc_zero(state->heap, count, sizeof *order);
    uint32_t *scratch = tl__alloc_zero(state->heap, count, sizeof *scratch);
    double *keys = tl__alloc_zero(state->heap, count, sizeof *keys);
    unsigned char *of_group = tl__alloc_zero(state->heap, count, 1);
    bool failed = !sizes || !fold_sizes || !order || !scratch || !keys || !of_group;
    if (!failed) {
        tl__random random;
        for (size_t i = 0; i < input->rows; i++) sizes[input->groups[i]]++;
        tl__random_init(&random, input->seed, TL__DRAW_SPLIT, 0, 1, 0);
        tl__random_permutation(&random, order, (uint32_t)count);
        for (size_t i = 0; i < count; i++) keys[i] = -(double)sizes[i];
        split_deal_groups(state, sizes, order, of_group);
        if (kfold) {
            split_sort(order, scratch, count, keys);
            split_deal_group_folds(state, sizes, order, fold_sizes, of_group);
        }
        for (size_t i = 0; i < input->rows; i++) state->part[i] = of_group[input->groups[i]];
    }
    tl__free(state->heap, sizes, count * sizeof *sizes);
    tl__free(state->heap, fold_sizes, folds * sizeof *fold_sizes);
    tl__free(state->heap, order, count * sizeof *order);
    tl__free(state->heap, scratch, count * sizeof *scratch);
    tl__free(state->heap, keys, count * sizeof *keys);
    tl__free(state->heap, of_group, count);
    if (failed) return tl__fail_memory(error, count * 16);
    size_t filled[SPLIT_NONE + 1] = {0};
    for (size_t i = 0; i < input->rows; i++) filled[state->part[i]]++;
    bool lacks = (state->test && !filled[TL_TEST]) || (state->validation && !filled[TL_VALIDATION]) ||
        !filled[TL_TRAIN];
    if (!lacks || kfold) return TL_OK;
    return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "data.split.group",
                       "the %zu groups of data.split.group are too large to make parts of %zu training, %zu validation "
                       "and %zu test rows; ask for other sizes",
                       count, state->train, state->validation, state->test);
}

TL_PRIV tl_status tl__split(tl__heap *heap, const tl__split_settings *settings, const tl__split_input *input,
                            unsigned char *part, uint32_t *order, tl_error *error)
{
    split_state state = {.heap = heap, .settings = settings, .input = input, .part = part};
    int method = settings->method;
    tl_status status;
    if (method == TL__SPLIT_AUTO) method = input->labels ? TL__SPLIT_STRATIFIED : TL__SPLIT_RANDOM;
    if (method == TL__SPLIT_STRATIFIED && !input->labels) {
        return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "data.split.method",
                           "data.split.method is stratified, which needs classes, but the target is a number; use "
                           "random, or say data.task: classification");
    }
    if (input->groups && (method == TL__SPLIT_TIME || method == TL__SPLIT_FORWARD)) {
        return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "data.split.group",
                           "data.split.group cannot be used with method %s; leave one of them out",
                           method == TL__SPLIT_TIME ? "time" : "forward");
    }
    memset(part, SPLIT_NONE, input->rows);
    for (size_t i = 0; order && i < input->rows; i++) order[i] = (uint32_t)i;
    if (method == TL__SPLIT_TIME) status = split_time(&state, order, error);
    else if (method == TL__SPLIT_FORWARD) status = split_forward(&state, order, error);
    else if (input->groups) status = split_groups(&state, error);
    else if (method == TL__SPLIT_KFOLD) status = split_kfold(&state, error);
    else status = split_blocks(&state, method == TL__SPLIT_STRATIFIED, error);
    split_free(&state);
    return status;
}
