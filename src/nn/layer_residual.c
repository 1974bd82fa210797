/* A residual connection around the layers of a list: y = act(F(x) + x). He and others, "Deep residual learning", 2016.
 * Where F changes the number of features, x goes through a matrix of its own: y = act(F(x) + x W^T). */
#include "nn/expand.h"

#ifndef TL_FREESTANDING

typedef struct residual_settings {
    const tl_value *layers;
} residual_settings;

static const tl__field residual_rows[] = {
    {.name = "layers", .kind = TL__FIELD_TREE, .flags = TL__RESULT | TL__REQUIRED,
     .offset = offsetof(residual_settings, layers), .help = "what the input goes through before it is added"},
    {.name = NULL}
};

/* Is it the number of features alone in which the two differ? */
static bool residual_differs(const tl__shape *a, const tl__shape *b)
{
    if (a->rank != b->rank || a->dim[a->rank - 1] == b->dim[b->rank - 1]) return false;
    for (int i = 0; i + 1 < a->rank; i++)
        if (a->dim[i] != b->dim[i]) return false;
    return true;
}

static void residual_expand(const tl__site *site, tl__expansion *out)
{
    const residual_settings *settings = site->settings;
    int in = site->node->inputs[0], inner = tl__expand_list(out, "layers", settings->layers, in);
    const tl__shape *shape = tl__expand_shape(out, inner);
    char activation[TL__EXPAND_ACTIVATION];
    bool active = site->node->common->activation != TL__ACTIVATION_AUTO;
    if (out->status == TL_OK && residual_differs(tl__expand_shape(out, in), shape))
        in = tl__expand(out, "project", &in, 1, "type: dense, nodes: %zu, activation: none",
                        shape->dim[shape->rank - 1]);
    int sum = tl__expand(out, active ? "sum" : NULL, (const int[]){inner, in}, 2, "type: add");
    tl__expand_activation(out, activation);
    if (active) tl__expand(out, NULL, &sum, 1, "type: activation, %s", activation);
}

TL_PRIV const tl__member_head *tl__layer_residual(void)
{
    static const tl__layer_example examples[] = {
        {"layers: [{type: dense, nodes: 5, activation: tanh}]", 1, {{1, {5}}}},
        {"layers: [{type: dense, nodes: 3, activation: gelu}, layer_norm], activation: tanh", 1, {{2, {3, 4}}}},
        {"layers: [{type: residual, layers: [{type: dense, nodes: 7, activation: sigmoid}]}]", 1, {{1, {7}}}},
        {"layers: []", 1, {{1, {2}}}}
    };
    static const tl__layer layer = {
        .head = {.name = "residual",
                 .help = "The layers of its list with their input added to what they give: y = act(F(x) + x) (He and "
                         "others, 2016). Where they change the number of features, the input goes through a matrix: y "
                         "= act(F(x) + x W^T).",
                 .rows = residual_rows, .settings_size = sizeof(residual_settings)},
        .inputs_min = 1, .inputs_max = 1, .takes_activation = true, .expand = residual_expand, .examples = examples,
        .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}

#endif
