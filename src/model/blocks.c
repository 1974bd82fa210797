/* The layers of residual blocks: pooling, a dense network, its last layer's numbers as backcast and forecast. */
#include "model/blocks.h"

#include "base/text.h"

/* [target, input_size] as [target, ceil(input_size / pool)], the layer bN_pooled. */
static void blocks_pool(const tl__arch_site *site, const tl__arch_block *block, size_t number, const char *from)
{
    const tl__series_fit *series = &site->fit->series;
    size_t size = series->input_size, pool = tl__size_min(block->pool, size), pooled = (size + pool - 1) / pool;
    tl__arch_add(site, "type: reshape, from: %s, shape: [%zu, %zu, 1]", from, series->targets, size);
    tl__arch_add(site, "type: %s_pool, kernel_size: [1, %zu], ceil_mode: true", block->average ? "avg" : "max", pool);
    tl__arch_add(site, "type: reshape, name: b%zu_pooled, shape: [%zu, %zu]", number, series->targets, pooled);
}

/* The layer `in` and, beside each target, the past of all columns that are not forecast and what is known ahead. */
static void blocks_beside(const tl__arch_site *site, const tl__arch_block *block, size_t number, const char *in)
{
    const tl__series_fit *series = &site->fit->series;
    size_t size = series->input_size, pool = tl__size_min(block->pool, size), pooled = (size + pool - 1) / pool;
    if (pool > 1)
        tl__arch_add(site, "type: %s_pool, from: beside, kernel_size: %zu, ceil_mode: true",
                     block->average ? "avg" : "max", pool);
    tl__arch_add(site, "type: reshape%s, shape: [1, %zu]", pool > 1 ? "" : ", from: beside",
                 pooled * (series->channels - series->targets));
    tl__arch_add(site, "type: interpolate, name: b%zu_beside, axis: 0, size: %zu, mode: nearest", number,
                 series->targets);
    tl__arch_add(site, "type: concatenate, from: [%s, b%zu_beside%s]", in, number, series->future ? ", known" : "");
}

/* The newest layer, [..., knots], as the curve `name` of `size` steps. */
static void blocks_curve(const tl__arch_site *site, const tl__arch_block *block, const char *name, size_t size)
{
    tl__arch_add(site, "type: basis%s, kind: %s, size: %zu, period: %zu", name,
                 block->basis == TL__BASIS_TREND ? "trend" : "seasonality", size, site->fit->series.horizon);
}

static void blocks_curve_forecast(const tl__arch_site *site, const tl__arch_block *block, size_t number)
{
    const tl__series_fit *series = &site->fit->series;
    char name[40];
    if (series->quantiles == 1) {
        tl__format(name, sizeof name, ", name: b%zu_forecast", number);
        blocks_curve(site, block, name, series->horizon);
        return;
    }
    tl__arch_add(site, "type: reshape, shape: [%zu, %zu, %zu]", series->targets, series->quantiles, block->knots);
    blocks_curve(site, block, "", series->horizon);
    tl__arch_add(site, "type: permute, axes: [0, 2, 1]");
    tl__arch_add(site, "type: reshape, name: b%zu_forecast, shape: [%zu, %zu]", number, series->targets,
                 series->horizon * series->quantiles);
}

/* The newest layer, [target, knots * quantiles], as block_forecast: [target, horizon * quantiles]. */
static void blocks_forecast(const tl__arch_site *site, const tl__arch_block *block, size_t number)
{
    const tl__series_fit *series = &site->fit->series;
    const char *mode = block->basis == TL__BASIS_NEAREST ? "nearest" : "linear";
    size_t q = series->quantiles;
    if (block->basis >= TL__BASIS_TREND) {
        blocks_curve_forecast(site, block, number);
        return;
    }
    if (q == 1) {
        tl__arch_add(site, "type: interpolate, name: b%zu_forecast, axis: -1, size: %zu, mode: %s", number,
                     series->horizon, mode);
        return;
    }
    tl__arch_add(site, "type: reshape, shape: [%zu, %zu, %zu]", series->targets, block->knots, q);
    tl__arch_add(site, "type: interpolate, axis: 1, size: %zu, mode: %s", series->horizon, mode);
    tl__arch_add(site, "type: reshape, name: b%zu_forecast, shape: [%zu, %zu]", number, series->targets,
                 series->horizon * q);
}

