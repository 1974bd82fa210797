/* The group analytics: what `train:run --detailed-analytics` costs. Pairs of processes with and without it, one after
 * the other and in turns the other way round; of each pair the ratio, of all ratios the median and the interval that
 * holds the true one in 95 of 100 cases. By the clock, and by the processor's seconds, which waiting for the disk
 * leaves out. On Fashion-MNIST (--data), else on pictures that are made. */
#define _GNU_SOURCE    /* mkdtemp */
#include "program.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ANALYTICS_ROWS = 20000, ANALYTICS_SIDE = 28, ANALYTICS_CLASSES = 10 };

static const struct {
    const char *name, *network;
    int epochs;
} analytics_cases[] = {
    {"784-256-128-10", "[{type: hidden, nodes: 256}, {type: hidden, nodes: 128}, {type: output}]", 5},
    {"28x28 lstm 64", "[{type: reshape, shape: [28, 28]}, {type: lstm, units: 64}, {type: output}]", 2},
};

static void analytics_label(size_t index, char out[BENCH_NAME])
{
    snprintf(out, BENCH_NAME, "%s batch 64", analytics_cases[index].name);
}

/* ---- the data ---- */

static void analytics_word(unsigned char out[4], uint32_t value)
{
    for (int i = 0; i < 4; i++) out[i] = (unsigned char)(value >> (24 - 8 * i));
}

static bool analytics_file(const char *folder, const char *name, const unsigned char *bytes, size_t size)
{
    char path[PROGRAM_PATH];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    bool good = file && fwrite(bytes, 1, size, file) == size;
    return file && fclose(file) == 0 && good;
}

/* Each class has its pixels; noise as large as they are. */
static void analytics_picture(uint64_t *random, uint32_t label, unsigned char *out)
{
    for (uint32_t p = 0; p < ANALYTICS_SIDE * ANALYTICS_SIDE; p++) {
        *random = *random * 6364136223846793005u + 1442695040888963407u;
        uint32_t own = (p * 2654435761u ^ label * 40503u * (p + 7)) >> 8 & 127;
        out[p] = (unsigned char)(own + (uint32_t)(*random >> 57));
    }
}

static bool analytics_make(bench *b, const char *folder)
{
    const size_t each = ANALYTICS_SIDE * ANALYTICS_SIDE, size = 16 + each * ANALYTICS_ROWS;
    unsigned char *images = tl__alloc_zero(&b->heap, 1, size);
    unsigned char *labels = tl__alloc_zero(&b->heap, 1, 8 + ANALYTICS_ROWS);
    uint64_t random = 1;
    bool good = images && labels;
    if (good) {
        const uint32_t head[] = {0x803, ANALYTICS_ROWS, ANALYTICS_SIDE, ANALYTICS_SIDE};
        for (int i = 0; i < 4; i++) analytics_word(images + 4 * i, head[i]);
        analytics_word(labels, 0x801);
        analytics_word(labels + 4, ANALYTICS_ROWS);
        for (size_t i = 0; i < ANALYTICS_ROWS; i++) {
            labels[8 + i] = (unsigned char)(i * 7 % ANALYTICS_CLASSES);
            analytics_picture(&random, labels[8 + i], images + 16 + i * each);
        }
        good = analytics_file(folder, "images.idx", images, size) &&
               analytics_file(folder, "labels.idx", labels, 8 + ANALYTICS_ROWS);
    }
    tl__free(&b->heap, images, size);
    tl__free(&b->heap, labels, 8 + ANALYTICS_ROWS);
    return good;
}

static bool analytics_config(bench *b, size_t index, const char *folder)
{
    char text[1500];
    const char *data = b->options.data;
    int size = snprintf(text, sizeof text, "name: cost\nseed: 42\ndata:\n  file: {images: %s/%s, labels: %s/%s}\n"
                        "  task: classification\n  split: {validation: 0.15, test: 0.05}\n  normalize: standard\n"
                        "network: {layers: %s}\n"
                        "training: {learning_rate: 0.001, batch_size: 64, epochs: %d, optimizer: adam}\n",
                        data ? data : folder, data ? "train-images-idx3-ubyte.gz" : "images.idx",
                        data ? data : folder, data ? "train-labels-idx1-ubyte.gz" : "labels.idx",
                        analytics_cases[index].network, analytics_cases[index].epochs);
    return analytics_file(folder, "config.yaml", (const unsigned char *)text, (size_t)size);
}

/* ---- the pairs ---- */

/* The median of the ratios, and the ranks around it that hold the true median in at least 95 of 100 cases: as many on
 * each side as coins may fall on one side in less than 2.5 of 100. */
