/* Any bytes as a list of models that predict together, beside two models: rows are predicted, or it is refused with a
 * message. */
#include "fuzz/folder.h"

static void make_models(tl_context *context)
{
    static bool made;
    static const char *const names[] = {"a.safetensors", "b.safetensors"};
    if (made) return;
    for (int i = 0; i < 2; i++) {
        tl_graph *graph;
        tl_model *model;
        fuzz_must(tl_graph_new(context, &graph) == TL_OK);
        tl_node node = tl_graph_add(graph, "dense", tl_graph_input(graph, "x", 2), "nodes: 2");
        fuzz_must(tl_model_new(context, graph, node, &model, NULL) == TL_OK);
        fuzz_must(tl_model_save(model, fuzz_path(names[i]), NULL) == TL_OK);
        tl_graph_free(graph);
        tl_model_free(model);
    }
    fuzz_file("d.csv", "x1,x2\n1,2\n3,4\n", 14);
    made = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    tl_context *context = fuzz_context();
    tl_options options = TL_OPTIONS;
    tl_error error = {0};
    tl_value *value;
    make_models(context);
    size_t before = tl_context_memory(context);
    options.data = fuzz_path("d.csv");
    if (tl_predict_file(context, fuzz_file("list.json", bytes, size), &options, &value, &error) == TL_OK)
        tl_value_free(context, value);
    else fuzz_must(error.message[0] != '\0');
    fuzz_must(tl_context_memory(context) == before);
    tl_context_free(context);
    return 0;
}
