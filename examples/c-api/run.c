/* The whole pipeline, as `trainlib train:run` does it. */
#include <stdio.h>
#include "trainlib.h"

int main(void)
{
    tl_error error = {0};
    tl_context *context = tl_context_new(NULL);
    tl_run_result result;
    if (tl_run(context, "config.yaml", NULL, &result, &error) != TL_OK)
        return fprintf(stderr, "%s\n", error.message), 1;
    printf("test accuracy %.3f, model in %s\n", result.test.accuracy, result.model_path);
    tl_context_free(context);
}
