/* The same numbers in another shape. Nothing moves: input and output are one array. */
#include "nn/layer.h"

typedef struct reshape_settings {
    tl__int_list shape;
} reshape_settings;

static const tl__field reshape_rows[] = {
    {.name = "shape", .kind = TL__FIELD_INT_LIST, .flags = TL__RESULT | TL__REQUIRED,
     .offset = offsetof(reshape_settings, shape), .min = -1, .max = 1073741824,
     .help = "of one row of data; one of the sizes may be -1: as many as are left"},
    {.name = NULL}
};

static const char *reshape_shape(const tl__site *site, tl__shape *out)
{
    const reshape_settings *settings = site->settings;
    size_t size = tl__shape_size(tl__site_in(site, 0)), known = 1;
    int open = -1;
    if (settings->shape.count < 1 || settings->shape.count > TL__SHAPE_RANK)
        return "needs a `shape` of one to three sizes";
    out->rank = (int)settings->shape.count;
    for (int i = 0; i < out->rank; i++) {
        int64_t wanted = settings->shape.items[i];
        if (wanted == 0 || (wanted < 0 && open >= 0)) return "needs a `shape` of sizes above 0, at most one of them -1";
        if (wanted < 0) open = i;
        out->dim[i] = wanted < 0 ? 1 : (size_t)wanted;
        if (!tl__size_mul(known, out->dim[i], &known)) return "needs a `shape` of as many numbers as the input has";
    }
    if (open >= 0 && size % known == 0) out->dim[open] = size / known;
    if (open >= 0 ? size % known != 0 : size != known) return "needs a `shape` of as many numbers as the input has";
    return NULL;
}

static bool reshape_identity(const tl__site *site, bool training)
{
    (void)site;
    (void)training;
    return true;
}

static double reshape_flops(const tl__site *site)
{
    (void)site;
    return 0;
}

TL_PRIV const tl__member_head *tl__layer_reshape(void)
{
    static const tl__layer_example examples[] = {
        {"shape: [3, 4]", 1, {{1, {12}}}}, {"shape: [2, -1]", 1, {{3, {2, 3, 2}}}}, {"shape: [-1]", 1, {{2, {1, 5}}}}
    };
    static const tl__layer layer = {
        .head = {.name = "reshape", .help = "The same numbers in another shape, in the order in which they are.",
                 .rows = reshape_rows, .settings_size = sizeof(reshape_settings)},
        .inputs_min = 1, .inputs_max = 1, .shape = reshape_shape, .identity = reshape_identity, .flops = reshape_flops,
        .examples = examples, .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}
