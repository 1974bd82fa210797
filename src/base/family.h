/* Families: kinds of things that are opened by name (layers, losses, optimizers, schedules, metrics, ...).
 *
 * A family is a table of functions that give descriptors (data does not cross files, and a table must be constant).
 * Each family's descriptor struct begins with tl__member_head, so look-up, the error for an unknown name, --explain and
 * the tests that walk a family are written once.
 *
 *     nn/loss_list.h   X(mse) X(mae) ...
 *     nn/loss_mse.c    static const tl__loss mse_loss = {.head = {.name = "mse", ...}, ...};
 *                      TL_PRIV const tl__member_head *tl__loss_mse(void) { return &mse_loss.head; }
 *     nn/loss.c        static tl__member_fn *const loss_members[] = {tl__loss_mse, tl__loss_mae, ...};  by X */
#ifndef TL_BASE_FAMILY_H
#define TL_BASE_FAMILY_H

#include "base/field.h"

typedef struct tl__member_head {
    const char *name;
    const char *aliases;       /* other names, separated by blanks, or NULL */
    const char *help;          /* a paragraph: what it does, its formula and the formula's source */
    const tl__field *rows;     /* its settings, or NULL */
    size_t settings_size;      /* of the struct that the rows describe */
} tl__member_head;

typedef const tl__member_head *tl__member_fn(void);

typedef struct tl__family {
    const char *name;                        /* "layer" */
    tl__member_fn *const *members;
    size_t count;
} tl__family;

static inline const tl__member_head *tl__family_member(const tl__family *family, size_t index)
{
    return family->members[index]();
}

/* The member, or NULL with the mistake "unknown layer 'dens'; did you mean 'dense'? known: ..." at the place. */
TL_PRIV const tl__member_head *tl__family_find(const tl__family *family, const char *name, const char *file, int line,
                                               int column, const char *setting, tl_error *error);
#endif
