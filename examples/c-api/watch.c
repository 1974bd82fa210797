/* A run seen from inside: settings by hand, a line every fifth epoch, a limit on memory, and an end on request. */
#include <stdio.h>
#include "trainlib.h"

static bool on_progress(void *user, const tl_progress *progress)
{
    const int64_t *last = user;
    if (progress->epoch_end && progress->epoch % 5 == 0) puts(progress->line);
    return !(progress->epoch_end && progress->epoch >= *last);
}

static void on_log(void *user, tl_log_level level, const char *line)
{
    fprintf(user, "%s%s\n", level <= TL_LOG_WARNING ? "warning: " : "", line);
}

int main(void)
{
    tl_error error = {0};
    tl_context_options machine = TL_CONTEXT_OPTIONS;
    machine.threads = 1;
    machine.memory_limit = 8 << 20;
    machine.log = on_log;
    machine.log_user = stderr;
    tl_context *context = tl_context_new(&machine);

    const char *set[] = {"training.epochs=100", "network.hidden_size=32"};
    int64_t last = 10;
    tl_options run = TL_OPTIONS;
    run.set = set;
    run.set_count = 2;
    run.progress = on_progress;
    run.progress_user = &last;

    tl_run_result result;
    tl_status status = tl_run(context, "config.yaml", &run, &result, &error);
    printf("%s: %s\n", tl_status_text(status), error.message);
    printf("at most %zu KiB were in use\n", tl_context_memory_peak(context) / 1024);
    tl_context_free(context);
    return status == TL_CANCELLED ? 0 : 1;
}
