/* Models in memory that the caller gives: no allocator, no files, no parser. The memory is, from its beginning:
 *
 *     model, placed    the structs below
 *     nodes, settings  the graph (nn/graph.h) and the settings of loss and optimizer
 *     plan             nn/plan.h
 *     network          weights, and for training gradients, optimizer state and activations: nn/network.h
 *
 * The size of the network is known only when the graph and the plan stand, so tl_model_bytes builds them too, on its
 * own stack, in the smallest of a few rooms that they fit in. */
#include "model/model.h"

#include "base/math.h"
#include "kernels/kernels.h"
#include "nn/optimizer.h"

enum { PLACE_ROOM = 4096, PLACE_SETTINGS = 256 };

struct tl__placed {
    tl__network *network;
    const tl__kernels *kernels;
    const tl__loss *loss;              /* NULL: predictions are the outputs as they are */
    const tl__optimizer *optimizer;    /* NULL: prediction only */
    double learning_rate;
    int64_t step;
    int max_rows;
    size_t outputs, predictions;
};

/* What is built first; the rest of the memory is the network's. */
struct place_parts {
    tl_model *model;
    struct tl__placed *placed;
    tl__graph_node *nodes;
    unsigned char *settings;
    void *loss_settings, *optimizer_settings;
    size_t settings_size;
};

static void place_carve(tl__carver *carver, struct place_parts *parts, const tl_model_description *description)
{
    parts->settings_size = tl__graph_settings_bytes(description->layers, description->layer_count);
    parts->model = TL_CARVE(carver, tl_model, 1);
    parts->placed = TL_CARVE(carver, struct tl__placed, 1);
    parts->nodes = TL_CARVE(carver, tl__graph_node, (size_t)description->layer_count);
    parts->settings = TL_CARVE(carver, unsigned char, parts->settings_size);
    parts->loss_settings = TL_CARVE(carver, unsigned char, PLACE_SETTINGS);
    parts->optimizer_settings = TL_CARVE(carver, unsigned char, PLACE_SETTINGS);
}

/* Settings by name into a member's struct; false: one is unknown, of another kind, or out of its range. */
static bool place_settings(const tl__member_head *member, const tl_setting *settings, int count, unsigned char *block)
{
    if (member->settings_size > PLACE_SETTINGS) return false;
    if (member->rows) tl__field_defaults(member->rows, block);
    for (int i = 0; i < count; i++) {
        double number = settings[i].number;
        const char *name = settings[i].name;
        const tl__field *row = member->rows ? tl__field_find(member->rows, name, strlen(name), NULL) : NULL;
        if (!row || number != number || ((row->min < row->max) && (number < row->min || number > row->max)))
            return false;
        if (row->kind == TL__FIELD_FLOAT) *(double *)(void *)(block + row->offset) = number;
        else if (row->kind == TL__FIELD_INT) *(int64_t *)(void *)(block + row->offset) = (int64_t)number;
        else if (row->kind == TL__FIELD_BOOL) *(bool *)(void *)(block + row->offset) = number != 0;
        else return false;
    }
    return true;
}

static tl_status place_members(const tl_model_description *description, tl_purpose purpose,
                               const struct place_parts *parts)
{
    struct tl__placed *placed = parts->placed;
    if (description->loss) {
        placed->loss = tl__loss_find(description->loss, NULL);
        if (!placed->loss || !place_settings(&placed->loss->head, NULL, 0, parts->loss_settings)) return TL_NOT_FOUND;
        parts->model->link = placed->loss->link;
    }
    if (purpose != TL_FOR_TRAINING) return TL_OK;
    if (!placed->loss || !description->optimizer) return TL_INVALID;
    placed->optimizer = tl__optimizer_find(description->optimizer, NULL);
    if (!placed->optimizer) return TL_NOT_FOUND;
    if (!place_settings(&placed->optimizer->head, description->optimizer_settings, description->optimizer_setting_count,
                        parts->optimizer_settings))
        return TL_BAD_CONFIG;
    return tl__optimizer_check(placed->optimizer, parts->optimizer_settings, NULL);
}

static tl_status place_graph(const tl_model_description *description, const struct place_parts *parts)
{
    tl__graph *graph = &parts->model->graph;
    tl__graph_init_fixed(graph, parts->nodes, description->layer_count, parts->settings, parts->settings_size);
    for (int i = 0; i < description->layer_count; i++)
        TL_TRY(tl__graph_add_description(graph, &description->layers[i], NULL));
    tl__graph_set_output(graph, description->layer_count - 1);
    TL_TRY(tl__graph_check(graph, NULL));
    return parts->placed->loss ? tl__graph_settle_link(graph, parts->placed->loss, NULL) : TL_OK;
}

