/* The family of layers: its table is made from layer_list.h. And the one place where ops meet the pool. */
#include "nn/layer.h"

#include "base/text.h"

enum {
#define LAYER_NUMBER(name) LAYER_##name,
    TL__LAYERS(LAYER_NUMBER)
#undef LAYER_NUMBER
    LAYER_COUNT
};

TL_PRIV const tl__layer *tl__layer_at(int index)
{
    switch (index) {
#define LAYER_CASE(name) case LAYER_##name: return tl__layer_##name();
        TL__LAYERS(LAYER_CASE)
#undef LAYER_CASE
    default: return NULL;
    }
}
