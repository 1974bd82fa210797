/* Conditions are compiled to operations on a stack, kept in a fixed array: no memory is asked for, and evaluation
 * cannot go deeper than the array is long. A field carries the number of prev() around it. */
#include "train/condition.h"

#include "base/math.h"
#include "base/text.h"

enum { CONDITION_DEPTH = 32 };    /* of nested parentheses, signs and nots */

enum condition_kind {
    CONDITION_NUMBER, CONDITION_FIELD, CONDITION_CLASSES, CONDITION_ADD, CONDITION_SUB, CONDITION_MUL, CONDITION_DIV,
    CONDITION_NEG, CONDITION_ABS, CONDITION_MIN, CONDITION_MAX, CONDITION_LT, CONDITION_GT, CONDITION_LE,
    CONDITION_GE, CONDITION_EQ, CONDITION_NE, CONDITION_NOT, CONDITION_AND, CONDITION_OR
};

typedef struct condition_parser {
    const char *text;
    size_t size, at;
    tl__condition *out;
    int depth, back;                 /* nesting; prev() around */
    char *message;                   /* of the first mistake */
    size_t room;
    bool failed;
} condition_parser;

static void condition_or(condition_parser *p);

static void condition_fail(condition_parser *p, size_t at, const char *what)
{
    if (p->failed) return;
    p->failed = true;
    if (p->room) tl__format(p->message, p->room, "%s at character %zu", what, at + 1);
}

static void condition_emit(condition_parser *p, enum condition_kind kind, double number, const tl__record_field *field)
{
    tl__condition *out = p->out;
    if (p->failed) return;
    if (out->count == TL__CONDITION_OPS) {
        condition_fail(p, p->at, "the condition is too long; it ends being understood");
        return;
    }
    out->op[out->count].kind = (unsigned char)kind;
    out->op[out->count].number = number;
    out->op[out->count++].field = field;
}

static void condition_blanks(condition_parser *p)
{
    while (p->at < p->size && (p->text[p->at] == ' ' || p->text[p->at] == '\t' || p->text[p->at] == '\n')) p->at++;
}

static bool condition_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool condition_is_digit(char c) { return c >= '0' && c <= '9'; }

static size_t condition_word(const condition_parser *p)
{
    size_t end = p->at;
    if (end < p->size && condition_is_letter(p->text[end]))
        while (end < p->size && (condition_is_letter(p->text[end]) || condition_is_digit(p->text[end]))) end++;
    return end - p->at;
}

static bool condition_take_word(condition_parser *p, const char *word)
{
    condition_blanks(p);
    size_t size = condition_word(p);
    if (!size || !tl__same_text_n(word, p->text + p->at, size)) return false;
    p->at += size;
    return true;
}

static bool condition_take(condition_parser *p, const char *sign)
{
    size_t size = strlen(sign);
    condition_blanks(p);
    if (p->size - p->at < size || memcmp(p->text + p->at, sign, size) != 0) return false;
    p->at += size;
    return true;
}

static void condition_want(condition_parser *p, const char *sign, const char *what)
{
    if (!condition_take(p, sign)) condition_fail(p, p->at, what);
}

static double condition_number(condition_parser *p)
{
    size_t end = p->at;
    double value = 0;
    while (end < p->size && (condition_is_digit(p->text[end]) || p->text[end] == '.')) end++;
    if (end < p->size && (p->text[end] == 'e' || p->text[end] == 'E')) {
        size_t digits = end + 1;
        if (digits < p->size && (p->text[digits] == '-' || p->text[digits] == '+')) digits++;
        if (digits < p->size && condition_is_digit(p->text[digits])) {
            while (digits < p->size && condition_is_digit(p->text[digits])) digits++;
            end = digits;
        }
    }
    if (!tl__parse_double(p->text + p->at, end - p->at, &value)) condition_fail(p, p->at, "this is not a number,");
    p->at = end;
    return value;
}

static void condition_name(condition_parser *p, const tl__record_field *field)
{
    tl__condition *out = p->out;
    for (int i = 0; i < out->fields; i++)
        if (out->field[i] == field) return;
    if (out->fields < TL__CONDITION_FIELDS) out->field[out->fields++] = field;
}

static void condition_unknown(condition_parser *p, size_t size)
{
    char what[200], name[64];
    const tl__record_field *field;
    tl__format(name, sizeof name, "%.*s", (int)tl__size_min(size, sizeof name - 1), p->text + p->at);
    tl__suggestion suggestion = {name, NULL, 0};
    for (size_t i = 0; (field = tl__record_field_at(i)) != NULL; i++) tl__suggest(&suggestion, field->name);
    if (suggestion.best)
        tl__format(what, sizeof what, "there is no figure '%s'; did you mean %s? It stands", name, suggestion.best);
    else
        tl__format(what, sizeof what, "there is no figure '%s', the columns of metrics.csv are known; it stands", name);
    condition_fail(p, p->at, what);
}

