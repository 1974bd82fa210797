/* The family of architectures, and what they share: whose sizes hold, and what their input must be. */
#include "model/arch.h"

#include "base/text.h"
#include "nn/activation.h"
#include "text/bind.h"

TL_PRIV const tl__family *tl__arch_family(void)
{
#define ARCH_MEMBER(name) tl__arch_##name,
    static tl__member_fn *const members[] = {TL__ARCHS(ARCH_MEMBER)};
#undef ARCH_MEMBER
    static const tl__family family = {"architecture", members, TL_COUNT(members)};
    return &family;
}

TL_PRIV tl_status tl__arch_bind(const tl__network_settings *network, const char *file, tl__arena *arena,
                                const tl__arch **arch, void **settings, tl_error *error)
{
    const tl__member_head *member = tl__family_member(tl__arch_family(), 0);
    tl__member choice = network->model;
    if (!choice.name) choice = (tl__member){member->name, NULL};
    TL_TRY(tl__bind_member(tl__arch_family(), &choice, file, "network.model", arena, &member, settings, error));
    *arch = (const tl__arch *)(const void *)member;
    size_t listed = network->hidden_size.count, layers = (size_t)network->num_layers;
    if (listed > 1 && layers > 0 && listed != layers)
        return tl__fail_at(error, TL_BAD_CONFIG, file, 0, 0, "network.num_layers",
                           "network.num_layers is %zu but network.hidden_size lists %zu sizes; give one size for all "
                           "layers, or one for each", layers, listed);
    return TL_OK;
}

static const char *arch_refuses(const tl__arch *arch, const tl__fit *fit)
{
    if (arch->input == TL__ARCH_SERIES && fit->input.rank != 2 && !fit->series.input_size)
        return "needs rows of [time, features], as data.window makes them";
    if (arch->input == TL__ARCH_FORECAST && !fit->series.input_size)
        return "needs windows with a horizon, data.task: forecast";
    return NULL;
}

/* network.input_shape in the place of the data's own. */
static const char *arch_shape(const tl__arch_site *site, tl__shape *input)
{
    const tl__int_list *given = &site->network->input_shape;
    tl__shape shape = {.rank = (int)given->count};
    char text[96];
    if (!given->count) return NULL;
    if (given->count > TL__SHAPE_RANK) return "has an input_shape of more than three sizes";
    for (int i = 0; i < shape.rank; i++) shape.dim[i] = (size_t)given->items[i];
    if (tl__shape_size(&shape) != tl__shape_size(input))
        return "has an input_shape of another size than the rows of the data; leave it out to take the data's";
    tl__shape_text(text, sizeof text, &shape);
    tl__arch_add(site, "type: input, shape: %s", text);
    *input = shape;
    return NULL;
}

TL_PRIV tl_status tl__arch_write(tl__heap *heap, const tl__network_settings *network, const tl__fit *fit,
                                 const char *file, tl__buffer *out, tl_error *error)
{
    const tl__arch *arch;
    void *settings;
    tl__arena arena;
    tl__arena_init(&arena, heap);
    tl_status status = tl__arch_bind(network, file, &arena, &arch, &settings, error);
    if (status == TL_OK) {
        tl__network_settings all = *network;
        if (!all.num_layers) all.num_layers = (int64_t)(all.hidden_size.count > 1 ? all.hidden_size.count
                                                                                : arch->num_layers);
        int64_t usual = (int64_t)arch->hidden_size;
        if (!all.hidden_size.count) all.hidden_size = (tl__int_list){1, &usual};
        tl__fit shaped = *fit;
        tl__arch_site site = {&all, settings, &shaped, heap, out};
        const char *needs = arch_shape(&site, &shaped.input);
        if (!needs) needs = arch_refuses(arch, &shaped);
        if (!needs) needs = arch->write(&site);
        if (out->failed) status = tl__fail_memory(error, out->size);
        else if (needs)
            status = tl__fail_at(error, TL_BAD_CONFIG, file, 0, 0, "network.model", "network.model %s %s",
                                 arch->head.name, needs);
    }
    tl__arena_free(&arena);
    return status;
}

TL_PRIV void tl__arch_add(const tl__arch_site *site, const char *format, ...)
{
    va_list list;
    char line[400];
    va_start(list, format);
    size_t size = tl__format_list(line, sizeof line, format, list);
    va_end(list);
    if (size >= sizeof line) site->out->failed = true;
    tl__buffer_format(site->out, "- {%s}\n", line);
}

TL_PRIV size_t tl__arch_layers(const tl__arch_site *site) { return (size_t)site->network->num_layers; }

TL_PRIV size_t tl__arch_hidden(const tl__arch_site *site, size_t layer)
{
    const tl__int_list *sizes = &site->network->hidden_size;
    return (size_t)sizes->items[layer < sizes->count ? layer : sizes->count - 1];
}

TL_PRIV void tl__arch_activation(const tl__arch_site *site)
{
    static const char *const words[] = TL__ACTIVATION_WORDS;
    int word = site->network->activation;
    tl__arch_add(site, "type: activation, activation: %s", word == TL__ACTIVATION_AUTO ? "relu" : words[word]);
}

TL_PRIV void tl__arch_flatten(const tl__arch_site *site)
{
    if (site->fit->input.rank > 1) tl__arch_add(site, "type: flatten");
}

TL_PRIV void tl__arch_past(const tl__arch_site *site, bool targets_only)
{
    const tl__series_fit *series = &site->fit->series;
    if (series->future) {
        tl__arch_add(site, "type: slice, count: %zu", series->input_size * series->channels);
        tl__arch_add(site, "type: reshape, shape: [%zu, %zu]", series->input_size, series->channels);
    }
    if (targets_only && series->targets < series->channels)
        tl__arch_add(site, "type: slice, axis: -1, count: %zu", series->targets);
}

TL_PRIV void tl__arch_series(const tl__arch_site *site)
{
    tl__arch_past(site, true);
    tl__arch_add(site, "type: permute, name: series");
}

TL_PRIV void tl__arch_forecast(const tl__arch_site *site)
{
    const tl__series_fit *series = &site->fit->series;
    if (series->quantiles == 1) {
        tl__arch_add(site, "type: permute");
        return;
    }
    tl__arch_add(site, "type: reshape, shape: [%zu, %zu, %zu]", series->targets, series->horizon, series->quantiles);
    tl__arch_add(site, "type: permute, axes: [1, 0, 2]");
}

TL_PRIV void tl__arch_sequence(const tl__arch_site *site)
{
    const tl__shape *input = &site->fit->input;
    if (site->fit->series.input_size) tl__arch_past(site, false);
    else if (input->rank == 2 && !site->network->input_shape.count)
        tl__arch_add(site, "type: input, shape: [%zu, %zu]", input->dim[0], input->dim[1]);
}

TL_PRIV void tl__arch_output(const tl__arch_site *site, const char *encoded)
{
    const tl__series_fit *series = &site->fit->series;
    if (series->future) {
        tl__arch_add(site, "type: slice, name: ahead, from: input_1, first: %zu",
                     series->input_size * series->channels);
        tl__arch_add(site, "type: concatenate, from: [%s, ahead]", encoded);
    }
    tl__arch_add(site, "type: output");
}

/* Layers PREFIX0name, PREFIX1name, ... side by side, as many at a time as a layer can read. */
static void arch_join(const tl__arch_site *site, size_t count)
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
    arch_join(site, targets);
    tl__arch_add(site, "type: reshape, shape: [%zu, %zu]", targets, tl__arch_steps(site));
    tl__arch_forecast(site);
    return NULL;
}
