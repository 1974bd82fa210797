/* Conditions: small expressions over the record of a training, for alerts.
 *
 *     condition   or-expression [ "for" number "epochs" ]        holds when it held in each of the last n epochs
 *     or          and { "or" and }
 *     and         not { "and" not }
 *     not         "not" not | comparison
 *     comparison  sum [ ( < | > | <= | >= | == | != ) sum ]
 *     sum         product { ( + | - ) product }
 *     product     unary { ( * | / ) unary }
 *     unary       "-" unary | primary
 *     primary     number | field | word | "(" or ")" | abs(x) | min(x, y) | max(x, y) | prev(x)
 *
 * Fields are those of train/history.h, and `classes` (missing in a regression); words are weak, medium, strong,
 * improving, plateauing, diverging, true and false. prev(x) is x one epoch earlier. A figure that is
 * missing (NaN) makes every comparison with it false, and so its `not` true. A number holds
 * when it is not 0 and not missing. */
#ifndef TL_TRAIN_CONDITION_H
#define TL_TRAIN_CONDITION_H

#include "train/history.h"

enum { TL__CONDITION_OPS = 32, TL__CONDITION_FIELDS = 8 };

typedef struct tl__condition {
    int count, fields;
    int64_t epochs;                  /* for so many epochs in a row; 1: this one */
    struct tl__condition_op {
        unsigned char kind;
        double number;               /* of a constant; depth of a prev */
        const tl__record_field *field;
    } op[TL__CONDITION_OPS];
    const tl__record_field *field[TL__CONDITION_FIELDS];    /* that it names, in order, each once */
} tl__condition;

/* A mistake says what was expected and at which character, in `message` (of `room` bytes): the caller knows the
 * place. */
TL_PRIV tl_status tl__condition_parse(const char *text, size_t size, tl__condition *out, char *message, size_t room);
/* Its value in row `index`: of a condition 1 or 0; NaN: it names rows that are not there. */
TL_PRIV double tl__condition_value(const tl__condition *condition, const tl__records *records, size_t index);
/* Does it hold there, in as many epochs in a row as it wants? */
TL_PRIV bool tl__condition_holds(const tl__condition *condition, const tl__records *records, size_t index);

#endif
