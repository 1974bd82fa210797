/* trainlib COMMAND CONFIG [options]: finds the command, makes a context, runs it, and turns Ctrl-C into tl_cancel. */
#if !defined(_WIN32)
#  define _POSIX_C_SOURCE 200809L
#  define _DEFAULT_SOURCE     /* _SC_PHYS_PAGES */
#  define _DARWIN_C_SOURCE
#endif
#include "cli.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined(_WIN32)
#  include <io.h>
#  include <process.h>
#  include <windows.h>
#  define write _write
#else
#  include <unistd.h>
#endif

/* A signal handler has no other way to its program's state. */
static tl_context *volatile interrupt_context;
static volatile sig_atomic_t interrupt_told;
enum { INTERRUPT_SAME_MS = 250 };

bool cli_interrupted(void) { return interrupt_told > 0; }

static int64_t interrupt_clock(void)
{
#if defined(_WIN32)
    return (int64_t)GetTickCount64();
#else
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
#endif
}

/* Programs that run others (timeout, make) may send the same signal twice at once; a second wish takes a moment
 * longer. */
static void interrupt_handler(int number)
{
    static const char once[] = "\nfinishing the step; Ctrl-C again quits at once without saving\n";
    static volatile int64_t first;
    (void)number;
#if defined(_WIN32)
    signal(number, interrupt_handler);
#endif
    if (interrupt_told > 0) {
        if (interrupt_clock() - first >= INTERRUPT_SAME_MS) _exit(CLI_INTERRUPTED);
        return;
    }
    first = interrupt_clock();
    interrupt_told = 1;
    if (write(2, once, sizeof once - 1) < 0) first = interrupt_clock();    /* nobody reads it: go on all the same */
    if (interrupt_context) tl_cancel(interrupt_context);
}

static void interrupt_install(void)
{
#if defined(_WIN32)
    signal(SIGINT, interrupt_handler);
    signal(SIGTERM, interrupt_handler);
    SetConsoleOutputCP(CP_UTF8);
#else
    struct sigaction action;
    memset(&action, 0, sizeof action);
    sigemptyset(&action.sa_mask);
    action.sa_handler = interrupt_handler;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);    /* a reader that went away is a failed write, not a death */
#endif
}

#define CLI_COMMAND(name) cli_command_##name,
static const cli_command *(*const commands[])(void) = {
#include "command_list.h"
};
#undef CLI_COMMAND
enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static void print_overview(void)
{
    puts("trainlib " TL_VERSION ": train neural networks from a YAML file\n");
    puts("trainlib COMMAND CONFIG [options]\n");
    for (int i = 0; i < COMMAND_COUNT; i++) printf("  %-20s %s\n", commands[i]()->name, commands[i]()->summary);
    puts("\nCONFIG is ./config.yaml and RUN the newest run when they are left out. Every command takes\n");
    cli_print_options(NULL);
    puts("\nA first run:\n"
         "  trainlib train:configure --preset plain --set data.file=iris.csv --set data.target=species > config.yaml\n"
         "  trainlib train:run\n"
         "'trainlib COMMAND --help' says more, 'trainlib train:configure --explain training' explains settings.");
}

static void print_help(const cli_command *command)
{
    printf("trainlib %s %s [options]: %s\n\n%s\n\n", command->name, command->operand, command->summary,
           command->help);
    cli_print_options(command);
}

static const cli_command *find_command(const char *name)
{
    const char *names[COMMAND_COUNT + 1];
    for (int i = 0; i < COMMAND_COUNT; i++) {
        const cli_command *command = commands[i]();
        names[i] = command->name;
        if (strcmp(name, command->name) == 0 || strcmp(name, command->name + strlen("train:")) == 0) return command;
    }
    const char *near_name = cli_nearest(name, names, COMMAND_COUNT);
    fprintf(stderr, "trainlib: '%s' is not a command", name);
    if (near_name) fprintf(stderr, "; did you mean %s?\n", near_name);
    else fprintf(stderr, "; 'trainlib --help' lists them\n");
    return NULL;
}

static void on_log(void *user, tl_log_level level, const char *line)
{
    cli_terminal *terminal = user;
    if (level <= TL_LOG_INFO) cli_say(terminal, line);
}

static bool on_progress(void *user, const tl_progress *progress)
{
    cli_show_progress(user, progress);
    return true;
}

