/* Trains a classifier of iris flowers and asks it about one: the whole way through the C interface. */
#include <stdio.h>
#include "trainlib.h"

#define TRY(call) do { if ((call) != TL_OK) return fprintf(stderr, "%s\n", error.message), 1; } while (0)

int main(void)
{
    tl_error error = {0};
    tl_context *ctx = tl_context_new(NULL);
    tl_dataset *data; tl_graph *graph; tl_model *model; tl_predictor *predictor; tl_scores test;
    const float sample[4] = {5.9f, 3.0f, 5.1f, 1.8f};
    float probability[3];

    TRY(tl_dataset_read(ctx, "iris.csv", "target: -1, split: {validation: 0.2, test: 0.2}, normalize: standard", &data, &error));
    TRY(tl_graph_new(ctx, &graph));
    tl_node x = tl_graph_input(graph, "x", 4);
    tl_node h = tl_graph_add(graph, "dense", x, "nodes: 16, activation: relu");
    tl_node y = tl_graph_add(graph, "dense", h, "nodes: 3");
    TRY(tl_model_new(ctx, graph, y, &model, &error));
    TRY(tl_train(model, data, "epochs: 100, optimizer: adam, loss: cross_entropy, learning_rate: 0.01", NULL, NULL, &error));
    TRY(tl_score(model, data, TL_TEST, &test, &error));
    TRY(tl_model_save(model, "iris.safetensors", &error));
    TRY(tl_predictor_new(model, 1, &predictor, &error));
    TRY(tl_predict(predictor, sample, 1, probability));

    printf("test accuracy %.3f\n", test.accuracy);
    for (size_t i = 0; i < 3; i++) printf("%-16s %.3f\n", tl_model_class(model, i), probability[i]);

    tl_predictor_free(predictor);
    tl_model_free(model);
    tl_graph_free(graph);
    tl_dataset_free(data);
    tl_context_free(ctx);
    return 0;
}
