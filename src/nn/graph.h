/* Graphs: layers in an order in which every layer comes after those it reads. A graph is settings and shapes only; it
 * has no weights and no memory for values (nn/plan.h lays those out, nn/network.h runs them).
 *
 * Three ways lead to the same nodes: text ("nodes: 16, activation: relu", from C), a tree (a layer's map in the YAML),
 * and plain descriptions (boards: no parser, no allocator). Shapes are known as soon as a node is added, so a mistake
 * is told at its line.
 *
 * A composite is not a node: it adds the plain layers it stands for (nn/expand.h), the last under its own name.
 *
 * What every layer can be told stands in tl__layer_common and is read here, once: type, name, from, activation,
 * initialization, frozen. `hidden` and `dense` are the same layer; `output` is a dense one that takes no default
 * activation. */
#ifndef TL_NN_GRAPH_H
#define TL_NN_GRAPH_H

#include "base/context.h"
#include "base/error.h"
#include "base/family.h"

struct tl__layer;
struct tl__loss;
struct tl__builder;

enum { TL__SHAPE_RANK = 3, TL__NODE_INPUTS = 8, TL__NODE_NAME = 40, TL__MAX_NODES = 4096 };

/* Of one sample; row-major: [features], [time, feature], [height, width, channel]. */
typedef struct tl__shape {
    int rank;                        /* 1..TL__SHAPE_RANK */
    size_t dim[TL__SHAPE_RANK];      /* each at least 1 */
} tl__shape;

TL_PRIV size_t tl__shape_size(const tl__shape *shape);           /* floats of one sample */
TL_PRIV bool tl__shape_same(const tl__shape *a, const tl__shape *b);
TL_PRIV void tl__shape_text(char *out, size_t size, const tl__shape *shape);   /* "[28, 28, 1]" */

/* Settings of every layer. activation and initialization are numbers of nn/activation.h and nn/init.h; 0 is `auto`. */
typedef struct tl__layer_common {
    const char *type;                /* as written: "hidden" */
    const char *name;                /* NULL: type_number, "dense_1" */
    tl__text_list from;              /* names; empty: the layer before */
    int activation;                  /* auto: the graph's default for hidden layers, none for others */
    double alpha;                    /* the activation's own number; -1: its default */
    double threshold;                /* of softplus; -1: its default */
    int initialization;
    bool frozen;                     /* keeps its weights in training */
    double rate_factor;              /* of the learning rate, for its weights */
} tl__layer_common;

typedef struct tl__graph_node {
    const struct tl__layer *layer;
    const tl__layer_common *common;
    void *settings;                  /* the layer's own struct */
    char name[TL__NODE_NAME];
    int inputs[TL__NODE_INPUTS];
    int input_count;
    int uses;                        /* how many later inputs name this node */
    tl__shape shape;                 /* of its output */
    int activation;                  /* resolved: never auto */
    int initialization;              /* resolved: never auto */
    bool hidden;                     /* a dense layer with an activation, not of a composite: dropout follows it */
    bool drops;                      /* a dropout layer whose rate is optimization.dropout */
    int line, column;                /* in the graph's file; 0: not from a file */
    int position;                    /* in the config's list of layers; -1: not from one */
} tl__graph_node;

typedef struct tl__graph {
    tl__heap *heap;                  /* NULL: over memory that the caller gave */
    tl__arena arena;                 /* settings and names of a graph with a heap */
    tl__carver store;                /* settings of a graph without */
    size_t store_size;
    tl__graph_node *nodes;
    int count, capacity;
    int output;                      /* the node that predicts; -1: the last one */
    const struct tl__open_composite *open;   /* the innermost of those that are being expanded; NULL: none */
    int activation;                  /* default of hidden layers; 0: relu */
    int initialization;              /* default of all layers; 0: by activation, see nn/init.h */
    const char *file;                /* for messages; NULL: none */
    tl_error *mistake;               /* what was wrong first (heap graphs only); status TL_OK: nothing */
    tl_status failed;                /* the same for all graphs */
} tl__graph;

/* file is kept. */
TL_PRIV void tl__graph_init(tl__graph *graph, tl__heap *heap, const char *file);
/* Without an allocator: room for `capacity` nodes and `size` bytes of settings, both the caller's. */
TL_PRIV void tl__graph_init_fixed(tl__graph *graph, tl__graph_node *nodes, int capacity, void *settings, size_t size);
TL_PRIV void tl__graph_free(tl__graph *graph);
/* Bytes of settings that these descriptions need in tl__graph_init_fixed. */
TL_PRIV size_t tl__graph_settings_bytes(const tl_layer_description *layers, int count);