tl_options cli_options(cli_state *cli)
{
    tl_options options = TL_OPTIONS;
    const cli_arguments *a = &cli->arguments;
    options.set = a->set;
    options.set_count = a->set_count;
    options.out = a->out;
    options.resume = a->resume;
    options.preset = a->preset;
    options.explain = a->explain;
    options.data = a->data;
    options.format = a->format;
    options.output = a->output;
    options.plan = a->plan;
    options.check = a->check;
    options.expand = a->expand;
    options.steps = a->steps;
    options.rolling = a->rolling;
    options.from = a->from;
    options.note = a->note;
    options.tag = a->tag;
    options.keep = a->keep;
    options.kind = a->kind;
    options.vary = a->vary;
    options.vary_count = a->vary_count;
    options.seeds = a->seeds;
    options.apply_best = a->apply_best;
    options.apply_advice = a->apply_advice;
    options.detailed_analytics = a->detailed_analytics;
    options.ensemble = a->ensemble;
    options.progress = on_progress;
    options.progress_user = &cli->terminal;
    return options;
}

int cli_shard(const cli_state *cli, tl_options *options)
{
    long long shard, shards;
    char rest;
    if (!cli->arguments.shard) return CLI_OK;
    if (sscanf(cli->arguments.shard, "%lld/%lld%c", &shard, &shards, &rest) == 2 && shard >= 1 && shard <= shards) {
        options->shard = shard;
        options->shards = shards;
        return CLI_OK;
    }
    fprintf(stderr, "--shard %s: a part and the number of parts are needed, as in --shard 1/4\n", cli->arguments.shard);
    return CLI_USAGE;
}

int cli_failed(cli_state *cli, tl_status status, const tl_error *error)
{
    cli_clear_bar(&cli->terminal);
    if (status == TL_CANCELLED) return CLI_INTERRUPTED;
    if (error->message[0]) fprintf(stderr, "%s\n", error->message);
    else fprintf(stderr, "trainlib: %s\n", tl_status_text(status));
    return status == TL_BAD_CONFIG || status == TL_INVALID ? CLI_USAGE : CLI_FAILURE;
}

int cli_print_json(cli_state *cli, const tl_value *value)
{
    char *text;
    tl_error error = {0};
    tl_status status = tl_value_json(cli->context, value, 2, &text);
    if (status != TL_OK) return cli_failed(cli, status, &error);
    puts(text);
    tl_text_free(cli->context, text);
    return CLI_OK;
}

/* One figure of a part, as a cell. */
static const char *score_cell(char out[32], const tl_value *part, const char *name, bool percent)
{
    double value = tl_value_number(tl_value_get(part, name), CLI_NO_NUMBER);
    if (percent && value == value) return snprintf(out, 32, "%.1f %%", 100.0 * value), out;
    return cli_figure(out, value);
}

enum { SCORES_VALUES, SCORES_CLASSES, SCORES_FORECAST };

static const struct scores_column { const char *key, *title; bool percent; int task; } scores_columns[] = {
    {"loss", "loss", false, SCORES_CLASSES},       {"accuracy", "accuracy", true, SCORES_CLASSES},
    {"balanced_accuracy", "balanced", true, SCORES_CLASSES}, {"f1_macro", "F1 macro", false, SCORES_CLASSES},
    {"auc", "AUC", false, SCORES_CLASSES},         {"loss", "loss", false, SCORES_VALUES},
    {"mae", "MAE", false, SCORES_VALUES},          {"rmse", "RMSE", false, SCORES_VALUES},
    {"r2", "R²", false, SCORES_VALUES},            {"loss", "loss", false, SCORES_FORECAST},
    {"mse", "MSE", false, SCORES_FORECAST},        {"mae", "MAE", false, SCORES_FORECAST},
    {"rmse", "RMSE", false, SCORES_FORECAST},      {"smape", "sMAPE %", false, SCORES_FORECAST},
    {"mase", "MASE", false, SCORES_FORECAST},
};
enum { SCORES_COLUMNS = sizeof scores_columns / sizeof scores_columns[0] };

static void print_score_cells(const tl_value *part, int task)
{
    char text[32];
    for (size_t c = 0; c < SCORES_COLUMNS; c++)
        if (scores_columns[c].task == task)
            cli_cell(stdout, score_cell(text, part, scores_columns[c].key, scores_columns[c].percent), -10);
}

