/* The library: the ordered list of its sources. It is at once the table of contents, a build of its own
 * (cc -c -I. -Isrc trainlib.c), the Makefile's list of files and the recipe of the amalgamation. */
#define TL_SINGLE_UNIT
#include "trainlib.h"

/* 0  base: what needs no operating system */

/* 1  port: the operating system */

/* 1  kernels: arithmetic */

/* 1  text: formats */

/* 2  par: threads and the context */

/* 2  metrics */

/* 3  nn: graphs, layers, losses, optimizers, schedules */

/* 3  data: tables, loaders, splits, batches */

/* 4  model: a graph with weights */

/* 5  train: the loop */

/* 6  lab: runs and commands */
