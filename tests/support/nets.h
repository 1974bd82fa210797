/* Small networks for tests: from a list of layers in YAML to something that runs. */
#ifndef TESTS_SUPPORT_NETS_H
#define TESTS_SUPPORT_NETS_H

#include "nn/layer.h"
#include "nn/loss.h"
#include "nn/network.h"
#include "nn/optimizer.h"
#include "text/yaml.h"

typedef struct net {
    tl__heap heap;
    tl__graph graph;
    tl__plan *plan;
    tl__network *network;
    tl__pool *pool;
    tl__arena arena;                /* settings of loss and optimizer */
} net;

/* Append the layers of "[{type: input, nodes: 4}, {type: dense, nodes: 3}]". */
tl_status net_layers(tl__graph *graph, const char *yaml, tl_error *error);

/* Options for training with `rows` rows on the machine's best kernels, one thread, own parameters, no loss or optimizer. */
tl__plan_options net_options(size_t rows);
/* A loss or optimizer by name with settings "momentum: 0.9"; for the options. The net owns the settings. */
void net_loss(net *n, tl__plan_options *options, const char *name, const char *settings, size_t target_width);
void net_optimizer(net *n, tl__plan_options *options, const char *name, const char *settings);

void net_init(net *n);
/* Plan and place n->graph (or of `yaml`, when it is not NULL) and draw weights from seed 1. Fails the test on any mistake. */
void net_make(net *n, const char *yaml, const tl__plan_options *options);
/* Frees all; fails the test when bytes are left in use. */
void net_free(net *n);

/* Reproducible numbers in [-1, 1). */
void net_fill(float *values, size_t count, uint32_t stream);
/* A parameter tensor by name ("dense_1.weight"), in memory order. */
float *net_tensor(net *n, const char *name, const tl__tensor **tensor);

#endif
