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

TL_PRIV bool tl__network_reads_targets(const tl__network_settings *settings)
{
    if (!settings->model.name) return false;
    const tl__member_head *member = tl__family_find(tl__arch_family(), settings->model.name, NULL, 0, 0, "", NULL);
    return member && ((const tl__arch *)(const void *)member)->targets_only;
}

static const char *arch_refuses(const tl__arch *arch, const tl__fit *fit, int normalization)
{
    if (arch->input == TL__ARCH_SERIES && fit->input.rank != 2 && !fit->series.input_size)
        return "needs rows of [time, features], as data.window makes them";
    if (arch->input == TL__ARCH_FORECAST && !fit->series.input_size)
        return "needs windows with a horizon, data.task: forecast";
    if (normalization > TL__NORMALIZATION_NONE && !fit->series.input_size)
        return "has a normalization, which is for windows with a horizon, data.task: forecast; leave it out";
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
    tl__shape_text(text, sizeof text, &shape);
    if (tl__shape_size(&shape) != tl__shape_size(input))
        return tl__arch_needs(site, "has the input_shape %s, which is %zu numbers, but a row of the data has %zu; "
                              "leave it out to take the data's", text, tl__shape_size(&shape), tl__shape_size(input));
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
        if (!fit->series.input_size) all.normalization = TL__NORMALIZATION_NONE;
        else if (all.normalization == TL__NORMALIZATION_AUTO) all.normalization = arch->normalization;
        tl__fit shaped = *fit;
        char room[TL__ARCH_NEEDS];
        tl__arch_site site = {&all, settings, &shaped, heap, out, room};
        const char *needs = arch_shape(&site, &shaped.input);
        if (!needs) needs = arch_refuses(arch, &shaped, network->normalization);
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

TL_PRIV const char *tl__arch_needs(const tl__arch_site *site, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    tl__format_list(site->needs, TL__ARCH_NEEDS, format, list);
    va_end(list);
    return site->needs;
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
