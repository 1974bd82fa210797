/* The terminal: one line of progress that is drawn over, colours, widths, and numbers as people write them. Nothing but
 * plain lines leaves this file when standard error is no terminal. */
#if !defined(_WIN32)
#  define _POSIX_C_SOURCE 200809L
#  define _DEFAULT_SOURCE
#  define _DARWIN_C_SOURCE
#endif
#include "cli.h"

#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#  include <io.h>
#  include <windows.h>
#  define IS_TERMINAL(number) _isatty(number)
#else
#  include <sys/ioctl.h>
#  include <time.h>
#  include <unistd.h>
#  define IS_TERMINAL(number) isatty(number)
#endif

enum { BAR_LEAST = 8, BAR_MOST = 30, LINE_SIZE = 512 };

static bool is_number(double value) { return value == value; }    /* and not NaN */

bool cli_stdout_is_terminal(void) { return IS_TERMINAL(1) != 0; }

void cli_pause(int milliseconds)
{
#if defined(_WIN32)
    Sleep((DWORD)milliseconds);
#else
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    nanosleep(&time, NULL);
#endif
}

static int terminal_width(void)
{
#if !defined(_WIN32)
    struct winsize size;
    if (ioctl(2, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
#endif
    return 80;
}

void cli_terminal_open(cli_terminal *terminal, bool quiet)
{
    const char *no_colour = getenv("NO_COLOR"), *kind = getenv("TERM");
    terminal->live = IS_TERMINAL(2) && !(kind && strcmp(kind, "dumb") == 0);
    terminal->colour = terminal->live && !(no_colour && *no_colour);
    terminal->silent = quiet;
    terminal->drawn = false;
    terminal->width = terminal_width();
}

void cli_clear_bar(cli_terminal *terminal)
{
    if (!terminal->drawn) return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    terminal->drawn = false;
}

/* Characters of the first `size` bytes. */
static int terminal_length(const char *text, size_t size)
{
    int length = 0;
    for (size_t i = 0; i < size && text[i]; i++) length += ((unsigned char)text[i] & 0xC0) != 0x80;
    return length;
}

/* The last gap of two blanks or more that begins within the width, but not the first one, behind the label; NULL:
 * none. */
static const char *terminal_break(const char *line, int width, int *indent)
{
    const char *found = NULL, *gap = strstr(line, "  ");
    if (!gap) return NULL;
    const char *rest = gap + strspn(gap, " ");
    *indent = terminal_length(line, (size_t)(rest - line));
    while ((gap = strstr(rest, "  ")) != NULL && terminal_length(line, (size_t)(gap - line)) <= width) {
        found = gap;
        rest = gap + strspn(gap, " ");
    }
    return found;
}

void cli_say(cli_terminal *terminal, const char *line)
{
    int indent = 0;
    if (terminal->silent) return;
    cli_clear_bar(terminal);
    const char *gap = terminal->live && terminal_length(line, strlen(line)) > terminal->width
                          ? terminal_break(line, terminal->width, &indent) : NULL;
    if (gap) fprintf(stderr, "%.*s\n%*s%s\n", (int)(gap - line), line, indent, "", gap + strspn(gap, " "));
    else fprintf(stderr, "%s\n", line);
}

/* The fields after the bar that are among the `level` most important ones. */
static size_t terminal_fields(char *out, size_t size, const tl_progress *p, int level)
{
    static const int rank[] = {0, 2, 3, 4, 1};    /* loss, val, accuracy, rate, time left */
    char number[32], text[64];
    size_t used = 0;
    out[0] = '\0';
    for (int field = 0; field < 5; field++) {
        text[0] = '\0';
        if (rank[field] >= level) continue;
        if (field == 0 && is_number(p->loss)) snprintf(text, sizeof text, "  loss %s", cli_figure(number, p->loss));
        if (field == 1 && is_number(p->validation_loss))
            snprintf(text, sizeof text, "  val %s", cli_figure(number, p->validation_loss));
        if (field == 2 && is_number(p->accuracy) && !p->regression)
            snprintf(text, sizeof text, "  acc %.1f %%", 100.0 * p->accuracy);
        if (field == 2 && is_number(p->accuracy) && p->regression)
            snprintf(text, sizeof text, "  mae %s", cli_figure(number, p->accuracy));
        if (field == 3) snprintf(text, sizeof text, "  lr %.1e", p->learning_rate);
        if (field == 4 && is_number(p->seconds_left))
            snprintf(text, sizeof text, "  %s left", cli_duration(number, p->seconds_left));
        used += (size_t)snprintf(out + used, size - used, "%s", text);
        if (used >= size) return size - 1;
    }
    return used;
}

static void terminal_bar(char *out, int cells, double share, bool colour)
{
    int full = (int)(share * cells + 0.5);
    if (full > cells) full = cells;
    out[0] = '\0';
    if (colour) strcat(out, "\033[36m");
    for (int i = 0; i < full; i++) strcat(out, "━");
    if (colour) strcat(out, "\033[90m");
    for (int i = full; i < cells; i++) strcat(out, "─");
    if (colour) strcat(out, "\033[0m");
}

/* Of a search or experiment: how many trials have ended, the best so far, how long it will take. */
static void terminal_draw_trials(cli_terminal *terminal, const tl_progress *p)
{
    char head[96], fields[96], bar[BAR_MOST * 3 + 32], number[32];
    size_t used = 0;
    snprintf(head, sizeof head, "%lld/%lld ", (long long)p->trials_ended, (long long)p->trials);
    fields[0] = '\0';
    if (is_number(p->best)) used += (size_t)snprintf(fields, sizeof fields, "  best %s", cli_figure(number, p->best));
    if (is_number(p->seconds_left))
        snprintf(fields + used, sizeof fields - used, "  %s left", cli_duration(number, p->seconds_left));
    int room = terminal_width() - 1 - (int)strlen(head) - (int)strlen(fields);
    if (room < BAR_LEAST) return;
    terminal_bar(bar, room < BAR_MOST ? room : BAR_MOST, (double)p->trials_ended / (double)p->trials,
                 terminal->colour);
    fprintf(stderr, "\r\033[K%s%s%s", head, bar, fields);
    fflush(stderr);
    terminal->drawn = true;
}

static void terminal_draw(cli_terminal *terminal, const tl_progress *p)
{
    char head[96], fields[LINE_SIZE], bar[BAR_MOST * 3 + 32];
    double of_epoch = p->steps > 0 ? (double)p->step / (double)p->steps : 0;
    double share = ((double)(p->epoch > 0 ? p->epoch - 1 : 0) + of_epoch) / (p->epochs > 0 ? (double)p->epochs : 1.0);
    int width = terminal_width(), room = 0;
    snprintf(head, sizeof head, "%s%sepoch %lld/%lld ", p->note ? p->note : "", p->note && *p->note ? "  " : "",
             (long long)p->epoch, (long long)p->epochs);
    for (int level = 5; level >= 0; level--) {
        room = width - 1 - (int)strlen(head) - (int)terminal_fields(fields, sizeof fields, p, level);
        if (room >= BAR_LEAST) break;
    }
    if (room < BAR_LEAST) return;    /* too narrow for anything */
    terminal_bar(bar, room < BAR_MOST ? room : BAR_MOST, share, terminal->colour);
    fprintf(stderr, "\r\033[K%s%s%s", head, bar, fields);
    fflush(stderr);
    terminal->drawn = true;
}

void cli_show_progress(cli_terminal *terminal, const tl_progress *p)
{
    if (terminal->silent) return;
    if (terminal->live) {
        if (p->seconds > 0.1 && p->trials > 0) terminal_draw_trials(terminal, p);
        else if (p->seconds > 0.1 && p->epochs > 0) terminal_draw(terminal, p);
    } else if (p->epoch_end && p->line && *p->line) {
        cli_say(terminal, p->line);
    }
}

char *cli_count(char out[32], int64_t count)
{
    char digits[24];
    int size = snprintf(digits, sizeof digits, "%lld", (long long)count), used = 0;
    for (int i = 0; i < size; i++) {
        out[used++] = digits[i];
        if ((size - 1 - i) % 3 == 0 && i < size - 1 && digits[i] != '-') out[used++] = ',';
    }
    out[used] = '\0';
    return out;
}

char *cli_bytes(char out[32], double bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB"};
    int unit = 0;
    while (bytes >= 1024.0 && unit < 5) bytes /= 1024.0, unit++;
    snprintf(out, 32, bytes < 10.0 && unit > 0 ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
    return out;
}

char *cli_duration(char out[32], double seconds)
{
    long long whole = (long long)(seconds + 0.5);
    if (!(seconds >= 0.0)) snprintf(out, 32, "-");
    else if (seconds < 0.0995) snprintf(out, 32, "%.0f ms", seconds * 1000.0);
    else if (seconds < 9.95) snprintf(out, 32, "%.1f s", seconds);
    else if (whole < 60) snprintf(out, 32, "%lld s", whole);
    else if (whole < 3600) snprintf(out, 32, "%lld min %02lld s", whole / 60, whole % 60);
    else snprintf(out, 32, "%lld h %02lld min", whole / 3600, whole % 3600 / 60);
    return out;
}

char *cli_figure(char out[32], double value)
{
    double size = value < 0 ? -value : value;
    if (!is_number(value)) snprintf(out, 32, "-");
    else if (size != 0.0 && (size < 0.0001 || size >= 1e12)) snprintf(out, 32, "%.2e", value);
    else if (size >= 100000.0) cli_count(out, (int64_t)value);
    else if (size < 0.01) snprintf(out, 32, "%.5f", value);
    else if (size < 1.0) snprintf(out, 32, "%.4f", value);
    else if (size < 100.0) snprintf(out, 32, "%.3f", value);
    else snprintf(out, 32, "%.1f", value);
    return out;
}

void cli_cell(FILE *file, const char *text, int width)
{
    int length = terminal_length(text, strlen(text)), wanted = width < 0 ? -width : width;
    if (width < 0) fprintf(file, "%*s", wanted > length ? wanted - length : 0, "");
    fputs(text, file);
    if (width > 0) fprintf(file, "%*s", wanted > length ? wanted - length : 0, "");
}