/* A word that is no field: a constant. */
static bool condition_constant(condition_parser *p, size_t size)
{
    static const tl__record_kind kinds[] = {TL__RECORD_SIGNAL, TL__RECORD_CONVERGENCE, TL__RECORD_FLAG};
    char word[24];
    if (size >= sizeof word) return false;
    memcpy(word, p->text + p->at, size);
    word[size] = '\0';
    for (size_t i = 0; i < TL_COUNT(kinds); i++) {
        double value = tl__record_of_word(kinds[i], word);
        if (value < 0) continue;
        condition_emit(p, CONDITION_NUMBER, value, NULL);
        return true;
    }
    return false;
}

/* abs, min, max and prev, with their parentheses. */
static bool condition_function(condition_parser *p)
{
    static const struct { const char *name; enum condition_kind kind; } two[] = {{"min", CONDITION_MIN},
                                                                                 {"max", CONDITION_MAX}};
    for (size_t i = 0; i < TL_COUNT(two); i++) {
        if (!condition_take_word(p, two[i].name)) continue;
        condition_want(p, "(", "a ( is missing");
        condition_or(p);
        condition_want(p, ",", "a comma and a second value are missing");
        condition_or(p);
        condition_want(p, ")", "a ) is missing");
        condition_emit(p, two[i].kind, 0, NULL);
        return true;
    }
    bool absolute = condition_take_word(p, "abs"), previous = !absolute && condition_take_word(p, "prev");
    if (!absolute && !previous) return false;
    p->back += previous;
    condition_want(p, "(", "a ( is missing");
    condition_or(p);
    condition_want(p, ")", "a ) is missing");
    p->back -= previous;
    if (absolute) condition_emit(p, CONDITION_ABS, 0, NULL);
    return true;
}

static void condition_primary(condition_parser *p)
{
    condition_blanks(p);
    if (p->at < p->size && (condition_is_digit(p->text[p->at]) || p->text[p->at] == '.')) {
        double number = condition_number(p);
        condition_emit(p, CONDITION_NUMBER, number, NULL);
        return;
    }
    if (condition_take(p, "(")) {
        condition_or(p);
        condition_want(p, ")", "a ) is missing");
        return;
    }
    if (condition_function(p)) return;
    size_t size = condition_word(p);
    if (!size) {
        condition_fail(p, p->at, p->at == p->size ? "the condition ends where a value is needed," :
                       "a number or the name of a figure is needed");
        return;
    }
    const tl__record_field *field = tl__record_field_find(p->text + p->at, size);
    if (field) {
        condition_emit(p, CONDITION_FIELD, p->back, field);
        condition_name(p, field);
    } else if (tl__same_text_n("classes", p->text + p->at, size)) {
        condition_emit(p, CONDITION_CLASSES, 0, NULL);
    } else if (!condition_constant(p, size)) {
        condition_unknown(p, size);
    }
    p->at += size;
}

static void condition_unary(condition_parser *p)
{
    if (!condition_take(p, "-")) {
        condition_primary(p);
        return;
    }
    if (++p->depth > CONDITION_DEPTH) condition_fail(p, p->at, "the condition is nested too deeply");
    else condition_unary(p);
    p->depth--;
    condition_emit(p, CONDITION_NEG, 0, NULL);
}

static void condition_product(condition_parser *p)
{
    condition_unary(p);
    while (!p->failed) {
        bool times = condition_take(p, "*"), by = !times && condition_take(p, "/");
        if (!times && !by) return;
        condition_unary(p);
        condition_emit(p, times ? CONDITION_MUL : CONDITION_DIV, 0, NULL);
    }
}

static void condition_sum(condition_parser *p)
{
    condition_product(p);
    while (!p->failed) {
        bool plus = condition_take(p, "+"), minus = !plus && condition_take(p, "-");
        if (!plus && !minus) return;
        condition_product(p);
        condition_emit(p, plus ? CONDITION_ADD : CONDITION_SUB, 0, NULL);
    }
}

static void condition_comparison(condition_parser *p)
{
    static const struct { const char *sign; enum condition_kind kind; } signs[] = {
        {"<=", CONDITION_LE}, {">=", CONDITION_GE}, {"==", CONDITION_EQ}, {"!=", CONDITION_NE}, {"<", CONDITION_LT},
        {">", CONDITION_GT}};
    condition_sum(p);
    for (size_t i = 0; i < TL_COUNT(signs); i++) {
        if (!condition_take(p, signs[i].sign)) continue;
        condition_sum(p);
        condition_emit(p, signs[i].kind, 0, NULL);
        return;
    }
}

