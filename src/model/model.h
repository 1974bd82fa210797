/* A model: a graph, its weights, and the pipeline that makes its inputs from raw columns. One safetensors file holds
 * all of it: the tensors under PyTorch's names and in its layout, the rest as JSON texts in the metadata. Nothing in
 * the file tells of time, place, threads or kernel set, so equal trainings give equal bytes.
 *
 *     metadata key        holds
 *     trainlib            the version that wrote it
 *     format_version      TL__MODEL_FORMAT
 *     numerics            "canonical 3": class and version of the arithmetic
 *     network             {output: name, layers: [...]}
 *     link                "softmax", "sigmoid", "none": what makes predictions of the network's outputs
 *     pipeline            data/pipeline.h
 *     settings            the settings that results depend on, or {}
 *     metrics             the scores of the parts, or {}
 *     tensors_sha256      of all tensors' bytes in file order: a damaged file is told
 *
 * Names that begin with "training." are a checkpoint's own tensors (train/checkpoint.h); a model file that is loaded as
 * a model may have them, so a checkpoint is a model too. */
#ifndef TL_MODEL_MODEL_H
#define TL_MODEL_MODEL_H

#include "data/pipeline.h"
#include "nn/loss.h"
#include "nn/network.h"
#include "text/safetensors.h"

#define TL__MODEL_FORMAT "1"

struct tl_model {
    tl_context *context;        /* NULL: placed in memory that the caller gave (model/place.c) */
    tl__graph graph;
    tl__plan *plan;             /* for prediction of one row: the table of tensors */
    float *parameters;          /* tl__plan_parameter_floats, aligned to 64 bytes */
    tl__pipeline *pipeline;     /* owned */
    tl__link link;              /* of its loss: what makes predictions of the network's outputs */
    char *settings, *metrics;   /* JSON texts for the file; NULL: {} */
    struct tl__placed *placed;  /* model/place.c; NULL: a model on the heap */
};

/* A model over a graph; the graph's contents move into the model (also on failure: *graph is empty afterwards). The
 * pipeline is cloned (NULL: a plain one of the graph's shapes). Weights are drawn from `seed`. */
TL_PRIV tl_status tl__model_make(tl_context *context, tl__graph *graph, const tl__pipeline *pipeline, uint64_t seed,
                                 tl_model **out, tl_error *error);
/* After a change of what is frozen or learns at a rate of its own: plans again and moves the parameters to their new
 * places; the model stays as it was on failure. */
TL_PRIV tl_status tl__model_plan_again(tl_model *model, tl_error *error);
/* Replace the pipeline by a copy; the model stays as it was on failure. TL_BAD_SHAPE when it does not fit the
 * network. */
TL_PRIV tl_status tl__model_set_pipeline(tl_model *model, const tl__pipeline *pipeline, tl_error *error);
/* Replace a text that the file carries by the JSON of a tree; NULL: {}. */
TL_PRIV tl_status tl__model_set_settings(tl_model *model, const tl_value *settings);
TL_PRIV tl_status tl__model_set_metrics(tl_model *model, const tl_value *metrics);

/* Numbers that a prediction has per row: the network's outputs, or 2 where one sigmoid output tells two classes
 * apart. */
TL_PRIV size_t tl__model_predictions(const tl_model *model);
/* "canonical 3": the class and version of the context's arithmetic. */
TL_PRIV void tl__model_numerics(const tl_context *context, char out[32]);

/* ---- the file (model/file.c) ---- */

/* The graph as the file's text, appended: what two models share that are the same network. */
TL_PRIV tl_status tl__model_network_text(const tl_model *model, tl__heap *heap, tl__buffer *out);

/* What a file holds besides the model; all of it may be empty. */
typedef struct tl__model_extra {
    const tl__tensor_source *tensors;     /* names begin with "training." */
    size_t tensor_count;
    const tl__metadata *metadata;
    size_t metadata_count;
} tl__model_extra;
/* The whole file through `write`; `heap` for what writing needs (write NULL: only that, to measure). A parameter that
 * is not finite: TL_NOT_FINITE with the tensor's name, before anything is written. */
TL_PRIV tl_status tl__model_write(const tl_model *model, tl__heap *heap, const tl__model_extra *extra,
                                  tl__write_fn *write, void *user, tl_error *error);
/* Replace the file `path` as a whole. */
TL_PRIV tl_status tl__model_write_file(const tl_model *model, tl_context *context, const tl__model_extra *extra,
                                       const char *path, bool sync, tl_error *error);
/* A model from a file that was read; `name` for messages. */
TL_PRIV tl_status tl__model_from_file(tl_context *context, const tl__safetensors *file, const char *name,
                                      tl_model **out,
                                      tl_error *error);
/* The tensors of a file into an array laid out by the model's plan: all there, of the right shapes, finite. Names that
 * neither the model nor "training." have are mistakes. */
TL_PRIV tl_status tl__model_read_tensors(const tl_model *model, const tl__safetensors *file, const char *name,
                                         float *parameters, tl_error *error);

/* TL_BAD_FILE when the tensors are not those that were written with the file. */
TL_PRIV tl_status tl__model_check_hash(const tl__safetensors *file, const char *name, tl_error *error);

#endif
