/* A search that another program drives: race_search SETTINGS SEED prints the values of a trial in a line and reads its
 * loss from one, until the input ends. */
#include <stdio.h>
#include <stdlib.h>

#include "trainlib.h"

int main(int argc, char **argv)
{
    tl_context *context = tl_context_new(NULL);
    tl_search *search;
    tl_error error = {0};
    double values[32], loss;
    int64_t trial;
    if (argc != 4) return fprintf(stderr, "race_search SETTINGS SEED PARAMETERS\n"), 2;
    if (tl_search_new(context, argv[1], strtoull(argv[2], NULL, 10), &search, &error) != TL_OK)
        return fprintf(stderr, "%s\n", error.message), 1;
    do {
        if (tl_search_ask(search, &trial, values, &error) != TL_OK) return fprintf(stderr, "%s\n", error.message), 1;
        for (int i = 0; i < atoi(argv[3]); i++) printf("%.17g ", values[i]);
        putchar('\n');
        fflush(stdout);
        if (scanf("%lf", &loss) != 1) break;
    } while (tl_search_tell(search, trial, loss, &error) == TL_OK);
    tl_search_free(search);
    tl_context_free(context);
    return 0;
}
