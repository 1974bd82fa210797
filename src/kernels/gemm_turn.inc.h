/* Template: products that are computed as their transpose, cT = bT aT, and turned on their way out; each chain has the
 * same terms in the same order, so its bits are the same. This pays in two forms.
 *   aT b of few columns: lanes run over the rows of c, for which a lies as it should; over its columns, most are empty.
 *   a bT of few rows: a and c are turned instead of b, which is larger than both.
 * Bias, relu and its derivative are applied while c is written, as in gemm_small.inc.h; other epilogues after it, row
 * by row: a plan does not know which one its calls will have. */
#if VN > 1
enum {
    SET(TURN_ROWS) = 32,              /* most rows of a bT */
    SET(TURN_TERMS) = 8               /* least terms of aT b: with fewer, turning takes longer than it saves */
};

/* What holds whatever the rows and terms. */
INLINE(bool) SET(gemm_turns)(const tl__gemm *call)
{
    if (call->accumulate || call->go_on || call->a_transposed == call->b_transposed) return false;
    if (call->b_transposed) return call->take == NULL;
    return call->n > 1 && call->n < 2 * GEMM_ROWS && call->n % VN != 0 &&
           4 * call->n <= 3 * tl__size_round(call->n, VN);
}

INLINE(bool) SET(gemm_pays_turned)(const tl__gemm *call)
{
    if (call->a_transposed) return call->m >= 2 * VN && call->k >= SET(TURN_TERMS);
    return call->m > VN / 2 && call->m <= SET(TURN_ROWS) && call->n >= 4 * call->m && call->k >= 2 * call->m;
}

INLINE(tl__gemm) SET(gemm_turned)(const tl__gemm *call, size_t m)
{
    return (tl__gemm){.m = call->n, .n = m, .k = call->k, .a = call->b, .lda = call->ldb, .b = call->a,
                      .ldb = call->lda, .a_transposed = !call->b_transposed, .b_transposed = !call->a_transposed,
                      .accumulate = call->a_transposed, .cut = call->cut};
}

FN(void) SET(gemm_run_turned)(const tl__gemm *call, const tl__gemm_plan *plan, size_t task, void *scratch)
{
    const tl__gemm turned = SET(gemm_turned)(call, call->m);
    const tl__region at = SET(gemm_chains)(&turned, plan, task, scratch);
    const bool ends = SET(small_ends)(call);
    tl__gemm out = *call;
    size_t top = at.j;
    if (call->take != NULL) {
        out.c = (float *)scratch + plan->scratch_bytes / sizeof(float) - plan->rows * plan->columns;
        out.ldc = call->n;
        if (call->saved != NULL) out.saved += top * call->ldsaved;
        top = 0;
    }
    for (size_t j = 0; j < at.rows; j += VN) {
        const size_t count = SET(left)(at.rows, j);
        for (size_t i = 0; i < at.columns; i += 4) {
            const float *from = at.chains + j * at.ld + i;
            V v[4];
            FOUR_LOAD(v, from, at.ld, from + (VN - 1) * at.ld);
            for (size_t q = 0; q < 4 && i + q < at.columns; q++)
                SET(small_end)(&out, top + i + q, at.i + j, v[q], count, ends);
        }
    }
    for (size_t i = 0; i < at.columns && !ends; i++)
        SET(gemm_epilogue)(call, at.j + i, at.i, out.c + (top + i) * out.ldc + at.i, at.rows, false);
    if (call->take != NULL) call->take(call->take_user, at.j, 0, out.c, at.columns * call->n);
}

/* Puts a turned plan in the place of a straight one, if it pays; the scratch is enough for both ways, as a call with
 * fewer rows or terms may go the other. Regions of a bT are those of products without scratch: larger, so that a is
 * turned less often. */
FN(void) SET(gemm_turn)(const tl__gemm *call, tl__gemm_plan *plan)
{
    tl__gemm_plan other, largest;
    if (!SET(gemm_turns)(call)) return;
    tl__gemm turned = SET(gemm_turned)(call, call->a_transposed ? call->m : tl__size_min(call->m, SET(TURN_ROWS)));
    SET(gemm_plan_straight)(&turned, (tl__caches)plan->caches, &other);
    if (!GEMM_MASKED) turned.n |= 1;   /* odd: what these sets pack, and even numbers may do without */
    SET(gemm_plan_straight)(&turned, (tl__caches)plan->caches, &largest);
    size_t bytes = largest.scratch_bytes;
    largest.values = turned.accumulate;
    SET(gemm_limit)(&turned, &largest);   /* of one leaf, whose regions are largest */
    size_t more = (VN - 1 + (call->take != NULL ? largest.rows : 0)) * largest.columns;
    if (!turned.accumulate) more += largest.rows * largest.columns;
    bytes += more * sizeof(float);
    other.values = true;
    other.scratch_bytes = plan->scratch_bytes = tl__size_max(plan->scratch_bytes, bytes);
    other.run = SET(gemm_run_turned);
    if (plan->run == SET(gemm_run) && SET(gemm_pays_turned)(call)) *plan = other;
}
#else
INLINE(void) SET(gemm_turn)(const tl__gemm *call, tl__gemm_plan *plan) { (void)call, (void)plan; }
#endif
