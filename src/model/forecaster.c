/* What forecasts read and give: the past of a window, normalised or not, and the way back to [horizon, targets]. */
#include "model/arch.h"

#include "base/text.h"

/* The layer that holds [input_size, channels] of a forecast's row. */
static const char *forecaster_past(const tl__arch_site *site) { return site->fit->series.future ? "past" : "input_1"; }

/* The targets' channels of `past`, each without its level over the window; then the other channels as they are. */
static void forecaster_normalize(const tl__arch_site *site, const char *past, bool targets_only)
{
    const tl__series_fit *series = &site->fit->series;
    const char *targets = past;
    if (series->targets < series->channels) {
        targets = "targets";
        tl__arch_add(site, "type: slice, name: targets, from: %s, axis: -1, count: %zu", past, series->targets);
    }
    if (site->network->normalization == TL__NORMALIZATION_INSTANCE) {
        tl__arch_add(site, "type: instance_norm, name: normalized, from: %s", targets);
    } else {
        tl__arch_add(site, "type: slice, name: latest, from: %s, axis: 0, first: -1", targets);
        tl__arch_add(site, "type: interpolate, name: levels, axis: 0, size: %zu, mode: nearest", series->input_size);
        tl__arch_add(site, "type: subtract, name: normalized, from: [%s, levels]", targets);
    }
    if (targets_only || series->targets == series->channels) return;
    tl__arch_add(site, "type: slice, name: others, from: %s, axis: -1, first: %zu", past, series->targets);
    tl__arch_add(site, "type: concatenate, from: [normalized, others]");
}

TL_PRIV void tl__arch_past(const tl__arch_site *site, bool targets_only)
{
    const tl__series_fit *series = &site->fit->series;
    const bool normal = site->network->normalization > TL__NORMALIZATION_NONE;
    if (series->future) {
        tl__arch_add(site, "type: slice, count: %zu", series->input_size * series->channels);
        tl__arch_add(site, "type: reshape, name: past, shape: [%zu, %zu]", series->input_size, series->channels);
    }
    if (normal) forecaster_normalize(site, forecaster_past(site), targets_only);
    else if (targets_only && series->targets < series->channels)
        tl__arch_add(site, "type: slice, axis: -1, count: %zu", series->targets);
}

/* Gives the newest layer, [horizon, targets, quantiles], the levels that were taken away. */
static void forecaster_restore(const tl__arch_site *site)
{
    const tl__series_fit *series = &site->fit->series;
    const size_t horizon = series->horizon, targets = series->targets, q = series->quantiles;
    if (site->network->normalization <= TL__NORMALIZATION_NONE) return;
    if (q > 1) {
        tl__arch_add(site, "type: reshape, shape: [%zu, %zu, %zu]", horizon, targets, q);
        tl__arch_add(site, "type: permute, axes: [0, 2, 1]");
    }
    tl__arch_add(site, "type: reshape, name: without_level, shape: [%zu, %zu]", horizon * q, targets);
    if (site->network->normalization == TL__NORMALIZATION_INSTANCE) {
        tl__arch_add(site, "type: reverse_norm, from: [without_level, %s]",
                     targets < series->channels ? "targets" : forecaster_past(site));
    } else {
        tl__arch_add(site, "type: interpolate, name: ahead_levels, from: latest, axis: 0, size: %zu, mode: nearest",
                     horizon * q);
        tl__arch_add(site, "type: add, from: [without_level, ahead_levels]");
    }
    if (q == 1) return;
    tl__arch_add(site, "type: reshape, shape: [%zu, %zu, %zu]", horizon, q, targets);
    tl__arch_add(site, "type: permute, axes: [0, 2, 1]");
}

TL_PRIV void tl__arch_series(const tl__arch_site *site)
{
    tl__arch_past(site, true);
    tl__arch_add(site, "type: permute, name: series");
}

