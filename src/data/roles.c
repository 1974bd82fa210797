/* Roles are given by name first (target, weight, group, time, drop, inputs); every column that is left is an input
 * unless it holds dates or nothing. A column has one role. */
#include "data/roles.h"

#include "base/math.h"
#include "base/text.h"

enum { ROLES_FREE = 255 };

static const char *roles_word(unsigned char role)
{
    static const char *const words[] = {"data.inputs", "data.target", "data.weight", "data.split.group", "data.time",
                                        "data.sequence.id", "data.drop"};
    return role < TL_COUNT(words) ? words[role] : "another role";
}

static tl_status roles_give(const tl__table *table, tl__roles *roles, const char *name, unsigned char role,
                            size_t *column,
                            tl_error *error)
{
    const char *setting = roles_word(role);
    TL_TRY(tl__table_find(table, name, setting, column, error));
    unsigned char *of = &roles->of[*column];
    /* a column that orders or groups rows may be dropped as an input all the same: it is none */
    if (*of != ROLES_FREE && role == TL__ROLE_DROPPED && *of != TL__ROLE_TARGET) return TL_OK;
    if (*of != ROLES_FREE && *of != role) {
        return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, setting, "column '%s' is named by both %s and %s",
                           table->columns[*column].name, roles_word(*of), setting);
    }
    *of = role;
    return TL_OK;
}

static tl_status roles_named(const tl__table *table, const tl__data_settings *settings, tl__roles *roles,
                             tl_error *error)
{
    static const char *const last = "-1";
    tl__text_list targets = settings->target;
    size_t column;
    if (targets.count == 0) targets = (tl__text_list){1, &last};
    roles->targets = tl__alloc_zero(roles->heap, targets.count, sizeof *roles->targets);
    if (!roles->targets) return tl__fail_memory(error, targets.count * sizeof *roles->targets);
    roles->target_count = targets.count;
    for (size_t i = 0; i < targets.count; i++) {
        TL_TRY(roles_give(table, roles, targets.items[i], TL__ROLE_TARGET, &roles->targets[i], error));
        for (size_t k = 0; k < i; k++) {
            if (roles->targets[k] != roles->targets[i]) continue;
            return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "data.target", "data.target names column '%s' twice",
                               table->columns[roles->targets[i]].name);
        }
    }
    if (settings->weight) TL_TRY(roles_give(table, roles, settings->weight, TL__ROLE_WEIGHT, &roles->weight, error));
    if (settings->split.group)
        TL_TRY(roles_give(table, roles, settings->split.group, TL__ROLE_GROUP, &roles->group, error));
    if (settings->time) TL_TRY(roles_give(table, roles, settings->time, TL__ROLE_TIME, &roles->time, error));
    if (settings->sequence.id)
        TL_TRY(roles_give(table, roles, settings->sequence.id, TL__ROLE_SEQUENCE, &roles->sequence, error));
    for (size_t i = 0; i < settings->drop.count; i++) {
        TL_TRY(roles_give(table, roles, settings->drop.items[i], TL__ROLE_DROPPED, &column, error));
    }
    for (size_t i = 0; i < settings->inputs.count; i++) {
        TL_TRY(roles_give(table, roles, settings->inputs.items[i], TL__ROLE_INPUT, &column, error));
    }
    return TL_OK;
}

