/* train:evaluate --rolling: a model measured the way it is used, trained again and again as time goes on. */
#ifndef TL_LAB_COMMAND_ROLLING_H
#define TL_LAB_COMMAND_ROLLING_H

#include "lab/command_model.h"

TL_PRIV bool tl__rolling_fits(const tl__trained *trained);    /* do its rows have an order in time? */
TL_PRIV tl_status tl__rolling(tl__trained *trained, const tl_options *options, tl__tree *tree, tl_error *error);

#endif
