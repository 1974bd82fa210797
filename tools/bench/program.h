/* A program with its arguments, run again and again in a process of its own. */
#ifndef TOOLS_BENCH_PROGRAM_H
#define TOOLS_BENCH_PROGRAM_H

#include "bench.h"

enum { PROGRAM_WORDS = 32, PROGRAM_TEXTS = 16, PROGRAM_PATH = 700 };

typedef struct program {
    bench *b;
    const char *words[PROGRAM_WORDS];
    char text[PROGRAM_TEXTS][PROGRAM_PATH];
    int count, texts;
    int threads;
    const char *folder;               /* made for each run and removed after it; output.txt in it is what it says */
    const char *figure;               /* what stands before the figure to read in its output, behind "test" */
    double result;                    /* that figure; below 0: there is none */
    double peak;                      /* bytes of memory, the largest of the runs */
    double processor;                 /* seconds of the last run, of all its threads */
} program;

void program_word(program *p, const char *word);
void program_text(program *p, const char *format, const char *a, const char *b);
/* build/trainlib's path, beside the program that runs. */
void program_trainlib(program *p);
/* Seconds; below 0: it failed, or said no figure. */
double program_once(program *p);
/* A bench_worker's run. */
double program_times(void *program, size_t times);

#endif
