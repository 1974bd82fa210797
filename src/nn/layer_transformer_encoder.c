/* Layers of a Transformer's encoder, as a composite of attention, norms, dense layers and sums, under the names of
 * PyTorch's TransformerEncoderLayer: NAME_self_attn, NAME_linear1, NAME_linear2, NAME_norm1, NAME_norm2; of several
 * layers NAME_0_self_attn and so on. A last node that computes nothing has the name itself.
 *   post: x = norm1(x + attention(x)); x = norm2(x + linear2(act(linear1(x))))
 *   pre:  x = x + attention(norm1(x)); x = x + linear2(act(linear1(norm2(x)))) */
#include "nn/expand.h"

#include "base/text.h"

#ifndef TL_FREESTANDING

enum { TRANSFORMER_ENCODER_POST, TRANSFORMER_ENCODER_PRE };

typedef struct transformer_encoder_settings {
    int64_t heads, feedforward, num_layers;
    double dropout;
    int norm;
    bool causal;
} transformer_encoder_settings;

static const char *const transformer_encoder_norms[] = {"post", "pre", NULL};

static const tl__field transformer_encoder_rows[] = {
    {.name = "heads", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__TUNE | TL__REQUIRED,
     .offset = offsetof(transformer_encoder_settings, heads), .min = 1, .max = 65536,
     .help = "heads of the attention; they must divide the features"},
    {.name = "feedforward", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(transformer_encoder_settings, feedforward), .fallback = 0, .min = 0, .max = 1048576,
     .unit = "units", .help = "units of the dense layer inside; 0: four times the features"},
    {.name = "num_layers", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(transformer_encoder_settings, num_layers), .fallback = 1, .min = 1, .max = 256,
     .unit = "layers", .help = "how many such layers follow each other"},
    {.name = "dropout", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(transformer_encoder_settings, dropout), .fallback = 0.1, .max = 1,
     .help = "rate behind attention, inside and behind the dense part, and on the weights of attention"},
    {.name = "norm", .kind = TL__FIELD_CHOICE, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(transformer_encoder_settings, norm), .choices = transformer_encoder_norms,
     .help = "layer norm behind each sum, or before what is added"},
    {.name = "causal", .kind = TL__FIELD_BOOL, .flags = TL__RESULT,
     .offset = offsetof(transformer_encoder_settings, causal), .max = 1,
     .help = "a position sees itself and those before it only"},
    {.name = NULL}
};

static int transformer_encoder_dropout(const transformer_encoder_settings *settings, tl__expansion *out,
                                       const char *part, int in)
{
    if (!(settings->dropout > 0)) return in;
    return tl__expand(out, part, &in, 1, "type: dropout, rate: %.9g", settings->dropout);
}

static int transformer_encoder_attention(const transformer_encoder_settings *settings, tl__expansion *out, int in)
{
    in = tl__expand(out, "self_attn", &in, 1, "type: attention, heads: %lld, causal: %s, dropout: %.9g",
                    (long long)settings->heads, settings->causal ? "true" : "false", settings->dropout);
    return transformer_encoder_dropout(settings, out, "dropout1", in);
}

static int transformer_encoder_dense(const transformer_encoder_settings *settings, tl__expansion *out, int in)
{
    char activation[TL__EXPAND_ACTIVATION];
    size_t features = tl__expand_shape(out, in)->dim[1];
    bool told = out->node->common->activation != TL__ACTIVATION_AUTO;
    tl__expand_activation(out, activation);
    in = tl__expand(out, "linear1", &in, 1, "type: dense, nodes: %lld, %s",
                    settings->feedforward ? (long long)settings->feedforward : 4 * (long long)features,
                    told ? activation : "activation: relu");
    in = transformer_encoder_dropout(settings, out, "dropout", in);
    in = tl__expand(out, "linear2", &in, 1, "type: dense, nodes: %zu, activation: none", features);
    return transformer_encoder_dropout(settings, out, "dropout2", in);
}

static int transformer_encoder_sum(tl__expansion *out, const char *part, int a, int b)
{
    return tl__expand(out, part, (const int[]){a, b}, 2, "type: add");
}

static int transformer_encoder_norm(tl__expansion *out, const char *part, int in)
{
    return tl__expand(out, part, &in, 1, "type: layer_norm");
}

static void transformer_encoder_layers(const transformer_encoder_settings *settings, tl__expansion *out)
{
    char activation[TL__EXPAND_ACTIVATION], part[8] = "";
    tl__expand_activation(out, activation);
    for (int64_t i = 0; i < settings->num_layers; i++) {
        tl__format(part, sizeof part, "%d", (int)i);
        tl__expand(out, part, NULL, 0, "type: transformer_encoder, heads: %lld, feedforward: %lld, dropout: %.9g, "
                   "norm: %s, causal: %s%s%s", (long long)settings->heads, (long long)settings->feedforward,
                   settings->dropout, transformer_encoder_norms[settings->norm], settings->causal ? "true" : "false",
                   out->node->common->activation != TL__ACTIVATION_AUTO ? ", " : "",
                   out->node->common->activation != TL__ACTIVATION_AUTO ? activation : "");
    }
}

static void transformer_encoder_expand(const tl__site *site, tl__expansion *out)
{
    const transformer_encoder_settings *settings = site->settings;
    int in = site->node->inputs[0];
    if (tl__expand_shape(out, in)->rank != 2) {
        tl__expand_refuse(out, "needs [time, features]");
        return;
    }
    if (settings->num_layers > 1) {
        transformer_encoder_layers(settings, out);
    } else if (settings->norm == TRANSFORMER_ENCODER_POST) {
        int sum = transformer_encoder_sum(out, "sum1", in, transformer_encoder_attention(settings, out, in));
        in = transformer_encoder_norm(out, "norm1", sum);
        sum = transformer_encoder_sum(out, "sum2", in, transformer_encoder_dense(settings, out, in));
        transformer_encoder_norm(out, "norm2", sum);
    } else {
        int norm = transformer_encoder_norm(out, "norm1", in);
        in = transformer_encoder_sum(out, "sum1", in, transformer_encoder_attention(settings, out, norm));
        norm = transformer_encoder_norm(out, "norm2", in);
        transformer_encoder_sum(out, "sum2", in, transformer_encoder_dense(settings, out, norm));
    }
    tl__expand(out, NULL, NULL, 0, "type: activation, activation: none");
}

TL_PRIV const tl__member_head *tl__layer_transformer_encoder(void)
{
    static const tl__layer_example examples[] = {
        {"heads: 2, feedforward: 5, dropout: 0", 1, {{2, {3, 4}}}},
        {"heads: 1, feedforward: 3, dropout: 0.25, norm: pre, activation: gelu, causal: true", 1, {{2, {4, 3}}}},
        {"heads: 1, num_layers: 2, dropout: 0, norm: pre", 1, {{2, {1, 2}}}}
    };
    static const tl__layer layer = {
        .head = {.name = "transformer_encoder", .aliases = "transformer_encoder_layer",
                 .help = "Layers of a Transformer's encoder: x = norm(x + attention(x)), then x = norm(x + W2 act(W1 "
                         "x)), or with `norm: pre` the norms before attention and W1 (Vaswani and others, 2017; Xiong "
                         "and others, 2020). `activation` is act; relu where nothing is said.",
                 .rows = transformer_encoder_rows, .settings_size = sizeof(transformer_encoder_settings)},
        .inputs_min = 1, .inputs_max = 1, .takes_activation = true, .expand = transformer_encoder_expand,
        .examples = examples, .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}

#endif
