/* Arguments: a table of options, read in any order around one operand. "--name value" and "--name=value" are the same;
 * a mistake names the nearest option. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

typedef enum option_kind {
    OPTION_FLAG, OPTION_TEXT, OPTION_MAYBE, OPTION_NUMBER, OPTION_SET, OPTION_SWITCH, OPTION_VARY
} option_kind;

typedef struct option {
    const char *name;
    option_kind kind;
    size_t offset;           /* in cli_arguments */
    const char *prefix;      /* OPTION_SET: what the value is a setting of; ends with "[": of a list.
                                OPTION_SWITCH: the setting with its value */
    const char *const *words;/* the values it takes, or NULL */
    bool common;             /* every command takes it */
    const char *argument;    /* for the help; NULL: none */
    const char *help;
} option;

/* What an option means to one command. */
static const struct { const char *command, *option, *help; } option_words[] = {
    {"train:prepare-data", "format", "of the parts: csv (default) or npy"},
    {"train:prepare-data", "output", "the folder to write into (default: output/data/NAME)"},
    {"train:metrics", "format", "csv or json"},
    {"train:predict", "format", "csv (default) or json"},
    {"train:predict", "output", "the file to write (default: standard output)"},
    {"train:report", "format", "of the charts: svg (default), png, pdf, or several with commas"},
    {"train:report", "output", "the folder to write into (default: the run's own; of several output/comparison)"},
    {"train:ensemble", "output", "the file to write: a model, or NAME.json, a list (default: ensemble.safetensors)"},
    {"train:explain", "format", "of the pictures: svg (default), png, pdf, or several with commas"},
    {"train:explain", "output", "the folder to write into (default: RUN/explain)"},
    {"train:explain", "format", "of the pictures: svg (default), png, pdf, or several with commas"},
    {"train:validate", "output", "the file to write (default: the run's validation.json)"},
    {"train:experiment", "kind", "lr, patience or architecture"},
    {"train:prompt", "kind", "analysis, failure or comparison (default: what fits)"},
    {"train:optimize", "resume", "go on with a search (default: the newest of this config)"},
};

static const char *const option_formats[] = {"csv", "json", "npy", "svg", "png", "pdf", NULL};
static const char *const option_combines[] = {"mean", "vote", "best", NULL};
static const char *const option_methods[] = {"all", "permutation", "gradients", "attention", NULL};
static const char *const option_losses[] = {"focal", "ce", NULL};

