/* Are two tables the same to the last bit: names, types, values, words and what is missing? */
#ifndef TESTS_SUPPORT_SAME_TABLE_H
#define TESTS_SUPPORT_SAME_TABLE_H

#include "data/table.h"

static inline bool same_words(const tl__column *a, const tl__column *b)
{
    if (a->word_count != b->word_count) return false;
    for (size_t i = 0; i < a->word_count; i++) {
        if (strcmp(a->words[i], b->words[i]) != 0) return false;
    }
    return true;
}

static inline bool same_table(const tl__table *a, const tl__table *b)
{
    if (a->rows != b->rows || a->column_count != b->column_count || a->named != b->named) return false;
    for (size_t i = 0; i < a->column_count; i++) {
        const tl__column *x = &a->columns[i], *y = &b->columns[i];
        if (strcmp(x->name, y->name) != 0 || x->type != y->type || x->date != y->date || x->width != y->width ||
            x->missing != y->missing || !same_words(x, y)) {
            return false;
        }
        if (x->missing && (x->first_missing_row != y->first_missing_row ||
                           x->first_missing_line != y->first_missing_line)) {
            return false;
        }
        if (x->bytes != y->bytes || memcmp(x->values, y->values, x->bytes) != 0) return false;
    }
    return true;
}

#endif
