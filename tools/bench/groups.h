/* The groups, in the order in which they run. */
BENCH_GROUP(peak)
BENCH_GROUP(gemm)
BENCH_GROUP(step)
BENCH_GROUP(long)
BENCH_GROUP(threads)
BENCH_GROUP(predict)
BENCH_GROUP(functions)
BENCH_GROUP(kernels)