#define AT(member) offsetof(cli_arguments, member)
static const option options[] = {
    {"set", OPTION_SET, 0, "", NULL, true, "PATH=VALUE", "any setting of the config; may be given many times"},
    {"out", OPTION_TEXT, AT(out), NULL, NULL, true, "DIR",
     "the folder that holds output/ (default: the current one)"},
    {"seed", OPTION_SET, 0, "seed=", NULL, true, "N", "short for --set seed=N"},
    {"threads", OPTION_NUMBER, AT(threads), NULL, NULL, true, "N",
     "threads to use (default: all); results do not depend on it"},
    {"json", OPTION_FLAG, AT(json), NULL, NULL, true, NULL, "print the result as one JSON object"},
    {"quiet", OPTION_FLAG, AT(quiet), NULL, NULL, true, NULL, "only the result, no talk"},
    {"help", OPTION_FLAG, AT(help), NULL, NULL, true, NULL, "this text"},
    {"resume", OPTION_MAYBE, AT(resume), NULL, NULL, false, "[RUN]",
     "go on with a run that was interrupted (default: the newest of this config)"},
    {"plan", OPTION_FLAG, AT(plan), NULL, NULL, false, NULL, "only show the network and the memory it will take"},
    {"loss-function", OPTION_SET, 0, "training.loss=", option_losses, false, "focal|ce",
     "short for --set training.loss=..."},
    {"detailed-analytics", OPTION_FLAG, AT(detailed_analytics), NULL, NULL, false, NULL,
     "record gradients, weights and predictions of each epoch, and warn (training_analytics/runs/)"},
    {"symbol", OPTION_SET, 0, "symbol=", NULL, false, "TEXT", "what the run is about; names it"},
    {"strategy", OPTION_SET, 0, "strategy=", NULL, false, "TEXT", "stands in the record of the training"},
    {"timeframe", OPTION_SET, 0, "timeframe=", NULL, false, "TEXT", "stands in the record of the training: 1d"},
    {"kfold", OPTION_SWITCH, 0, "folds.use_kfold=true", NULL, false, NULL,
     "a model for each fold of the rows; short for --set folds.use_kfold=true"},
    {"seeds", OPTION_SET, 0, "ensemble.seeds=[", NULL, false, "N,N,...",
     "a model for each of these seeds, all on the same rows"},
    {"ensemble", OPTION_TEXT, AT(ensemble), NULL, option_combines, false, "mean|vote|best",
     "how several models predict together (default: mean)"},
    {"method", OPTION_SET, 0, "explanation.method=", option_methods, false, "NAME",
     "of an explanation: permutation, gradients, attention (default: all that the network has)"},
    {"preset", OPTION_TEXT, AT(preset), NULL, NULL, false, "NAME",
     "begin with a set of settings: plain, advanced, kfold, forecast"},
    {"check", OPTION_FLAG, AT(check), NULL, NULL, false, NULL, "only look for mistakes in the config"},
    {"expand", OPTION_FLAG, AT(expand), NULL, NULL, false, NULL,
     "write the layers in the place of a named architecture"},
    {"explain", OPTION_TEXT, AT(explain), NULL, NULL, false, "PATH",
     "what a setting or block means: training.batch_size"},
    {"data", OPTION_TEXT, AT(data), NULL, NULL, false, "FILE", "the rows to use; - is standard input"},
    {"format", OPTION_TEXT, AT(format), NULL, option_formats, false, "FORM", "of what is written"},
    {"output", OPTION_TEXT, AT(output), NULL, NULL, false, "PATH", "where to write"},
    {"steps", OPTION_NUMBER, AT(steps), NULL, NULL, false, "N",
     "of a forecast: how many steps (default: as many as the network gives at once)"},
    {"rolling", OPTION_NUMBER, AT(rolling), NULL, NULL, false, "N",
     "of a forecast: train anew before each of N pieces of the test part"},
    {"from", OPTION_TEXT, AT(from), NULL, NULL, false, "VERSION",
     "begin with the weights of a version, run or model file (and, without CONFIG, with its config)"},
    {"note", OPTION_TEXT, AT(note), NULL, NULL, false, "TEXT", "a note for the version"},
    {"tag", OPTION_TEXT, AT(tag), NULL, NULL, false, "NAME", "a tag for the version; it then has no other"},
    {"keep", OPTION_NUMBER, AT(keep), NULL, NULL, false, "N",
     "remove all but the newest N versions of each name; tagged and current ones stay"},
    {"kind", OPTION_TEXT, AT(kind), NULL, NULL, false, "KIND", "which one"},
    {"pause", OPTION_FLAG, AT(pause), NULL, NULL, false, NULL, "let the run wait before its next step"},
    {"continue", OPTION_FLAG, AT(go_on), NULL, NULL, false, NULL, "let a paused run go on"},
    {"stop", OPTION_FLAG, AT(stop), NULL, NULL, false, NULL, "let the run save and end; --resume goes on with it"},
    {"checkpoint", OPTION_FLAG, AT(checkpoint), NULL, NULL, false, NULL, "let the run write a checkpoint now"},
    {"vary", OPTION_VARY, 0, NULL, NULL, false, "PATH=[...]",
     "a setting and its values (of an experiment up to 4); of a search, PATH alone takes its usual ones"},
    {"run-seeds", OPTION_TEXT, AT(seeds), NULL, NULL, false, "A,B,C", "seeds of each value (default: 42,123,456)"},
    {"apply-best", OPTION_FLAG, AT(apply_best), NULL, NULL, false, NULL, "write the config of the best value"},
    {"shard", OPTION_TEXT, AT(shard), NULL, NULL, false, "I/N",
     "only every N-th trial or run, from the I-th: for N machines that know nothing of each other"},
    {"follow", OPTION_FLAG, AT(follow), NULL, NULL, false, NULL,
     "print the rows of epochs as they come, until the run ends"},
    {"apply-advice", OPTION_TEXT, AT(apply_advice), NULL, NULL, false, "RUN",
     "the config of a run with the changes that its diagnosis advises"},
    {"profile", OPTION_FLAG, AT(profile), NULL, NULL, false, NULL,
     "after the training, show where the time of a step goes (profile.json)"},
    {"checklist", OPTION_FLAG, AT(checklist), NULL, NULL, false, NULL, "show all points that were looked at"},
    {"watch", OPTION_FLAG, AT(watch), NULL, NULL, false, NULL, "show it again and again until the run ends"},
};
#undef AT
enum { OPTION_COUNT = sizeof options / sizeof options[0] };

