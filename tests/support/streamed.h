/* What the tests of streamed data share: files of every type, and the comparison with the same data in memory. */
#ifndef TESTS_SUPPORT_STREAMED_H
#define TESTS_SUPPORT_STREAMED_H

#include "data/stream.h"

extern tl_context streamed_context;
extern char streamed_folder[256];

void streamed_make_csv(const char *name, size_t rows, bool wide);
tl_status streamed_load(const char *settings, bool stream, tl_dataset **out, tl_error *error);
void streamed_same_part(const tl_dataset *a, const tl_dataset *b, tl_part part);
float *streamed_epoch(const tl_dataset *d, size_t size, size_t block, bool shuffle, int workers, uint32_t number, size_t first,
                    size_t *floats);
void streamed_same_batches(const tl_dataset *a, const tl_dataset *b);
void streamed_same(const char *settings, bool batches);
void streamed_refused(const char *settings, tl_status status, const char *part);
void streamed_make_npy(const char *name, char kind, int size, const size_t *shape, int dims);
void streamed_make_labels(const char *name, size_t rows);
void streamed_make_idx(const char *name, size_t rows, bool labels);
void streamed_make_arrays(size_t rows);
int streamed_begin(void **state);
int streamed_end(void **state);

#endif
