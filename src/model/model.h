/* A model: a graph, its weights, and the pipeline that makes its inputs from raw columns. One safetensors file holds all of
 * it: the tensors under PyTorch's names and in its layout, the rest as JSON texts in the metadata. Nothing in the file tells
 * of time, place, threads or kernel set, so equal trainings give equal bytes.
 *
 *     metadata key        holds
 *     trainlib            the version that wrote it
 *     format_version      TL__MODEL_FORMAT
 *     numerics            "canonical 1": class and version of the arithmetic
 *     network             {output: name, layers: [...]}
 *     link                "softmax", "sigmoid", "none": what makes predictions of the network's outputs
 *     pipeline            data/pipeline.h
 *     settings            the settings that results depend on, or {}
 *     metrics             the scores of the parts, or {}
 *
 * Names that begin with "training." are a checkpoint's own tensors (train/checkpoint.h); a model file that is loaded as a
 * model may have them, so a checkpoint is a model too. */
#ifndef TL_MODEL_MODEL_H
#define TL_MODEL_MODEL_H

#include "data/pipeline.h"
#include "nn/loss.h"
#include "nn/network.h"
#include "text/value.h"

#define TL__MODEL_FORMAT 1

struct tl_model {
    tl_context *context;        /* NULL: placed in memory that the caller gave (model/place.c) */
    tl__graph graph;
    tl__plan *plan;             /* for prediction of one row: the table of tensors */
    float *parameters;          /* tl__plan_parameter_floats, aligned to 64 bytes */
    tl__pipeline *pipeline;     /* owned */
    tl__link link;              /* of its loss: what makes predictions of the network's outputs */
    char *settings, *metrics;   /* JSON texts for the file; NULL: {} */
    size_t bytes;               /* of all blocks of this object, pipeline and texts left out */
    struct tl__placed *placed;  /* model/place.c; NULL: a model on the heap */
};

/* A model over a graph; the graph's contents move into the model (also on failure: *graph is empty afterwards). The
 * pipeline is cloned (NULL: a plain one of the graph's shapes). Weights are drawn from `seed`. */
TL_PRIV tl_status tl__model_make(tl_context *context, tl__graph *graph, const tl__pipeline *pipeline, uint64_t seed,
                                 tl_model **out, tl_error *error);
/* Replace the pipeline by a copy; the model stays as it was on failure. TL_BAD_SHAPE when it does not fit the network. */
TL_PRIV tl_status tl__model_set_pipeline(tl_model *model, const tl__pipeline *pipeline, tl_error *error);
/* Replace a text that the file carries ("settings" or "metrics") by the JSON of a tree; NULL: {}. */
TL_PRIV tl_status tl__model_set_settings(tl_model *model, const tl_value *settings);
TL_PRIV tl_status tl__model_set_metrics(tl_model *model, const tl_value *metrics);

/* Numbers that a prediction has per row: the network's outputs, or 2 where one sigmoid output tells two classes apart. */
TL_PRIV size_t tl__model_predictions(const tl_model *model);

#endif