/* Is the option's name one of the words of the list? */
static bool option_listed(const char *list, const char *name)
{
    size_t size = strlen(name);
    for (const char *at = list; at && (at = strstr(at, name)) != NULL; at += size)
        if ((at == list || at[-1] == ' ') && (at[size] == ' ' || at[size] == '\0')) return true;
    return false;
}

static bool option_taken(const cli_command *command, const option *o)
{
    return o->common || (command && option_listed(command->options, o->name));
}

/* Edit distance of two short words; beyond 32 letters nothing is near. */
static size_t option_distance(const char *a, const char *b)
{
    size_t row[34], n = strlen(a), m = strlen(b);
    if (n > 32 || m > 32) return 99;
    for (size_t j = 0; j <= m; j++) row[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[m];
}

const char *cli_nearest(const char *wanted, const char *const *candidates, size_t count)
{
    const char *best = NULL;
    size_t nearest = strlen(wanted) / 3 + 1;
    for (size_t i = 0; i < count; i++) {
        size_t distance = option_distance(wanted, candidates[i]);
        if (distance <= nearest && (!best || distance < nearest)) {
            nearest = distance;
            best = candidates[i];
        }
    }
    return best;
}

static const option *option_find(const char *name, size_t size)
{
    for (int i = 0; i < OPTION_COUNT; i++)
        if (strlen(options[i].name) == size && memcmp(options[i].name, name, size) == 0) return &options[i];
    return NULL;
}

static int option_unknown(const cli_command *command, const char *name, size_t size)
{
    const char *names[OPTION_COUNT];
    char wanted[64];
    size_t count = 0;
    for (int i = 0; i < OPTION_COUNT; i++)
        if (option_taken(command, &options[i])) names[count++] = options[i].name;
    snprintf(wanted, sizeof wanted, "%.*s", (int)(size < 60 ? size : 60), name);
    const char *near_name = cli_nearest(wanted, names, count);
    fprintf(stderr, "trainlib: %s has no option --%s", command->name, wanted);
    if (near_name) fprintf(stderr, "; did you mean --%s?\n", near_name);
    else fprintf(stderr, "; 'trainlib %s --help' lists them\n", command->name);
    return CLI_USAGE;
}

static int option_needs(const option *o, const char *value)
{
    if (value) fprintf(stderr, "trainlib: --%s does not take '%s'; it takes %s\n", o->name, value, o->argument);
    else fprintf(stderr, "trainlib: --%s needs a value: --%s %s\n", o->name, o->name, o->argument);
    return CLI_USAGE;
}

static bool option_whole_number(const char *text, int *out)
{
    int value = 0;
    if (*text == '\0' || strlen(text) > 6) return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9') return false;
        value = value * 10 + (*text - '0');
    }
    *out = value;
    return true;
}

/* Is it one of the words, or several of them with commas between? */
static bool option_known(const char *const *words, const char *value)
{
    for (;;) {
        size_t size = strcspn(value, ",");
        int i = 0;
        while (words[i] && (strlen(words[i]) != size || memcmp(words[i], value, size) != 0)) i++;
        if (!words[i]) return false;
        if (value[size] == '\0') return true;
        value += size + 1;
    }
}

static int option_store(const option *o, const char *value, cli_arguments *out)
{
    void *place = (char *)out + o->offset;
    if (o->words && !option_known(o->words, value)) return option_needs(o, value);
    switch (o->kind) {
    case OPTION_FLAG: *(bool *)place = true; return CLI_OK;
    case OPTION_TEXT:
    case OPTION_MAYBE: *(const char **)place = value; return CLI_OK;
    case OPTION_NUMBER:
        return option_whole_number(value, place) && *(int *)place >= 1 ? CLI_OK : option_needs(o, value);
    case OPTION_VARY: out->vary[out->vary_count++] = value; return CLI_OK;
    case OPTION_SET:
    case OPTION_SWITCH: break;
    }
    if (!*o->prefix && !strchr(value, '=')) return option_needs(o, value);
    if (o->words) value = strcmp(value, "ce") == 0 ? "cross_entropy" : value;
    bool list = o->prefix[0] && o->prefix[strlen(o->prefix) - 1] == '[';
    size_t size = strlen(o->prefix) + strlen(value) + 2;
    char *text = malloc(size);
    if (!text) return fputs("trainlib: out of memory\n", stderr), CLI_FAILURE;
    snprintf(text, size, "%s%s%s", o->prefix, value, list ? "]" : "");
    out->set[out->set_count++] = text;
    return CLI_OK;
}

