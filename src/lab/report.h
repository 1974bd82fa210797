/* Reports: what a run's folder holds, as a document with words that explain it; several runs beside each other. */
#ifndef TL_LAB_REPORT_H
#define TL_LAB_REPORT_H

#include "lab/document.h"
#include "lab/story.h"

/* The report of one run. Texts and charts stay in the story's arena. */
TL_PRIV tl_status tl__report_make(tl__story *story, tl__document *out, tl_error *error);
/* Several runs side by side: what differs in their settings, their figures, their curves. The document's arena is the
 * first story's. */
TL_PRIV tl_status tl__report_compare(tl__story *stories, size_t count, tl__document *out, tl_error *error);

/* Of a search, from FOLDER/trials.jsonl. */
TL_PRIV tl_status tl__report_search(tl_context *context, const char *folder, tl__arena *arena, tl__document *out,
                                    tl_error *error);

/* Of an experiment, from FOLDER/summary.json and the records of the runs beside it. */
TL_PRIV tl_status tl__report_experiment(tl_context *context, const char *folder, tl__arena *arena, tl__document *out,
                                        tl_error *error);

/* FOLDER/NAME.html and FOLDER/NAME.pdf. */
TL_PRIV tl_status tl__report_write(tl_context *context, const tl__document *document, const char *folder,
                                   const char *name, tl_error *error);
/* NAME.html, NAME.pdf and charts/ in a folder; their paths and names into root. */
TL_PRIV tl_status tl__report_files(tl_context *context, tl__arena *arena, const tl__document *document,
                                   const char *folder, const char *name, const char *formats, tl__builder *builder,
                                   tl_value *root, tl_error *error);
/* The report of a finished run with its charts, as train:report makes it; formats: of the charts, "svg,png,pdf". */
TL_PRIV tl_status tl__report_run(tl_context *context, const char *folder, const char *output, const char *formats,
                                 tl__builder *builder, tl_value *root, tl_error *error);
/* The same at the end of a run, when all else is free: fills result->report. A run whose report fails is done all the
 * same, with a warning. */
TL_PRIV void tl__report_end(tl_context *context, tl_run_result *result);

#endif
