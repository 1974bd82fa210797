/* Conditions of alerts: what is accepted can be evaluated in any row, what is refused says why. */
#include "fuzz/fuzz.h"
#include "train/condition.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    enum { WIDTH = sizeof(tl__record) / sizeof(double) };
    double rows[2 * WIDTH];
    tl__records records = {.count = 2, .rows = rows};
    tl__condition condition;
    char why[320] = "";
    for (size_t i = 0; i < 2 * WIDTH; i++) rows[i] = (double)i;
    if (tl__condition_parse((const char *)bytes, size, &condition, why, sizeof why) == TL_OK) {
        fuzz_must(condition.count > 0 && condition.epochs >= 1);
        for (size_t i = 0; i < 2; i++) {
            tl__condition_value(&condition, &records, i);
            tl__condition_holds(&condition, &records, i);
        }
    } else {
        fuzz_must(why[0] != '\0');
    }
    return 0;
}