/* May the word be the RUN of --resume? A config is the command's operand, wherever it stands. */
static bool option_is_run(const char *word)
{
    size_t size = strlen(word);
    bool yaml = (size > 5 && strcmp(word + size - 5, ".yaml") == 0) || (size > 4 && strcmp(word + size - 4,
                                                                                           ".yml") == 0);
    return word[0] != '-' && !yaml;
}

static int option_read(const cli_command *command, int argc, char **argv, int *at, cli_arguments *out)
{
    const char *name = argv[*at] + 2, *equals = strchr(name, '=');
    size_t size = equals ? (size_t)(equals - name) : strlen(name);
    const option *o = option_find(name, size);
    if (!o) return option_unknown(command, name, size);
    if (!option_taken(command, o)) {
        fprintf(stderr, "trainlib: %s does not take --%s; 'trainlib %s --help' lists its options\n", command->name,
                o->name, command->name);
        return CLI_USAGE;
    }
    const char *value = equals ? equals + 1 : NULL, *next = *at + 1 < argc ? argv[*at + 1] : NULL;
    if (o->kind == OPTION_FLAG || o->kind == OPTION_SWITCH) {
        if (!value) return option_store(o, "", out);
        fprintf(stderr, "trainlib: --%s takes no value\n", o->name);
        return CLI_USAGE;
    }
    if (o->kind == OPTION_MAYBE) {
        if (!value && next && option_is_run(next)) value = next, ++*at;
        return option_store(o, value ? value : "", out);
    }
    if (!value && next) value = next, ++*at;
    if (!value) return option_needs(o, NULL);
    return option_store(o, value, out);
}

int cli_read_arguments(const cli_command *command, int argc, char **argv, cli_arguments *out)
{
    bool only_operands = false;
    out->set = calloc((size_t)argc + 1, sizeof *out->set);    /* each comes from a word of its own */
    out->operands = calloc((size_t)argc + 1, sizeof *out->operands);
    out->vary = calloc((size_t)argc + 1, sizeof *out->vary);
    if (!out->set || !out->operands || !out->vary) return fputs("trainlib: out of memory\n", stderr), CLI_FAILURE;
    for (int at = 2; at < argc; at++) {
        const char *word = argv[at];
        if (!only_operands && strcmp(word, "--") == 0) {
            only_operands = true;
        } else if (!only_operands && strcmp(word, "-h") == 0) {
            out->help = true;
        } else if (!only_operands && word[0] == '-' && word[1] == '-') {
            int mistake = option_read(command, argc, argv, &at, out);
            if (mistake) return mistake;
        } else if (!only_operands && word[0] == '-' && word[1] != '\0') {
            fprintf(stderr, "trainlib: options begin with two dashes; '%s' is not one\n", word);
            return CLI_USAGE;
        } else if (out->operand && !strchr(command->operand, ' ')) {
            const char *operand = command->operand + (command->operand[0] == '[');
            fprintf(stderr, "trainlib: %s takes one %.*s; '%s' is one too many\n", command->name,
                    (int)strcspn(operand, "]"), operand, word);
            return CLI_USAGE;
        } else {
            out->operands[out->operand_count++] = word;
            out->operand = out->operands[0];
        }
    }
    return CLI_OK;
}

void cli_free_arguments(cli_arguments *arguments)
{
    for (size_t i = 0; i < arguments->set_count; i++) free((void *)(uintptr_t)arguments->set[i]);
    free((void *)(uintptr_t)arguments->set);
    free((void *)(uintptr_t)arguments->operands);
    free((void *)(uintptr_t)arguments->vary);
}

static const char *option_help(const cli_command *command, const option *o)
{
    for (size_t i = 0; command && i < sizeof option_words / sizeof option_words[0]; i++)
        if (strcmp(option_words[i].command, command->name) == 0 && strcmp(option_words[i].option, o->name) == 0)
            return option_words[i].help;
    return o->help;
}

void cli_print_options(const cli_command *command)
{
    for (int pass = 0; pass < 2; pass++)    /* the command's own, then the common ones */
        for (int i = 0; i < OPTION_COUNT; i++) {
            const option *o = &options[i];
            char left[40];
            if (o->common != (pass == 1) || !option_taken(command, o)) continue;
            snprintf(left, sizeof left, "--%s %s", o->name, o->argument ? o->argument : "");
            printf("  %-26s %s\n", left, option_help(command, o));
        }
}
