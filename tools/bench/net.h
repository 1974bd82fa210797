/* A network with data to learn, for the groups that train: layer sizes in, something that takes steps out. */
#ifndef TOOLS_BENCH_NET_H
#define TOOLS_BENCH_NET_H

#include "peer.h"

#include "nn/layer.h"
#include "nn/network.h"
#include "text/value.h"

enum { NET_LAYERS = 4, NET_BATCHES = 32, NET_LISTED = 32, NET_READS = 4 };

/* A network as a list of layers (listed.c), for what net_shape has no words for. */
typedef struct net_item {
    const char *type, *settings;
    int from[NET_READS];         /* 0: the input; i: the i-th layer; ends with 0 */
} net_item;
typedef struct net_listed {
    const char *name;
    size_t input[2], outputs;    /* [time, features], or [features, 0] */
    bool regression;             /* mean absolute error; else cross entropy over classes */
    net_item layers[NET_LISTED];
} net_listed;
typedef enum net_list { NET_HYBRID, NET_TRANSFORMER, NET_NHITS } net_list;
const net_listed *net_listed_at(net_list which);
int net_listed_inputs(const net_item *layer);
/* Layer i, 0 being the input, in YAML; false: there are no more. */
bool net_listed_yaml(const net_listed *network, int i, char *text, size_t room);
/* By public functions; the last node. */
tl_node net_listed_graph(const net_listed *network, tl_graph *graph);

/* Relu between dense layers, softmax and cross entropy at the end, Adam. Or a recurrent layer over steps of features,
 * whose last state a dense layer reads: nodes are then the numbers of a row and the classes. Or images, which two
 * convolutions of 3 x 3 and pools of 2 x 2 go over first. */
typedef struct net_shape {
    size_t nodes[NET_LAYERS];    /* 0 after the last */
    size_t batch;
    const char *recurrent;       /* "lstm", "gru"; NULL: none */
    size_t time, units;          /* of that */
    size_t side, filters[2];     /* of images, side x side; 0: none */
    bool listed;
    net_list which;              /* of these */
} net_shape;
#define NET_DENSE(rows, ...) {.nodes = {__VA_ARGS__}, .batch = (rows)}
#define NET_RECURRENT(kind, rows, steps, features, state, classes)                                            \
    {.nodes = {(steps) * (features), classes}, .batch = (rows), .recurrent = (kind), .time = (steps), .units = (state)}
#define NET_IMAGES(rows, width, first, second, hidden, classes)                                               \
    {.nodes = {(width) * (width), hidden, classes}, .batch = (rows), .side = (width), .filters = {first, second}}
#define NET_OF_LIST(rows, member, numbers, results)                                                           \
    {.nodes = {numbers, results}, .batch = (rows), .listed = true, .which = (member)}

typedef struct net {
    tl__heap *heap;
    net_shape shape;
    tl__graph graph;
    tl__arena arena;             /* settings of loss and optimizer */
    tl__plan *plan;
    tl__network *network;
    tl__pool *pool;
    float *inputs, *targets;     /* NET_BATCHES batches, taken in turns */
    int64_t steps;               /* taken so far */
    double loss;                 /* of the last step */
    double learning_rate;
} net;

/* "784-256-128-10 batch 64" */
void net_name(const net_shape *shape, char out[BENCH_NAME]);
/* The type of layer i between an image and the dense layers, and its settings. */
enum { NET_IMAGE_LAYERS = 5 };
const char *net_image_layer(const net_shape *shape, int i, char *settings, size_t room);
int net_layer_count(const net_shape *shape);
size_t net_parameters(const net_shape *shape);
size_t net_outputs(const net_shape *shape);  /* of a row */
/* False when memory is out or the library refuses; net_free is right in any case. */
/* Of a step's products, once the network is made. */
double net_flops(const net *n);
bool net_make(net *n, bench *b, const net_shape *shape, const tl__kernels *kernels, int threads);
void net_free(net *n);
/* `steps` whole steps as the trainer takes them; the seconds they took; below 0: one failed. A bench_worker's run. */
double net_train(void *net, size_t steps);

/* Inputs, classes and weights as float32 in a new temporary file, for peers.py; path is filled, and the caller removes
 * what it names. */
bool net_write(net *n, char *path, size_t room);
/* The peers that train it, given the same data and weights; `which` is a sum. Call it before the first step. */
enum { NET_TORCH = 1, NET_TORCH_FLUSH = 2, NET_SKLEARN = 4 };    /* flush: with its flush to zero switched on */
void net_peers(net *n, bench *b, bench_team *team, int threads, int which);
/* Ours and the peers take the same first steps; then the losses of the last one are compared, for the row to tell. */
void net_compare(net *n, bench_team *team, bench_row *row);

#endif