/* Columns without a role by name: inputs, unless they are dates, hold nothing, or data.inputs lists others. */
static tl_status roles_rest(const tl__table *table, const tl__data_settings *settings, tl__roles *roles,
                            tl_error *error)
{
    for (size_t i = 0; i < table->column_count; i++) {
        const tl__column *column = &table->columns[i];
        unsigned char *of = &roles->of[i];
        if (*of == ROLES_FREE) {
            *of = settings->inputs.count            ? TL__ROLE_DROPPED
                  : column->date                    ? TL__ROLE_DATE
                  : column->missing == table->rows ? TL__ROLE_EMPTY
                                                    : TL__ROLE_INPUT;
        }
        if (*of != TL__ROLE_INPUT) continue;
        roles->input_count++;
        if (column->type == TL__COLUMN_CODES && column->word_count > (size_t)settings->max_categories) {
            return tl__fail_at(error, TL_BAD_DATA, table->source, 0, 0, "data.max_categories",
                               "column '%s' holds %zu different texts, more than data.max_categories (%lld). If it is "
                               "a name or number of the row, leave it out: data.drop: ['%s']; else raise the limit.",
                               column->name, column->word_count, (long long)settings->max_categories, column->name);
        }
    }
    if (roles->input_count > 0) return TL_OK;
    return tl__fail_at(error, TL_BAD_DATA, table->source, 0, 0, NULL,
                       "no column is left to learn from: the file has %zu, and all are target, dropped, dates or empty",
                       table->column_count);
}

TL_PRIV tl_status tl__roles_find(const tl__table *table, const tl__data_settings *settings, tl__roles *out,
                                 tl_error *error)
{
    memset(out, 0, sizeof *out);
    out->heap = &table->context->heap;
    out->column_count = table->column_count;
    out->weight = out->group = out->time = out->sequence = SIZE_MAX;
    out->of = tl__alloc(out->heap, table->column_count);
    if (!out->of) return tl__fail_memory(error, table->column_count);
    memset(out->of, ROLES_FREE, table->column_count);
    tl_status status = roles_named(table, settings, out, error);
    if (status == TL_OK) status = roles_rest(table, settings, out, error);
    if (status != TL_OK) tl__roles_free(out);
    return status;
}

TL_PRIV void tl__roles_free(tl__roles *roles)
{
    if (!roles->heap) return;
    tl__free(roles->heap, roles->of, roles->column_count);
    tl__free(roles->heap, roles->targets, roles->target_count * sizeof *roles->targets);
    memset(roles, 0, sizeof *roles);
}

/* ---- cells that are missing ---- */

static size_t roles_infinite_row(const tl__table *table, const tl__column *column)
{
    if (column->stored) return column->infinite_row;
    if (column->type != TL__COLUMN_F32 && column->type != TL__COLUMN_F64) return SIZE_MAX;
    for (size_t i = 0; i < table->rows * column->width; i++) {
        float value = (float)tl__column_at(column, 0, i);
        if (!tl__is_finite(value) && value == value) return i / column->width;
    }
    return SIZE_MAX;
}

TL_PRIV tl_status tl__column_check(const tl__table *table, const tl__column *column, bool missing_allowed,
                                   tl_error *error)
{
    size_t infinite = roles_infinite_row(table, column);
    if (infinite != SIZE_MAX)
        return tl__fail_at(error, TL_BAD_DATA, table->source, 0, 0, NULL,
                           "column '%s' holds an infinite value, or one too large for a float, in row %zu; correct it "
                           "or leave the column out: data.drop: ['%s']",
                           column->name, infinite, column->name);
    if (column->missing == 0 || missing_allowed) return TL_OK;
    char where[48] = "";
    if (!column->first_missing_line) tl__format(where, sizeof where, " in row %zu", column->first_missing_row);
    return tl__fail_at(error, TL_BAD_DATA, table->source, column->first_missing_line, 0, "data.missing",
                       "column '%s' has no value%s (%zu of its %zu cells are missing). Say what to do with missing "
                       "values: data.missing: drop | mean | median | forward | constant.",
                       column->name, column->first_missing_line ? " here" : where, column->missing, table->rows);
}

TL_PRIV void tl__column_fill_forward(tl__column *column, size_t rows, const uint32_t *order)
{
    size_t size = column->type == TL__COLUMN_F64 ? 8 : 4, before = SIZE_MAX;
    if (column->missing == 0 || column->width != 1) return;
    for (size_t i = 0; i < rows; i++) {
        size_t row = order ? order[i] : i;
        if (!tl__column_is_missing(column, row)) {
            before = row;
        } else if (before != SIZE_MAX) {
            memcpy((unsigned char *)column->values + row * size, (unsigned char *)column->values + before * size, size);
            column->missing--;
        }
    }
}
