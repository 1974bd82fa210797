/* The list of all pictures, from the members of four files: of the training, classes, values, and of train:explain. */
#include "lab/pictures.h"

TL_PRIV const tl__run_picture *tl__run_picture_at(size_t index)
{
    const tl__run_picture *(*const lists[])(size_t) = {tl__pictures_of_training, tl__pictures_of_classes,
                                                       tl__pictures_of_values, tl__pictures_of_explanation};
    for (size_t l = 0; l < TL_COUNT(lists); l++)
        for (size_t i = 0; lists[l](i); i++)
            if (index-- == 0) return lists[l](i);
    return NULL;
}

TL_PRIV bool tl__picture_keep(tl__arena *arena, tl__draw *draw, const void *chart, size_t size, const char *title,
                              double width, double height, tl__picture *out)
{
    void *kept = tl__arena_push(arena, size);
    if (!kept) return false;
    memcpy(kept, chart, size);
    *out = (tl__picture){.draw = draw, .chart = kept, .title = title, .width = width, .height = height};
    return true;
}
