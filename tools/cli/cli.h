/* The reference command: arguments, terminal and signals, nothing else. It sees trainlib.h only; each command is one
 * file that calls one function of the library and shows what it gave.
 *
 * Results go to standard output, talk to standard error. Exit status: 0 success, 1 failure, 2 a mistake in arguments or
 * settings, 130 interrupted (after a checkpoint was written). */
#ifndef TRAINLIB_CLI_H
#define TRAINLIB_CLI_H

#include "trainlib.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define CLI_NO_NUMBER ((double)NAN)

enum { CLI_OK = 0, CLI_FAILURE = 1, CLI_USAGE = 2, CLI_INTERRUPTED = 130 };

/* What was typed after the command's name. */
typedef struct cli_arguments {
    const char *operand;      /* CONFIG or RUN, the first; NULL: not given */
    const char **operands;    /* all of them */
    size_t operand_count;
    const char **set;         /* all --set, then what --seed and --loss-function stand for */
    size_t set_count;
    const char **vary;        /* all --vary */
    size_t vary_count;
    const char *seeds;
    const char *shard;        /* "1/4"; NULL: all */
    const char *out, *resume, *preset, *explain, *data, *format, *output, *ensemble;
    const char *from, *note, *tag, *kind, *apply_advice;
    int keep;                 /* 0: not given */
    int threads;              /* 0: all */
    int steps;                /* 0: the network's own */
    int rolling;              /* 0: none */
    bool json, quiet, help, plan, check, expand, watch, follow, detailed_analytics;
    bool pause, go_on, stop, checkpoint, apply_best, checklist, profile;
} cli_arguments;

/* Where the talk goes. */
typedef struct cli_terminal {
    bool live;                /* standard error is a terminal: a bar may be drawn */
    bool colour;              /* on standard error */
    bool silent;              /* --quiet */
    bool drawn;               /* a bar stands on the current line */
    int width;                /* columns */
} cli_terminal;

/* One command at work. */
typedef struct cli_state {
    const struct cli_command *command;
    cli_arguments arguments;
    cli_terminal terminal;
    tl_context *context;
} cli_state;

/* A command: command_NAME.c has one, command_list.h a line for it. */
typedef struct cli_command {
    const char *name;         /* "train:run" */
    const char *operand;      /* "[CONFIG]" or "RUN", for the usage line; "RUN RUN...": it takes many */
    const char *options;      /* the options it takes beside the common ones, separated by blanks */
    const char *summary;      /* one line for the list of commands */
    const char *help;         /* what it does, and an example or two */
    int (*run)(cli_state *cli);
} cli_command;

#define CLI_COMMAND(name) const cli_command *cli_command_##name(void);
#include "command_list.h"
#undef CLI_COMMAND

/* --- arguments.c --- */
/* Read argv[2..]; CLI_OK, or CLI_USAGE after the mistake was said. */
int cli_read_arguments(const cli_command *command, int argc, char **argv, cli_arguments *out);
void cli_free_arguments(cli_arguments *arguments);
void cli_print_options(const cli_command *command);    /* NULL: the common ones */
/* The candidate nearest to `wanted`, or NULL when none is near. */
const char *cli_nearest(const char *wanted, const char *const *candidates, size_t count);

/* --- terminal.c --- */
void cli_terminal_open(cli_terminal *terminal, bool quiet);
void cli_say(cli_terminal *terminal, const char *line);                     /* a line of talk */
void cli_show_progress(cli_terminal *terminal, const tl_progress *progress);
void cli_clear_bar(cli_terminal *terminal);
bool cli_stdout_is_terminal(void);
void cli_pause(int milliseconds);
/* Texts for people; each returns out. */
char *cli_count(char out[32], int64_t count);        /* "1,797" */
char *cli_bytes(char out[32], double bytes);         /* "412 KiB" */
char *cli_duration(char out[32], double seconds);    /* "0.4 s", "3 min 12 s" */
char *cli_figure(char out[32], double value);        /* four digits: "0.0412"; "-" when it is not a number */
/* A text padded on the right (width > 0) or the left (width < 0) to a number of characters, not bytes. */
void cli_cell(FILE *file, const char *text, int width);

/* --- main.c --- */
tl_options cli_options(cli_state *cli);                    /* for the library, with the progress shown on the
                                                              terminal */
/* Reads --shard into the options; CLI_USAGE after the mistake was said. */
int cli_shard(const cli_state *cli, tl_options *options);
int cli_failed(cli_state *cli, tl_status status, const tl_error *error);    /* say it; the exit status for it */
int cli_print_json(cli_state *cli, const tl_value *value);                  /* on standard output */
bool cli_interrupted(void);                          /* Ctrl-C was pressed */
/* The table of train, validation and test figures. */
void cli_print_scores(const tl_value *result);

#endif