/* Naive forecasts of the same windows, and in words where they are better. */
static void print_baselines(const tl_value *part)
{
    static const struct { const char *key, *title; } naive[] = {
        {"baselines.repeat_last", " last step"}, {"baselines.seasonal_naive", " season"}};
    double mse = tl_value_number(tl_value_get(part, "mse"), CLI_NO_NUMBER);
    for (int i = 0; i < 2; i++) {
        const tl_value *of = tl_value_get(part, naive[i].key);
        if (!of) continue;
        cli_cell(stdout, naive[i].title, 11);
        print_score_cells(of, SCORES_FORECAST);
        puts(tl_value_number(tl_value_get(of, "mse"), CLI_NO_NUMBER) < mse ? "  better than the network" : "");
    }
}

void cli_print_scores(const tl_value *result)
{
    static const char *const parts[] = {"train", "validation", "test"};
    char text[32];
    int task = SCORES_VALUES;
    for (int i = 0; i < 3; i++) {
        const tl_value *part = tl_value_get(result, parts[i]);
        if (tl_value_get(part, "accuracy")) task = SCORES_CLASSES;
        if (tl_value_get(part, "baselines")) task = SCORES_FORECAST;
    }
    cli_cell(stdout, "", 11);
    for (size_t c = 0; c < SCORES_COLUMNS; c++)
        if (scores_columns[c].task == task) cli_cell(stdout, scores_columns[c].title, -10);
    cli_cell(stdout, "samples", -10);
    putchar('\n');
    for (int i = 0; i < 3; i++) {
        const tl_value *part = tl_value_get(result, parts[i]);
        if (tl_value_integer(tl_value_get(part, "samples"), 0) == 0) continue;
        cli_cell(stdout, parts[i], 11);
        print_score_cells(part, task);
        cli_cell(stdout, cli_count(text, tl_value_integer(tl_value_get(part, "samples"), 0)), -10);
        putchar('\n');
        print_baselines(part);
    }
}

/* What the machine has: more than that is refused with a sentence, where the system would kill the process. */
static size_t physical_memory(void)
{
#if defined(_WIN32)
    MEMORYSTATUSEX memory = {.dwLength = sizeof memory};
    return GlobalMemoryStatusEx(&memory) && memory.ullTotalPhys < SIZE_MAX ? (size_t)memory.ullTotalPhys : 0;
#elif defined(_SC_PHYS_PAGES)
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    return pages > 0 && size > 0 && (size_t)pages < SIZE_MAX / (size_t)size ? (size_t)pages * (size_t)size : 0;
#else
    return 0;
#endif
}

/* A reader that has seen enough (head) is no mistake; a full disk is. */
static int flush_result(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) return CLI_OK;
    errno = 0;
    if (putchar('\n') == EOF || fflush(stdout) != 0) {
        if (errno == EPIPE) return CLI_OK;
    }
    fputs("trainlib: standard output cannot be written; is the disk full?\n", stderr);
    return CLI_FAILURE;
}

static int run_command(cli_state *cli)
{
    tl_error error = {0};
    tl_context_options options = TL_CONTEXT_OPTIONS;
    options.threads = cli->arguments.threads;
    options.memory_limit = physical_memory();
    options.log = on_log;
    options.log_user = &cli->terminal;
    tl_status status = tl_context_make(&options, &cli->context, &error);
    if (status != TL_OK) return cli_failed(cli, status, &error);
    interrupt_context = cli->context;
    interrupt_install();
    int result = cli->command->run(cli);
    interrupt_context = NULL;
    cli_clear_bar(&cli->terminal);
    tl_context_free(cli->context);
    return result == CLI_OK ? flush_result() : result;
}

int main(int argc, char **argv)
{
    cli_state cli;
    memset(&cli, 0, sizeof cli);
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        print_overview();
        return CLI_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("trainlib %s (%s)\n", tl_version(), tl_build_info());
        return CLI_OK;
    }
    cli.command = find_command(argv[1]);
    if (!cli.command) return CLI_USAGE;
    int result = cli_read_arguments(cli.command, argc, argv, &cli.arguments);
    if (result == CLI_OK && cli.arguments.help) {
        print_help(cli.command);
    } else if (result == CLI_OK) {
        cli_terminal_open(&cli.terminal, cli.arguments.quiet);
        result = run_command(&cli);
    }
    cli_free_arguments(&cli.arguments);
    return result;
}
