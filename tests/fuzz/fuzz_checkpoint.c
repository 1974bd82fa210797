/* What a checkpoint tells. Up to the first line end: bytes of its arrays, four of the input for each (tensor, place, and
 * what to add); then lines "key value" of its metadata. Training goes on from what is taken, or it is refused with a
 * message. */
#include "fuzz/metadata.h"
#include "train/train.h"

typedef struct training {
    tl_context *context;
    tl_dataset *data;
    tl_model *model;
    tl__arena arena;
    tl__tree *tree;
    tl__train_settings settings;
    tl__trainer *trainer;
    size_t memory;               /* of the context alone */
} training;

static void begin(training *t)
{
    static const char settings[] = "epochs: 3, batch_size: 4, keep: patience, early_stopping: {patience: 2}, "
                                   "lr_scheduler: {type: reduce_on_plateau, patience: 1}";
    float inputs[24], targets[12];
    tl_graph *graph;
    tl_error error = {0};
    for (int i = 0; i < 24; i++) inputs[i] = (float)(i * 7 % 5);
    for (int i = 0; i < 12; i++) targets[i] = (float)(i % 2);
    memset(t, 0, sizeof *t);
    t->context = fuzz_context();
    t->memory = tl_context_memory(t->context);
    fuzz_must(tl_dataset_from_arrays(t->context, inputs, targets, 12, 2, 2, 2, "split: {validation: 0.25, test: 0}", &t->data,
                                     &error) == TL_OK);
    fuzz_must(tl_graph_new(t->context, &graph) == TL_OK);
    tl_node node = tl_graph_add(graph, "dense", tl_graph_input(graph, "x", 2), "nodes: 2");
    fuzz_must(tl_model_new(t->context, graph, node, &t->model, &error) == TL_OK);
    tl_graph_free(graph);
    fuzz_ok(tl__train_read(t->context, settings, &t->arena, &t->tree, &t->settings, &error), &error);
    const tl__trainer_options options = {.settings = &t->settings, .seed = 7, .folder = fuzz_folder(), .analytics = true};
    fuzz_ok(tl__trainer_new(t->model, t->data, &options, &t->trainer, &error), &error);
}

static void end(training *t)
{
    tl__trainer_free(t->trainer);
    tl_model_free(t->model);
    tl__tree_free(t->tree);
    tl__arena_free(&t->arena);
    tl_dataset_free(t->data);
    fuzz_must(tl_context_memory(t->context) == t->memory);
    tl_context_free(t->context);
}

/* The good checkpoint, made once: its bytes. */
static const tl__buffer *good(void)
{
    static tl__buffer bytes;
    static tl__heap heap;
    if (bytes.data) return &bytes;
    training t;
    begin(&t);
    fuzz_must(tl__trainer_run_steps(t.trainer, 4, NULL) == TL_CANCELLED);
    end(&t);
    tl__heap_init(&heap, NULL, FUZZ_MEMORY);
    tl__buffer_init(&bytes, &heap);
    fuzz_must(tl__file_read(fuzz_path("checkpoint.safetensors"), &bytes, FUZZ_MEMORY, NULL) == TL_OK);
    return &bytes;
}

static const char *make(const uint8_t *bytes, size_t size)
{
    tl__heap heap;
    tl__safetensors file;
    tl__buffer copy, out;
    tl__heap_init(&heap, NULL, FUZZ_MEMORY);
    tl__buffer_init(&copy, &heap);
    tl__buffer_init(&out, &heap);
    tl__buffer_add(&copy, good()->data, good()->size);
    fuzz_must(tl__safetensors_read(&file, &heap, copy.data, copy.size, "good", NULL) == TL_OK);
    size_t at = 0;
    for (; at + 4 <= size && bytes[at] != '\n'; at += 4) {
        const tl__tensor_view *view = &file.tensors[bytes[at] % file.count];
        size_t place = bytes[at + 1] + 256u * bytes[at + 2];
        if (view->size) copy.data[(size_t)((const char *)view->bytes - copy.data) + place % view->size] ^= (char)bytes[at + 3];
    }
    at += at < size;
    char *text = fuzz_text(bytes + at, size - at);
    const char *path = fuzz_metadata(&heap, &file, text, &out) ? fuzz_file("fuzz.safetensors", out.data, out.size) : NULL;
    free(text);
    tl__safetensors_free(&file);
    tl__buffer_free(&copy);
    tl__buffer_free(&out);
    return path;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    training t;
    tl_error error = {0};
    const char *path = make(bytes, size);
    if (!path) return 0;
    begin(&t);
    if (tl__trainer_resume(t.trainer, path, &error) == TL_OK) tl__trainer_run_steps(t.trainer, 4, &error);
    else fuzz_must(error.message[0] != '\0');
    end(&t);
    return 0;
}