/* One block, which reads the layer `in`. The last one needs no backcast. */
static void blocks_one(const tl__arch_site *site, const tl__arch_block *block, size_t number, const char *in,
                       bool beside, bool last)
{
    const tl__series_fit *series = &site->fit->series;
    bool curve = block->basis >= TL__BASIS_TREND;
    size_t knots = block->knots * series->quantiles, size = curve ? block->knots : series->input_size;
    char from[40] = "", read[40];
    tl__format(read, sizeof read, "%s", in);
    if (block->pool > 1) tl__format(read, sizeof read, "b%zu_pooled", number);
    if (block->pool > 1) blocks_pool(site, block, number, in);
    else if (!beside) tl__format(from, sizeof from, ", from: %s", in);
    if (beside) blocks_beside(site, block, number, read);
    for (size_t i = 0; i < tl__arch_layers(site); i++, from[0] = '\0')
        tl__arch_add(site, "type: dense, name: b%zu_hidden%zu, nodes: %zu%s", number, i, tl__arch_hidden(site, i),
                     from);
    bool straight = last && block->basis == TL__BASIS_IDENTITY;
    tl__arch_add(site, "type: dense, name: b%zu_%s, nodes: %zu, activation: none", number,
                 straight ? "forecast" : "theta", knots + (last ? 0 : size));
    if (!last) {
        char name[40];
        tl__format(name, sizeof name, ", name: b%zu_backcast", number);
        tl__arch_add(site, "type: slice%s, axis: -1, count: %zu", curve ? "" : name, size);
        if (curve) blocks_curve(site, block, name, series->input_size);
        tl__arch_add(site, "type: subtract, name: b%zu_rest, from: [%s, b%zu_backcast]", number, in, number);
        tl__arch_add(site, "type: slice, name: b%zu_%s, from: b%zu_theta, axis: -1, first: %zu", number,
                     block->basis == TL__BASIS_IDENTITY ? "forecast" : "knots", number, size);
    }
    if (block->basis != TL__BASIS_IDENTITY) blocks_forecast(site, block, number);
}

/* The parts of the forecast, added in their order, as many at a time as a layer reads. */
static void blocks_sum(const tl__arch_site *site, size_t count, bool from_last)
{
    char from[400];
    size_t used = 0, reads = 0, sums = 0;
    if (from_last) used = tl__format(from, sizeof from, "level"), reads = 1;
    for (size_t i = 0; i < count; i++) {
        used += tl__format(from + used, sizeof from - used, "%sb%zu_forecast", used ? ", " : "", i);
        if (++reads < TL__NODE_INPUTS && i + 1 < count) continue;
        if (reads > 1) tl__arch_add(site, "type: add, name: sum%zu, from: [%s]", sums, from);
        used = tl__format(from, sizeof from, "sum%zu", sums++);
        reads = 1;
    }
}

TL_PRIV void tl__arch_blocks(const tl__arch_site *site, const tl__arch_block *blocks, size_t count, bool from_last,
                             bool beside)
{
    char in[40] = "series";
    if (from_last) {
        tl__arch_add(site, "type: slice, axis: -1, first: -1");
        tl__arch_add(site, "type: interpolate, name: level, axis: -1, size: %zu, mode: nearest", tl__arch_steps(site));
    }
    if (beside) beside = tl__arch_beside(site);
    for (size_t i = 0; i < count; i++) {
        blocks_one(site, &blocks[i], i, in, beside, i + 1 == count);
        tl__format(in, sizeof in, "b%zu_rest", i);
    }
    blocks_sum(site, count, from_last);
}
