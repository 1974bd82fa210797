/* IDX: what is accepted can be read to its last element. */
#include "fuzz/fuzz.h"
#include "text/idx.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    tl__idx idx;
    tl_error error = {0};
    double sum = 0;
    if (tl__idx_parse(&idx, bytes, size, "fuzz", &error) != TL_OK) {
        fuzz_must(error.message[0] != '\0');
        return 0;
    }
    fuzz_must(tl__is_idx(bytes, size) && idx.data >= bytes && idx.count <= size);
    for (size_t i = 0; i < idx.count; i++) sum += tl__idx_at(&idx, i);
    fuzz_must(sum == sum || sum != sum);
    return 0;
}
