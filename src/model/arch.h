/* Named architectures: `network: {model: tcn, levels: 4}`. A member writes the layers that it stands for, a line of
 * YAML each, from behind the input to the output; they are then read as if the user had listed them, so that
 * `train:configure --expand` prints what is trained.
 *
 * Its own settings stand in the network block beside those that all share (hidden_size, num_layers, activation,
 * initialization), or in the map `model: {type: tcn, levels: 4}`, which is what the block becomes when it is read.
 *
 * Forecasts. The rows are [input_size, channels], the outputs [horizon, targets, quantiles]. Architectures that take
 * each channel by itself turn the row into [channel, time] first, so that a dense layer over the last axis is one
 * network over time that all channels share, and turn [channel, horizon * quantiles] back at the end. */
#ifndef TL_MODEL_ARCH_H
#define TL_MODEL_ARCH_H

#include "base/family.h"
#include "model/arch_list.h"
#include "model/build.h"

typedef struct tl__arch_site {
    const tl__network_settings *network;   /* what all architectures share */
    const void *settings;                  /* the member's own */
    const tl__fit *fit;
    tl__heap *heap;
    tl__buffer *out;                       /* the list */
    char *needs;                           /* [TL__ARCH_NEEDS]: room for a sentence with numbers (tl__arch_needs) */
} tl__arch_site;

enum { TL__ARCH_NEEDS = 200 };

typedef enum tl__arch_input {
    TL__ARCH_ANY,            /* rows of any shape */
    TL__ARCH_SERIES,         /* [time, channels]: forecasts, sequences */
    TL__ARCH_FORECAST        /* windows with a horizon */
} tl__arch_input;

typedef struct tl__arch {
    tl__member_head head;
    tl__arch_input input;
    size_t hidden_size, num_layers;        /* where the network block says nothing */
    bool targets_only;                     /* of a forecast it reads the past of what is forecast and nothing else */
    int normalization;                     /* of forecasts, where the block says nothing; TL__NORMALIZATION_ */
    /* NULL, or what is wrong: "needs an input_size of 25 or more". */
    const char *(*write)(const tl__arch_site *site);
} tl__arch;

TL_PRIV const tl__family *tl__arch_family(void);

#define TL__ARCH_GETTER(name) TL_PRIV const tl__member_head *tl__arch_##name(void);
TL__ARCHS(TL__ARCH_GETTER)
#undef TL__ARCH_GETTER

/* The layers of the architecture that the block names (none: mlp) into out. */
TL_PRIV tl_status tl__arch_write(tl__heap *heap, const tl__network_settings *network, const tl__fit *fit,
                                 const char *file, tl__buffer *out, tl_error *error);
/* The member, with its settings read into the arena; what is wrong with them, before there are data. */
TL_PRIV tl_status tl__arch_bind(const tl__network_settings *network, const char *file, tl__arena *arena,
                                const tl__arch **arch, void **settings, tl_error *error);

/* ---- for members ---- */

/* Appends "- {FORMAT}". */
TL_PRIV void tl__arch_add(const tl__arch_site *site, const char *format, ...) TL_PRINTF(2, 3);
/* What is wrong, in the site's room. */
TL_PRIV const char *tl__arch_needs(const tl__arch_site *site, const char *format, ...) TL_PRINTF(2, 3);
/* Hidden layers, and the size of each: as hidden_size and num_layers have it. */
TL_PRIV size_t tl__arch_layers(const tl__arch_site *site);
TL_PRIV size_t tl__arch_hidden(const tl__arch_site *site, size_t layer);
/* The network's activation as a layer, where one does not apply it itself. */
TL_PRIV void tl__arch_activation(const tl__arch_site *site);
/* A row of any shape as one of features. */
TL_PRIV void tl__arch_flatten(const tl__arch_site *site);
/* The past of a forecast's row as [input_size, channels], normalised as network.normalization says, with all channels
 * or only those that are forecast; the node is then the newest. */
TL_PRIV void tl__arch_past(const tl__arch_site *site, bool targets_only);
/* What is forecast as [target, input_size]: the layer `series`. */
TL_PRIV void tl__arch_series(const tl__arch_site *site);
/* What is not forecast, where there are such columns: their past as [input_size, channels - targets], the layer
 * `beside`; and what is known ahead, for each target, as [target, horizon * future], the layer `known`. False: none. */
TL_PRIV bool tl__arch_beside(const tl__arch_site *site);
/* The row as [time, features], of a forecast or not; of forecasts all channels. */
TL_PRIV void tl__arch_sequence(const tl__arch_site *site);
/* What a forecast knows ahead beside the newest layer, `encoded`, which gives [features]. */
TL_PRIV void tl__arch_ahead(const tl__arch_site *site, const char *encoded);
/* The output behind the newest layer; what normalization took away is put back. */
TL_PRIV void tl__arch_output(const tl__arch_site *site);
/* The newest layer, [target, horizon * quantiles], as the output. */
TL_PRIV void tl__arch_forecast(const tl__arch_site *site);

/* Steps and numbers per step of what tl__arch_series gives and tl__arch_forecast takes. */
static inline size_t tl__arch_steps(const tl__arch_site *site)
{
    return site->fit->series.horizon * site->fit->series.quantiles;
}

/* A network for each target by itself, where `individual`: writes `series` as [1, input_size] in the layer
 * PREFIXseries for each target in turn; `one` writes its network from there, its last layer [1, horizon * quantiles]
 * named PREFIXforecast. Then all are joined to [target, horizon * quantiles]. Else `one` is written once, over all
 * targets. */
typedef void tl__arch_one(const tl__arch_site *site, const char *prefix);
TL_PRIV const char *tl__arch_each(const tl__arch_site *site, bool individual, tl__arch_one *one);

#endif