static void condition_not(condition_parser *p)
{
    if (++p->depth > CONDITION_DEPTH) {
        condition_fail(p, p->at, "the condition is nested too deeply");
    } else if (condition_take_word(p, "not")) {
        condition_not(p);
        condition_emit(p, CONDITION_NOT, 0, NULL);
    } else {
        condition_comparison(p);
    }
    p->depth--;
}

static void condition_or(condition_parser *p)
{
    for (bool first = true; first || condition_take_word(p, "or"); first = false) {
        condition_not(p);
        while (!p->failed && condition_take_word(p, "and")) {
            condition_not(p);
            condition_emit(p, CONDITION_AND, 0, NULL);
        }
        if (!first) condition_emit(p, CONDITION_OR, 0, NULL);
        if (p->failed) return;
    }
}

/* "for 5 epochs" */
static void condition_streak(condition_parser *p)
{
    condition_blanks(p);
    size_t at = p->at;
    double epochs = p->at < p->size && condition_is_digit(p->text[p->at]) ? condition_number(p) : 0;
    if (!(epochs >= 1 && epochs <= 10000) || epochs != tl__floor(epochs))
        condition_fail(p, at, "a whole number of epochs from 1 to 10000 is needed");
    else p->out->epochs = (int64_t)epochs;
    if (!condition_take_word(p, "epochs") && !condition_take_word(p, "epoch"))
        condition_fail(p, p->at, "the word epochs is missing");
}

TL_PRIV tl_status tl__condition_parse(const char *text, size_t size, tl__condition *out, char *message, size_t room)
{
    condition_parser parser = {.text = text, .size = size, .out = out, .message = message, .room = room};
    out->count = out->fields = 0;
    out->epochs = 1;
    condition_or(&parser);
    if (!parser.failed && condition_take_word(&parser, "for")) condition_streak(&parser);
    condition_blanks(&parser);
    if (!parser.failed && parser.at < size) condition_fail(&parser, parser.at, "this is not understood,");
    return parser.failed ? TL_BAD_CONFIG : TL_OK;
}

/* ---- evaluation ---- */

static double condition_field(const tl__records *records, size_t index, const struct tl__condition_op *op)
{
    size_t back = (size_t)op->number;
    const tl__record *record = back <= index ? tl__records_at(records, index - back) : NULL;
    return record ? tl__record_value(record, op->field) : tl__nan_d();
}

static double condition_classes(const tl__records *records)
{
    return records->classes ? (double)records->classes : tl__nan_d();
}

static bool condition_true(double x) { return x == x && x != 0; }

static double condition_apply(enum condition_kind kind, double a, double b)
{
    switch (kind) {
    case CONDITION_ADD: return a + b;
    case CONDITION_SUB: return a - b;
    case CONDITION_MUL: return a * b;
    case CONDITION_DIV: return a / b;
    case CONDITION_MIN: return b < a || b != b ? b : a;
    case CONDITION_MAX: return b > a || b != b ? b : a;
    case CONDITION_LT: return a < b;
    case CONDITION_GT: return a > b;
    case CONDITION_LE: return a <= b;
    case CONDITION_GE: return a >= b;
    case CONDITION_EQ: return a == b;
    case CONDITION_NE: return a < b || a > b;
    case CONDITION_AND: return condition_true(a) && condition_true(b);
    default: return condition_true(a) || condition_true(b);
    }
}

TL_PRIV double tl__condition_value(const tl__condition *condition, const tl__records *records, size_t index)
{
    double stack[TL__CONDITION_OPS] = {0};
    size_t top = 0;
    for (int i = 0; i < condition->count; i++) {
        const struct tl__condition_op *op = &condition->op[i];
        enum condition_kind kind = (enum condition_kind)op->kind;
        if (kind == CONDITION_NUMBER) stack[top++] = op->number;
        else if (kind == CONDITION_FIELD) stack[top++] = condition_field(records, index, op);
        else if (kind == CONDITION_CLASSES) stack[top++] = condition_classes(records);
        else if (kind == CONDITION_NEG) stack[top - 1] = -stack[top - 1];
        else if (kind == CONDITION_ABS) stack[top - 1] = tl__abs(stack[top - 1]);
        else if (kind == CONDITION_NOT) stack[top - 1] = !condition_true(stack[top - 1]);
        else {
            top--;
            stack[top - 1] = condition_apply(kind, stack[top - 1], stack[top]);
        }
    }
    return stack[0];
}

TL_PRIV bool tl__condition_holds(const tl__condition *condition, const tl__records *records, size_t index)
{
    if (condition->epochs > (int64_t)index + 1) return false;
    for (size_t i = 0; i < (size_t)condition->epochs; i++)
        if (!condition_true(tl__condition_value(condition, records, index - i))) return false;
    return true;
}