TL_PRIV bool tl__arch_beside(const tl__arch_site *site)
{
    const tl__series_fit *series = &site->fit->series;
    if (series->targets == series->channels) return false;
    tl__arch_add(site, "type: slice, name: beside, from: %s, axis: -1, first: %zu", forecaster_past(site),
                 series->targets);
    if (!series->future) return true;
    tl__arch_add(site, "type: slice, from: input_1, first: %zu", series->input_size * series->channels);
    tl__arch_add(site, "type: reshape, shape: [1, %zu]", series->horizon * series->future);
    tl__arch_add(site, "type: interpolate, name: known, axis: 0, size: %zu, mode: nearest", series->targets);
    return true;
}

TL_PRIV void tl__arch_forecast(const tl__arch_site *site)
{
    const tl__series_fit *series = &site->fit->series;
    if (series->quantiles == 1) {
        tl__arch_add(site, "type: permute");
    } else {
        tl__arch_add(site, "type: reshape, shape: [%zu, %zu, %zu]", series->targets, series->horizon,
                     series->quantiles);
        tl__arch_add(site, "type: permute, axes: [1, 0, 2]");
    }
    forecaster_restore(site);
}

TL_PRIV void tl__arch_sequence(const tl__arch_site *site)
{
    const tl__shape *input = &site->fit->input;
    if (site->fit->series.input_size) tl__arch_past(site, false);
    else if (input->rank == 2 && !site->network->input_shape.count)
        tl__arch_add(site, "type: input, shape: [%zu, %zu]", input->dim[0], input->dim[1]);
}

TL_PRIV void tl__arch_ahead(const tl__arch_site *site, const char *encoded)
{
    const tl__series_fit *series = &site->fit->series;
    if (!series->future) return;
    tl__arch_add(site, "type: slice, name: ahead, from: input_1, first: %zu", series->input_size * series->channels);
    tl__arch_add(site, "type: concatenate, from: [%s, ahead]", encoded);
}

TL_PRIV void tl__arch_output(const tl__arch_site *site)
{
    tl__arch_add(site, "type: output");
    forecaster_restore(site);
}

/* Layers PREFIX0name, PREFIX1name, ... side by side, as many at a time as a layer can read. */
static void forecaster_join(const tl__arch_site *site, size_t count)
{
    const char *in = "forecast";
    for (int level = 0; count > 1 || level == 0; level++) {
        size_t next = (count + TL__NODE_INPUTS - 1) / TL__NODE_INPUTS;
        for (size_t i = 0; i < next; i++) {
            char from[400];
            size_t used = 0, end = tl__size_min(count, (i + 1) * TL__NODE_INPUTS);
            for (size_t k = i * TL__NODE_INPUTS; k < end; k++)
                used += tl__format(from + used, sizeof from - used, "%st%zu_%s", used ? ", " : "", k, in);
            if (end - i * TL__NODE_INPUTS > 1)
                tl__arch_add(site, "type: concatenate, name: t%zu_joined%d, from: [%s]", i, level, from);
            else tl__arch_add(site, "type: activation, name: t%zu_joined%d, from: %s", i, level, from);
        }
        count = next;
        in = level == 0 ? "joined0" : level == 1 ? "joined1" : "joined2";
    }
}

TL_PRIV const char *tl__arch_each(const tl__arch_site *site, bool individual, tl__arch_one *one)
{
    enum { MOST = 256 };   /* networks in a graph */
    size_t targets = site->fit->series.targets;
    tl__arch_series(site);
    if (!individual || targets == 1) {
        one(site, "");
        tl__arch_forecast(site);
        return NULL;
    }
    if (targets > MOST) return "takes each of at most 256 targets by itself; leave `individual` out";
    for (size_t i = 0; i < targets; i++) {
        char prefix[24];
        tl__format(prefix, sizeof prefix, "t%zu_", i);
        tl__arch_add(site, "type: slice, name: %sseries, from: series, axis: 0, first: %zu, count: 1", prefix, i);
        one(site, prefix);
    }
    forecaster_join(site, targets);
    tl__arch_add(site, "type: reshape, shape: [%zu, %zu]", targets, tl__arch_steps(site));
    tl__arch_forecast(site);
    return NULL;
}
