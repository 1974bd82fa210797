/* A network in memory that you give: no file, no malloc. It learns XOR. */
#include <stdio.h>
#include "trainlib.h"

static const int from_0[] = {0}, from_1[] = {1};
static const tl_setting inputs_2[] = {{"nodes", 2, NULL}}, outputs_1[] = {{"nodes", 1, NULL}};
static const tl_setting hidden_8[] = {{"nodes", 8, NULL}, {"activation", 0, "tanh"}};
static const tl_layer_description layers[] = {
    {"input", NULL, 0, inputs_2, 1},
    {"dense", from_0, 1, hidden_8, 2},
    {"dense", from_1, 1, outputs_1, 1},
};
static const tl_model_description network = {
    .layers = layers, .layer_count = 3, .seed = 7, .max_rows = 4,
    .loss = "mse", .optimizer = "adam", .learning_rate = 0.05f,
};
static _Alignas(16) unsigned char memory[65536];

int main(void)
{
    const float inputs[] = {0, 0, 0, 1, 1, 0, 1, 1}, targets[] = {0, 1, 1, 0};
    float loss = 1.0f, outputs[4];
    tl_model *model;
    printf("bytes to predict %zu, to train %zu\n", tl_model_bytes(&network, TL_FOR_PREDICTION),
           tl_model_bytes(&network, TL_FOR_TRAINING));
    if (tl_model_place(&network, TL_FOR_TRAINING, memory, sizeof memory, &model) != TL_OK) return 1;
    for (int step = 0; step < 300; step++) loss = tl_train_step(model, inputs, targets, 4);
    if (tl_infer(model, inputs, 4, outputs) != TL_OK) return 1;
    printf("loss %.5f  outputs %.2f %.2f %.2f %.2f\n", loss, outputs[0], outputs[1], outputs[2], outputs[3]);
    return 0;
}