/* Model, graph and plan in `memory`; *used is what they took. TL_OUT_OF_MEMORY: they do not fit. */
static tl_status place_head(const tl_model_description *description, tl_purpose purpose, void *memory, size_t size,
                            tl_model **out, size_t *used)
{
    struct place_parts parts;
    tl__carver counter = {0};
    size_t skip = -(uintptr_t)memory & 63;
    if (description->layer_count < 1 || description->layer_count > TL__MAX_NODES || description->max_rows < 1)
        return TL_INVALID;
    place_carve(&counter, &parts, description);
    if (counter.overflow || skip > size || counter.used > size - skip) return TL_OUT_OF_MEMORY;
    memset(memory, 0, skip + counter.used);
    tl__carver carver = {.base = (unsigned char *)memory + skip};
    place_carve(&carver, &parts, description);
    TL_TRY(place_members(description, purpose, &parts));
    TL_TRY(place_graph(description, &parts));
    tl_model *model = parts.model;
    struct tl__placed *placed = parts.placed;
    placed->kernels = tl__kernels_choose(NULL);
    placed->outputs = tl__shape_size(tl__graph_output_shape(&model->graph));
    placed->predictions = placed->outputs == 1 && model->link == TL__LINK_SIGMOID ? 2 : placed->outputs;
    placed->max_rows = description->max_rows;
    placed->learning_rate = (double)description->learning_rate;
    bool values = placed->loss && placed->loss->fits & TL__FITS_VALUES;
    tl__plan_options options = {
        .kernels = placed->kernels, .workers = 1, .training = purpose == TL_FOR_TRAINING,
        .max_rows = (size_t)description->max_rows, .own_parameters = true, .loss = placed->loss,
        .loss_settings = parts.loss_settings, .target_width = values ? placed->outputs : 0,
        .optimizer = placed->optimizer, .optimizer_settings = parts.optimizer_settings, .seed = description->seed,
    };
    size_t head = skip + carver.used, plan = tl__plan_size(&model->graph);
    if (plan > size - head) return TL_OUT_OF_MEMORY;
    TL_TRY(tl__plan_place((unsigned char *)memory + head, plan, &model->graph, &options, &model->plan, NULL));
    model->placed = placed;
    *used = head + plan;
    *out = model;
    return TL_OK;
}

/* What a placed model takes in memory that begins anywhere on a 16-byte line: the head, 48 bytes for its alignment, and
 * the network. *fits false: the room was too small to say. */
static size_t place_measure(const tl_model_description *description, tl_purpose purpose, void *room, size_t size,
                            bool *fits)
{
    tl_model *model;
    size_t used, skip = -(uintptr_t)room & 63, total;
    tl__plan_totals totals;
    tl_status status = place_head(description, purpose, room, size, &model, &used);
    *fits = status != TL_OUT_OF_MEMORY;
    if (status != TL_OK) return 0;
    tl__plan_totals_of(model->plan, &totals);
    return tl__size_add(used - skip + 48, totals.network, &total) ? total : 0;
}

/* Rooms grow so that a small network needs a small stack only. */
#define PLACE_MEASURE(name, factor)                                                                                  \
    static size_t name(const tl_model_description *description, tl_purpose purpose, bool *fits)                      \
    {                                                                                                                \
        uint64_t room[PLACE_ROOM * (factor) / sizeof(uint64_t)];                                                      \
        return place_measure(description, purpose, room, sizeof room, fits);                                         \
    }
PLACE_MEASURE(place_measure_small, 1)
PLACE_MEASURE(place_measure_medium, 4)
PLACE_MEASURE(place_measure_large, 32)
#undef PLACE_MEASURE

TL_API size_t tl_model_bytes(const tl_model_description *description, tl_purpose purpose)
{
    bool fits;
    size_t bytes = place_measure_small(description, purpose, &fits);
    if (!fits) bytes = place_measure_medium(description, purpose, &fits);
    if (!fits) bytes = place_measure_large(description, purpose, &fits);
    return bytes;
}

static void place_weights(const tl_model *model, const tl_model_description *description)
{
    if (!description->weights) {
        tl__plan_initialize(model->plan, description->seed, model->parameters);
        return;
    }
    for (int i = 0; i < tl__plan_tensor_count(model->plan); i++) {
        const tl__tensor *tensor = tl__plan_tensor(model->plan, i);
        tl__tensor_from_file(tensor, model->parameters + tensor->offset, description->weights[i]);
    }
}

TL_API tl_status tl_model_place(const tl_model_description *description, tl_purpose purpose, void *memory, size_t size,
                                tl_model **out)
{
    tl_model *model;
    size_t used;
    if ((uintptr_t)memory % 16 != 0) return TL_INVALID;
    size_t needed = tl_model_bytes(description, purpose);
    if (needed == 0) return TL_INVALID;
    if (size < needed) return TL_OUT_OF_MEMORY;
    TL_TRY(place_head(description, purpose, memory, size, &model, &used));
    if (description->weights && description->weight_count != tl__plan_tensor_count(model->plan)) return TL_BAD_SHAPE;
    TL_TRY(tl__network_place((unsigned char *)memory + used, size - used, model->plan, NULL, &model->placed->network));
    model->parameters = tl__network_parameters(model->placed->network);
    place_weights(model, description);
    *out = model;
    return TL_OK;
}

TL_API float tl_train_step(tl_model *model, const float *inputs, const float *targets, int rows)
{
    struct tl__placed *placed = model->placed;
    float nan = tl__nan();
    if (!placed || !placed->optimizer || rows < 1 || rows > placed->max_rows) return nan;
    tl__rows batch = {.inputs = inputs, .targets = targets, .rows = (size_t)rows, .step = (uint32_t)placed->step};
    tl__update update = {.step = placed->step + 1, .learning_rate = placed->learning_rate};
    tl__step_result result;
    if (tl__network_step(placed->network, NULL, &batch, &update, &result, NULL) != TL_OK) {
        tl__network_forget(placed->network);
        return nan;
    }
    placed->step++;
    return (float)result.loss;
}

TL_API tl_status tl_infer(tl_model *model, const float *inputs, int rows, float *outputs)
{
    struct tl__placed *placed = model->placed;
    const float *raw;
    if (!placed) return TL_INVALID;
    if (rows < 0 || rows > placed->max_rows) return TL_OUT_OF_RANGE;
    if (rows == 0) return TL_OK;
    TL_TRY(tl__network_forward(placed->network, NULL, inputs, (size_t)rows, &raw));
    tl__link_apply(placed->kernels, model->link, raw, (size_t)rows, placed->outputs, outputs, placed->predictions);
    return TL_OK;
}