static void analytics_ratios(const double *on, const double *off, int count, char *out, size_t room)
{
    bench_series ratios = {0};
    double chance = 1, sum;
    int side = 0;
    for (int i = 0; i < count; i++) bench_series_add(&ratios, 100 * (on[i] / off[i] - 1));
    bench_series_close(&ratios);
    for (int i = 1; i < count; i++)    /* sorted: the series keeps the order of the repeats */
        for (int k = i; k > 0 && ratios.value[k - 1] > ratios.value[k]; k--) {
            double swap = ratios.value[k];
            ratios.value[k] = ratios.value[k - 1];
            ratios.value[k - 1] = swap;
        }
    for (int i = 0; i < count; i++) chance /= 2;
    for (sum = chance; sum < 0.025 && side < count / 2; sum += chance) {
        side++;
        chance *= (double)(count - side + 1) / side;
    }
    if (side == 0) snprintf(out, room, "%+.2f %%", ratios.median);
    else snprintf(out, room, "%+.2f %% (%+.2f to %+.2f)", ratios.median, ratios.value[side - 1],
                  ratios.value[count - side]);
}

/* programs: with analytics, without. */
static bool analytics_pairs(bench *b, bench_row *row, program *programs)
{
    double on[BENCH_REPEATS], off[BENCH_REPEATS];
    char by_clock[48], by_processor[48];
    for (int r = -1; r < b->options.repeat; r++)    /* the first one warms up */
        for (int turn = 0; turn < 2; turn++) {
            int which = (turn + r) & 1;
            double seconds = program_once(&programs[which]);
            if (seconds < 0) return false;
            if (r < 0) continue;
            bench_series_add(which ? &row->peers[0].seconds : &row->ours.seconds, seconds);
            (which ? off : on)[r] = programs[which].processor;
        }
    row->peer_count = 1;
    analytics_ratios(row->ours.seconds.value, row->peers[0].seconds.value, b->options.repeat, by_clock,
                     sizeof by_clock);
    analytics_ratios(on, off, b->options.repeat, by_processor, sizeof by_processor);
    snprintf(row->note, sizeof row->note, "costs %s by the clock, %s of the processor, %d pairs", by_clock,
             by_processor, b->options.repeat);
    return true;
}

static void analytics_program(program *p, bench *b, const char *folder, const char *inner, int threads, bool detailed)
{
    char number[16];
    snprintf(number, sizeof number, "%d", threads);
    *p = (program){.b = b, .threads = threads, .folder = inner, .figure = "\"accuracy\":"};
    program_trainlib(p);
    program_word(p, "train:run");
    program_text(p, "%s/%s", folder, "config.yaml");
    program_word(p, "--out");
    program_word(p, inner);
    program_word(p, "--threads");
    program_text(p, "%s%s", number, "");
    program_word(p, "--json");
    program_word(p, "--quiet");
    if (detailed) program_word(p, "--detailed-analytics");
}

static void analytics_run(bench *b, size_t index)
{
    static const char *const made[] = {"images.idx", "labels.idx", "config.yaml"};
    const char *temporary = getenv("TMPDIR");
    char folder[300], inner[320], path[PROGRAM_PATH];
    bench_row row = bench_begin(b, &bench_group_analytics, index);
    program *programs = tl__alloc_zero(&b->heap, 2, sizeof *programs);
    snprintf(folder, sizeof folder, "%.200s/trainlib-bench-XX" "XX" "XX", temporary ? temporary : "/tmp");
    if (!programs || !mkdtemp(folder)) {
        bench_fail(b, "analytics: no temporary folder could be made");
        return;
    }
    snprintf(inner, sizeof inner, "%s/work", folder);
    row.threads = b->options.threads;
    row.work = (double)analytics_cases[index].epochs * (b->options.data ? 48000 : 0.8 * ANALYTICS_ROWS);
    row.unit = "samples/s";
    snprintf(row.ours.name, sizeof row.ours.name, "with");
    snprintf(row.peers[0].name, sizeof row.peers[0].name, "without");
    bool good = (b->options.data || analytics_make(b, folder)) && analytics_config(b, index, folder);
    double begun = bench_others_begin(b);
    for (int i = 0; i < 2; i++) analytics_program(&programs[i], b, folder, inner, row.threads, i == 0);
    good = good && analytics_pairs(b, &row, programs);
    row.others = bench_others_end(b, begun);
    if (good) bench_report(b, &row);
    else bench_fail(b, "analytics: a training of %s failed", row.name);
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, made[i]);
        unlink(path);
    }
    rmdir(folder);
    tl__free(&b->heap, programs, 2 * sizeof *programs);
}

const bench_group bench_group_analytics = {
    "analytics", "what train:run --detailed-analytics costs, in pairs of runs (--repeat 25 for a narrow interval)",
    sizeof analytics_cases / sizeof analytics_cases[0], analytics_label, analytics_run,
};
