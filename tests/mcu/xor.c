/* A program without malloc, files or a parser: trains XOR in memory planned ahead, and prints a hash of the weights'
 * effect. The same source runs on the PC and on Cortex-M; the outputs must be equal to the last bit. */
#include "trainlib.h"

void board_print(const char *text);    /* board.c or host.c */

static const int from_0[] = {0}, from_1[] = {1};
static const tl_setting sizes[] = {{"nodes", 2, NULL}, {"nodes", 8, NULL}, {"nodes", 1, NULL}};
static const tl_setting tanh_hidden[] = {{"nodes", 8, NULL}, {"activation", 0, "tanh"}};
static const tl_layer_description layers[] = {
    {"input", NULL, 0, &sizes[0], 1},
    {"dense", from_0, 1, tanh_hidden, 2},
    {"dense", from_1, 1, &sizes[2], 1},
};
static const tl_model_description network = {
    layers, 3, NULL, 0, 7, 4, "mse", "adam", NULL, 0, 0.05f,
};

static const float inputs[] = {0, 0, 0, 1, 1, 0, 1, 1};
static const float targets[] = {0, 1, 1, 0};

static union { unsigned char bytes[65536]; double alignment; } arena;

static void print_number(const char *name, uint32_t number)
{
    char text[16];
    int at = 15;
    text[at] = 0;
    do text[--at] = (char)('0' + number % 10); while ((number /= 10) != 0);
    board_print(name);
    board_print(text + at);
    board_print("\n");
}

static uint32_t bits_of(float value)
{
    union { float value; uint32_t bits; } both = {value};
    return both.bits;
}

int board_main(void)
{
    tl_model *model = NULL;
    size_t bytes = tl_model_bytes(&network, TL_FOR_TRAINING);
    float loss = 1.0f, outputs[4];
    uint32_t hash = 2166136261u;
    if (bytes == 0 || bytes > sizeof arena) return 1;
    if (tl_model_place(&network, TL_FOR_TRAINING, arena.bytes, bytes - 1, &model) == TL_OK) return 2;
    if (tl_model_place(&network, TL_FOR_TRAINING, arena.bytes, bytes, &model) != TL_OK) return 3;
    for (int step = 0; step < 300; step++) loss = tl_train_step(model, inputs, targets, 4);
    if (tl_infer(model, inputs, 4, outputs) != TL_OK) return 4;
    for (int i = 0; i < 4; i++) hash = (hash ^ bits_of(outputs[i])) * 16777619u;
    print_number("loss bits ", bits_of(loss));
    print_number("output hash ", hash);
    return loss < 0.01f ? 0 : 5;
}