/* An input of this shape. name NULL: "input_1". */
TL_PRIV tl_status tl__graph_add_input(tl__graph *graph, const char *name, const tl__shape *shape, tl_error *error);
/* One layer's map, {type: hidden, nodes: 256}. A text alone is a type: `flatten`. position: its index in the list that
 * it stands in, -1: none. path: of that list, "network.layers". */
TL_PRIV tl_status tl__graph_add_value(tl__graph *graph, const tl_value *layer, const char *path, int position,
                                      tl_error *error);
/* What can be said of a layer's map before the shapes are known: its type, its settings and their ranges. Adds
 * nothing. */
TL_PRIV tl_status tl__graph_check_value(tl__graph *graph, const tl_value *layer, const char *path, int position,
                                        tl_error *error);
/* A layer over nodes that are known by number; settings is a map or NULL. *out is the new node's number. */
TL_PRIV tl_status tl__graph_add_node(tl__graph *graph, const char *type, const int *from, int from_count,
                                     const tl_value *settings, int *out, tl_error *error);
/* A layer as plain data; settings by name, numbers and words as they stand. */
TL_PRIV tl_status tl__graph_add_description(tl__graph *graph, const tl_layer_description *layer, tl_error *error);
/* Choose the node that predicts; nodes that it does not need stay in the graph and cost nothing. It takes no default
 * activation: softmax and sigmoid belong to the loss. */
TL_PRIV void tl__graph_set_output(tl__graph *graph, int node);
/* What the settings frozen and rate_factor of a layer say; before the graph is planned. */
TL_PRIV void tl__graph_freeze(tl__graph *graph, int node);
TL_PRIV void tl__graph_set_rate_factor(tl__graph *graph, int node, double factor);
/* The loss makes probabilities of the outputs by its link: the same softmax or sigmoid written on the output layer, as
 * people are used to, means that link and is not applied twice. The other one of the two: TL_BAD_CONFIG. */
TL_PRIV tl_status tl__graph_settle_link(tl__graph *graph, const struct tl__loss *loss, tl_error *error);
TL_PRIV int tl__graph_find(const tl__graph *graph, const char *name);   /* -1: no such node */
/* What is wrong with the graph as a whole: an earlier mistake, no layer, more than one input. */
TL_PRIV tl_status tl__graph_check(const tl__graph *graph, tl_error *error);

TL_PRIV int tl__graph_output(const tl__graph *graph);   /* number of the node that predicts */
TL_PRIV const tl__shape *tl__graph_input_shape(const tl__graph *graph);
TL_PRIV const tl__shape *tl__graph_output_shape(const tl__graph *graph);

/* The layers as a list of maps that tl__graph_add_value reads back to the same graph: all settings, names and `from`
 * written out. What model files hold. */
TL_PRIV void tl__graph_put(const tl__graph *graph, struct tl__builder *builder, tl_value *parent, const char *key);

/* What is taken away from each channel of a window before the network reads it, and given back to its forecast. */
enum { TL__NORMALIZATION_AUTO, TL__NORMALIZATION_NONE, TL__NORMALIZATION_LAST, TL__NORMALIZATION_INSTANCE };
#define TL__NORMALIZATION_WORDS {"auto", "none", "last", "instance", NULL}

/* The `network:` block. nn reads activation, initialization and the layers; model/arch.h makes layers of named
 * models. */
typedef struct tl__network_settings {
    tl__member model;                /* no name: the layers below */
    const tl_value *layers;          /* NULL: a named model */
    int activation, initialization;
    tl__int_list hidden_size;        /* of named models: one size for all hidden layers, or one for each; none: the
                                      * model's own */
    tl__int_list input_shape;        /* of named models: of a row of data; none: as the data has it */
    int normalization;               /* of named models that forecast; TL__NORMALIZATION_ */
    int64_t num_layers;              /* of named models; 0: as many as hidden_size has, or the model's own */
} tl__network_settings;
TL_PRIV const tl__field *tl__network_rows(void);

/* The rate of a dropout layer, which may change while a network runs; NULL: another layer. */
TL_PRIV double *tl__dropout_rate(const tl__graph_node *node);

/* "network.layers[2] 'conv2d'" or "layer 'conv2d_1'": how messages call a node. */
TL_PRIV void tl__node_label(char *out, size_t size, const tl__graph_node *node);

#endif
