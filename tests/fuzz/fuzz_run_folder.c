/* A run folder one of whose files holds any bytes: what the commands that look at runs read. Which file: the first byte.
 * They tell of it or refuse it with a message, and nothing is left. */
#include "fuzz/folder.h"
#include "lab/analytics.h"

static const char *const names[] = {"status.json", "metrics.json", "metrics.csv", "detailed_metrics.json", "trials.jsonl",
                                    "diagnosis.json", "profile.json", "explanation.json"};
static const char *const usual[] = {
    "{\"run\": \"r\", \"state\": \"done\", \"epoch\": 2, \"result\": {\"stopped\": \"completed\", \"epochs\": 2}}",
    "{\"classes\": [\"n\", \"p\"], \"test\": {\"accuracy\": 0.5, \"samples\": 4, \"confusion\": [[1, 1], [1, 1]]}}",
    "epoch,train_loss,val_loss,train_acc,val_acc,learning_rate\n1,2,3,0.5,0.5,0.1\n"};

static void told(tl_context *context, tl_status status, tl_value *value, const tl_error *error)
{
    if (status == TL_OK) tl_value_free(context, value);
    else fuzz_must(error->message[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    tl_error error = {0};
    tl_options options = TL_OPTIONS;
    tl__run_records records;
    tl_value *value = NULL;
    if (size < 1) return 0;
    tl_context *context = fuzz_context();
    size_t before = tl_context_memory(context), which = bytes[0] % TL_COUNT(names);
    const char *run = fuzz_folder(), *runs[] = {run};
    for (size_t i = 0; i < TL_COUNT(names); i++) tl__file_remove(fuzz_path(names[i]), NULL);
    for (size_t i = 0; i < TL_COUNT(usual); i++) fuzz_file(names[i], usual[i], strlen(usual[i]));
    fuzz_file(names[which], bytes + 1, size - 1);
    if (tl__run_records_read(context, run, &records, &error) != TL_OK) fuzz_must(error.message[0] != '\0');
    tl__run_records_free(&records);
    error = (tl_error){0};
    tl_status status = tl_run_status(context, run, &options, &value, &error);
    told(context, status, value, &error);
    error = (tl_error){0};
    status = tl_run_metrics(context, run, &options, &value, &error);
    told(context, status, value, &error);
    error = (tl_error){0};
    status = tl_prompt(context, run, &options, &value, &error);
    told(context, status, value, &error);
    error = (tl_error){0};
    options.out = run;
    status = tl_report(context, runs, 1, &options, &value, &error);
    told(context, status, value, &error);
    fuzz_must(tl_context_memory(context) == before);
    tl_context_free(context);
    return 0;
}
