/* What a model file tells of its network: the input is lines "key value" that take the place of the metadata of a good
 * file. A model that is loaded can predict and is written and loaded again; any other is refused with a message. */
#include "fuzz/metadata.h"
#include "model/model.h"

static tl_status good_file(tl_context *context, tl__buffer *out)
{
    tl_graph *graph;
    tl_model *model;
    fuzz_must(tl_graph_new(context, &graph) == TL_OK);
    tl_node node = tl_graph_add(graph, "dense", tl_graph_input(graph, "x", 2), "nodes: 3");
    node = tl_graph_add(graph, "dense", node, "nodes: 2");
    fuzz_must(tl_model_new(context, graph, node, &model, NULL) == TL_OK);
    tl_graph_free(graph);
    tl_status status = tl__model_write(model, &context->heap, NULL, tl__write_to_buffer, out, NULL);
    tl_model_free(model);
    return status;
}

static void predict(tl_context *context, const tl_model *model)
{
    tl_predictor *predictor;
    tl_error error = {0};
    size_t inputs = tl_model_inputs(model), outputs = tl__model_predictions(model);
    float *row = tl__alloc_zero(&context->heap, inputs + outputs, sizeof *row);
    if (row && tl_predictor_new(model, 1, &predictor, &error) == TL_OK) {
        tl_predict(predictor, row, 1, row + inputs);
        tl_predictor_free(predictor);
    }
    tl__free(&context->heap, row, row ? (inputs + outputs) * sizeof *row : 0);
}

static void load(tl_context *context, const tl__buffer *bytes, bool again)
{
    tl__safetensors file;
    tl_model *model = NULL;
    tl_error error = {0};
    if (tl__safetensors_read(&file, &context->heap, bytes->data, bytes->size, "fuzz", &error) != TL_OK) {
        fuzz_must(!again);
        return;
    }
    if (tl__model_from_file(context, &file, "fuzz", &model, &error) == TL_OK) {
        predict(context, model);
        tl__buffer out;
        tl__buffer_init(&out, &context->heap);
        fuzz_must(tl__model_write(model, &context->heap, NULL, tl__write_to_buffer, &out, NULL) == TL_OK);
        if (!again) load(context, &out, true);
        tl__buffer_free(&out);
        tl_model_free(model);
    } else {
        fuzz_must(!again && error.message[0] != '\0');
    }
    tl__safetensors_free(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    tl__safetensors file;
    tl__buffer good, out;
    tl_context *context = fuzz_context();
    size_t before = tl_context_memory(context);
    char *text = fuzz_text(bytes, size);
    tl__buffer_init(&good, &context->heap);
    tl__buffer_init(&out, &context->heap);
    fuzz_must(good_file(context, &good) == TL_OK);
    fuzz_must(tl__safetensors_read(&file, &context->heap, good.data, good.size, "good", NULL) == TL_OK);
    if (fuzz_metadata(&context->heap, &file, text, &out)) load(context, &out, false);
    tl__safetensors_free(&file);
    tl__buffer_free(&good);
    tl__buffer_free(&out);
    free(text);
    fuzz_must(tl_context_memory(context) == before);
    tl_context_free(context);
    return 0;
}
