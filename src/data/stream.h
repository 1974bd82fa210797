/* Data larger than memory: a CSV file is read block by block into a file of rows (data/store.h), from which batches are
 * made with one window of it in memory at a time. A row of it is what it would be in memory, so are statistics, parts
 * and hashes: a streamed training gives the bits of one in memory with the same shuffle_block. Arrays (npy, idx) have
 * rows that can be read where they lie, and are such a file themselves.
 *
 * The file of rows lies in data.cache_folder and is used again as long as the source has the same size and time and
 * the settings of reading are the same; it may be removed at any time. */
#ifndef TL_DATA_STREAM_H
#define TL_DATA_STREAM_H

#include "data/store.h"

/* data.streaming, and data.memory_limit where it is auto: by the size of the files (test: NULL for none), nothing
 * else. */
TL_PRIV tl_status tl__stream_wanted(tl_context *context, const tl__data_settings *settings, const tl_value *file,
                                    const tl_value *test, const char *folder, bool *out, tl_error *error);
/* What a pipeline cannot be fitted with while the data is streamed is refused with the setting to change. */
TL_PRIV tl_status tl__stream_check(const tl__data_settings *settings, tl_error *error);
/* As tl__table_read; all columns are stored. */
TL_PRIV tl_status tl__stream_read(tl_context *context, const tl_value *file, const tl__data_settings *settings,
                                  const tl__kinds *known, const char *folder, const char *setting, tl__table **out,
                                  tl_error *error);
/* A file, or a pair, whose rows are read where they lie; *out NULL: the file is of another kind. */
TL_PRIV tl_status tl__stream_array(tl_context *context, const tl_value *file, const tl__data_settings *settings,
                                   const tl__kinds *known, const char *folder, tl__table **out, tl_error *error);
TL_PRIV tl_status tl__stream_is_array(tl_context *context, const char *path, const tl__data_settings *settings,
                                      bool *out, tl_error *error);
/* Rows of a window where data.shuffle_block is auto: what a quarter of the memory limit holds (64 MiB without one). */
TL_PRIV size_t tl__stream_block(const tl__table *table, const tl__data_settings *settings);

#endif
