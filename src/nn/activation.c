/* Activations as layers use them: words to kernels, and those of whole rows beside the elementwise kinds. */
#include "nn/activation.h"

#include "base/text.h"

TL_PRIV int tl__activation_word(const char *word)
{
    static const char *const words[] = TL__ACTIVATION_WORDS;
    for (int i = 0; words[i]; i++)
        if (tl__same_text(words[i], word)) return i;
    return -1;
}

TL_PRIV tl__activation_use tl__activation_of(int word, double alpha, double threshold)
{
    tl__activation_use use = {TL__IDENTITY, 0.0f, 0.0f, TL__ROWS_NONE};
    if (word > TL__ACTIVATION_COUNT && word < TL__ACTIVATION_COUNT + TL__ROWS_COUNT) {
        use.rows = (tl__row_activation)(word - TL__ACTIVATION_COUNT);
    } else if (word > 0 && word <= TL__ACTIVATION_COUNT) {
        use.kind = (tl__activation)(word - 1);
        use.parameter = alpha < 0 ? tl__activation_default(use.kind) : (float)alpha;
        use.limit = threshold < 0 ? 0.0f : (float)threshold;
    }
    return use;
}

TL_PRIV bool tl__activation_is_identity(const tl__activation_use *use)
{
    return use->kind == TL__IDENTITY && !use->rows;
}

TL_PRIV bool tl__activation_keeps_pre(const tl__activation_use *use)
{
    return !use->rows && tl__activation_needs_pre(use->kind);
}

TL_PRIV void tl__activation_forward(const tl__kernels *kernels, const tl__activation_use *use, float *y, const float *x,
                                    size_t rows, size_t columns)
{
    if (use->rows == TL__ROWS_SOFTMAX) kernels->softmax(y, x, rows, columns);
    else if (use->rows) kernels->log_softmax(y, x, rows, columns);
    else kernels->activate(use->kind, use->parameter, use->limit, y, x, rows * columns);
}

TL_PRIV void tl__activation_backward(const tl__kernels *kernels, const tl__activation_use *use, float *dx,
                                     const float *dy, const float *saved, size_t rows, size_t columns)
{
    if (use->rows == TL__ROWS_SOFTMAX) kernels->softmax_backward(dx, dy, saved, rows, columns);
    else if (use->rows) kernels->log_softmax_backward(dx, dy, saved, rows, columns);
    else kernels->activate_backward(use->kind, use->parameter, use->limit, dx, dy, saved, rows * columns);
}
