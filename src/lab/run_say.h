/* What a run tells in the log: the data, the network, what it starts from; how it ended and how well it does. */
#ifndef TL_LAB_RUN_SAY_H
#define TL_LAB_RUN_SAY_H

#include "lab/many.h"
#include "lab/session.h"

/* resumed: the folder of the run that goes on; NULL: it begins. */
TL_PRIV void tl__run_say_beginning(tl_context *context, const tl__config *config, const tl__session *session,
                                   const char *resumed);
TL_PRIV void tl__run_say_end(tl_context *context, const tl__config *config, const tl__train_result *end);
/* Figures of each target column, where there are several. figures: those of metrics.json; part: which of them. */
TL_PRIV void tl__run_say_targets(tl_context *context, const char *part, bool heads, const tl_value *figures);
/* A run of many models: how many there will be, and how they did. */
TL_PRIV void tl__run_say_many(tl_context *context, const tl__many *many, const tl_dataset *data);
TL_PRIV void tl__run_say_scores(tl_context *context, const tl__many *many, const tl_run_result *result);

#endif
