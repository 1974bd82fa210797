/* Training by hand with a callback of one's own: it reads figures of each epoch by their names in metrics.csv, and ends
 * the training when the weights hardly move any more. */
#include <stdio.h>
#include "trainlib.h"

static bool on_progress(void *user, const tl_progress *progress)
{
    int *calm = user;
    if (!progress->epoch_end) return true;    /* in between there is no record */
    double norm = tl_epoch_figure(progress->record, "param_norm");
    double change = tl_epoch_figure(progress->record, "param_change_magnitude");
    if (progress->epoch % 20 == 0)
        printf("epoch %3lld  loss %.3f  gradient %.4f  first layer %.4f  weights moved %.2f %%\n",
               (long long)progress->epoch, progress->loss, tl_epoch_figure(progress->record, "gradient_norm_avg"),
               tl_epoch_figure(progress->record, "dense_1.gradient_norm"), 100 * change / norm);
    *calm = progress->epoch > 1 && change < 0.005 * norm ? *calm + 1 : 0;
    return *calm < 3;
}

int main(void)
{
    tl_error error = {0};
    int calm = 0;
    tl_context *context = tl_context_new(NULL);
    tl_dataset *data = NULL;
    tl_graph *graph = NULL;
    tl_model *model = NULL;
    tl_status status = tl_dataset_read(context, "iris.csv", "target: -1, normalize: standard", &data, &error);
    if (status == TL_OK) status = tl_graph_new(context, &graph);
    if (status == TL_OK) {
        tl_node node = tl_graph_input(graph, "measurements", tl_dataset_features(data));
        node = tl_graph_add(graph, "dense", node, "nodes: 16, activation: relu");
        node = tl_graph_add(graph, "dense", node, "nodes: 3");
        status = tl_model_new(context, graph, node, &model, &error);
    }
    if (status == TL_OK)
        status = tl_train(model, data, "epochs: 500, learning_rate: 0.005, detailed_analytics: true", on_progress, &calm,
                          &error);
    printf("%s: %s\n", tl_status_text(status), error.message);
    tl_model_free(model);
    tl_graph_free(graph);
    tl_dataset_free(data);
    tl_context_free(context);
    return status == TL_CANCELLED ? 0 : 1;
}
