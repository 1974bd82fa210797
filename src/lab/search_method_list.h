/* The methods of search. Each line is a function of lab/search_NAME.c that gives its descriptor. */
#ifndef TL_LAB_SEARCH_METHOD_LIST_H
#define TL_LAB_SEARCH_METHOD_LIST_H

#include "base/family.h"

#define TL__SEARCH_METHODS(X) \
    X(grid)                   \
    X(random)                 \
    X(bayesian)               \
    X(tpe)

#define TL__X(name) TL_PRIV const tl__member_head *tl__search_##name(void);
TL__SEARCH_METHODS(TL__X)
#undef TL__X

#endif
