/* A config with what a diagnosis advises. */
#ifndef TL_LAB_ADVICE_H
#define TL_LAB_ADVICE_H

#include "text/value.h"

/* options->apply_advice is the run; into root: text (the config as YAML, its changes with their reasons as comments)
 * and changes ["path=value"]. */
TL_PRIV tl_status tl__advice(tl_context *context, const tl_options *options, tl__builder *builder, tl_value *root,
                             tl_error *error);

#endif
