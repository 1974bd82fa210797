/* Families: kinds of things that are opened by name (layers, losses, optimizers, schedules, metrics, ...).
 *
 * A family is a table of pointers to descriptors. Each family's descriptor struct begins with tl__member_head, so
 * look-up, the error for an unknown name, --explain and the tests that walk a family are written once. */
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

typedef struct tl__family {
    const char *name;                        /* "layer" */
    const tl__member_head *const *members;
    size_t count;
} tl__family;

/* The member, or NULL with the mistake "unknown layer 'dens'; did you mean 'dense'? known: ..." at the place. */
TL_PRIV const tl__member_head *tl__family_find(const tl__family *family, const char *name, const char *file, int line,
                                               int column, const char *setting, tl_error *error);
#endif
