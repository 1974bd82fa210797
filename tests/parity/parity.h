/* Numbers from outside: a program that takes a folder of cases and says, case by case, what it compared and how far the
 * largest difference was. A case is NAME.json and NAME.safetensors; schedulers.json and metrics.json hold many of their own
 * kind. parity.c is the frame; a file per kind of case has the handlers, and parity_list.h names them. */
#ifndef TESTS_PARITY_H
#define TESTS_PARITY_H

#include "text/safetensors.h"
#include "text/value.h"

typedef struct parity parity;

tl__heap *parity_heap(parity *p);
/* Memory until the case's end. */
tl__arena *parity_arena(parity *p);
const struct tl__kernels *parity_kernels(parity *p);

/* ---- The current case of a pair of files */

const tl_value *parity_json(parity *p);                              /* the whole NAME.json */
const tl_value *parity_spec(parity *p, const char *key);             /* spec.key, or NULL */
const tl__tensor_view *parity_view(parity *p, const char *tensor);   /* NULL: not in the file */
/* A tensor as floats (integers and masks are converted); NULL: not in the file. count may be NULL. */
float *parity_floats(parity *p, const char *tensor, size_t *count);
/* Compare with a tensor of the file, element by element, within 1e-6 + 1e-5*|v| + 10*noise, noise from the JSON. */
void parity_tensor(parity *p, const char *tensor, const float *got, size_t count);
/* This build does not know what the case needs; `what` names it. */
void parity_missing(parity *p, const char *what);
/* Something that must work did not. */
void parity_broken(parity *p, const char *message);

/* ---- Single numbers, of files with many cases: |got - want| <= absolute + relative*|want|; NaN equals NaN */
void parity_number(parity *p, const char *name, const char *what, double got, double want, double absolute,
                   double relative);

#endif
