/* The results as a text table while they come, and as CSV and JSON files at the end. */
#include "peer.h"

#include <stdio.h>
#include <string.h>

char *bench_time_text(char out[24], double seconds)
{
    static const struct { double unit; const char *name; } units[] = {
        {1e-9, "ns"}, {1e-6, "us"}, {1e-3, "ms"}, {1, "s"},
    };
    int u = 0;
    while (u < 3 && seconds >= units[u + 1].unit) u++;
    double value = seconds / units[u].unit;
    snprintf(out, 24, "%.*f %s", value < 10 ? 2 : value < 100 ? 1 : 0, value, units[u].name);
    return out;
}

char *bench_rate_text(char out[32], double rate, const char *unit)
{
    static const char letters[] = " kMGT";
    int l = 0;
    while (l < 4 && rate >= 1000) {
        rate /= 1000;
        l++;
    }
    snprintf(out, 32, "%.*f %.*s%s", rate < 10 ? 2 : rate < 100 ? 1 : 0, rate, l > 0, letters + l, unit);
    return out;
}

static double report_rate(const bench_row *row) { return row->work / row->ours.seconds.median; }


void bench_print_head(bench *b)
{
    char line[400];
    bench_machine_line(line, sizeof line, b);
    printf("%s\n", line);
    printf("%d repeats; a row of one thread runs on one core, the peers limited to one thread on the same core.\n",
           b->options.repeat);
    bench_peers_head(b);
}

static void report_series(char *out, size_t room, const bench_series *series)
{
    char least[24], most[24];
    bench_time_text(least, series->least);
    bench_time_text(most, series->most);
    snprintf(out, room, "%s..%s", least, most);
}

void bench_print_row(bench *b, const bench_row *row)
{
    char median[24], spread[52], rate[32], share[64] = "";
    if (strcmp(b->group_shown, row->group) != 0)
        printf("\n%-40s %9s %21s %17s  %s\n", row->group, "median", "spread", "speed", "of the machine's own");
    memcpy(b->group_shown, row->group, sizeof b->group_shown);
    bench_time_text(median, row->ours.seconds.median);
    report_series(spread, sizeof spread, &row->ours.seconds);
    bench_rate_text(rate, report_rate(row), row->unit);
    if (row->limit > 0) snprintf(share, sizeof share, "%.2f of %s", bench_share(row), row->limit_name);
    printf("%-40s %9s %21s %17s  %s%s%s\n", row->name, median, spread, rate, share, row->note[0] ? "  " : "",
           row->note);
    for (int p = 0; p < row->peer_count; p++) {
        const bench_result *peer = &row->peers[p];
        bench_time_text(median, peer->seconds.median);
        report_series(spread, sizeof spread, &peer->seconds);
        bench_rate_text(rate, row->work / peer->seconds.median, row->unit);
        printf("    %-36s %9s %21s %17s  ours is %.2f times as fast", peer->name, median, spread, rate,
               peer->seconds.median / row->ours.seconds.median);
        if (peer->compared)
            printf(peer->alike ? "  (results %.0e apart)" : "  NOT COMPARABLE: results %.0e apart",
                   peer->difference);
        printf("\n");
    }
    if (row->others > BENCH_LOUD)
        printf("    not quiet: other processes used %.2f of a core during this row\n", row->others);
    fflush(stdout);
}

/* ---- files ---- */

static void report_csv_result(FILE *file, const bench_row *row, const bench_result *result, bool ours)
{
    fprintf(file, "%s,\"%s\",%s,%d,%s,%.6g,%.6g,%.6g,%d,%.6g,%s,", row->group, row->name, row->simd, row->threads,
            result->name, result->seconds.median, result->seconds.least, result->seconds.most, result->seconds.count,
            row->work / result->seconds.median, row->unit);
    if (ours && row->limit > 0) fprintf(file, "%.4f,%s,", bench_share(row), row->limit_name);
    else fprintf(file, ",,");
    if (!ours) fprintf(file, "%.4f", result->seconds.median / row->ours.seconds.median);
    fprintf(file, ",");
    if (result->compared) fprintf(file, "%.3g", result->difference);
    fprintf(file, ",%.2f,\"%s\"\n", row->others, row->note);
}

static void report_csv(FILE *file, const bench *b)
{
    fprintf(file, "group,case,simd,threads,who,seconds_median,seconds_min,seconds_max,repeats,speed,unit,share,"
                  "share_of,ratio,loss_difference,cores_used_by_others,note\n");
    for (size_t i = 0; i < b->row_count; i++) {
        const bench_row *row = &b->rows[i];
        report_csv_result(file, row, &row->ours, true);
        for (int p = 0; p < row->peer_count; p++) report_csv_result(file, row, &row->peers[p], false);
    }
}

static void report_json_text(FILE *file, const char *text)
{
    fputc('"', file);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') fputc('\\', file);
        fputc(*text, file);
    }
    fputc('"', file);
}

static void report_json_series(FILE *file, const bench_result *result)
{
    const bench_series *series = &result->seconds;
    fprintf(file, "\"name\": \"%s\", \"median\": %.9g, \"min\": %.9g, \"max\": %.9g, \"seconds\": [", result->name,
            series->median, series->least, series->most);
    for (int r = 0; r < series->count; r++) fprintf(file, "%s%.9g", r ? ", " : "", series->value[r]);
    fprintf(file, "]");
}

static void report_json_row(FILE *file, const bench_row *row)
{
    fprintf(file, "{\"group\": \"%s\", \"case\": ", row->group);
    report_json_text(file, row->name);
    fprintf(file, ", \"simd\": \"%s\", \"threads\": %d, \"speed\": %.6g, \"unit\": \"%s\",", row->simd, row->threads,
            report_rate(row), row->unit);
    if (row->limit > 0)
        fprintf(file, " \"share\": %.4f, \"share_of\": \"%s\", \"limit\": %.6g,", bench_share(row), row->limit_name,
                row->limit);
    fprintf(file, " \"others\": %.2f, \"note\": ", row->others);
    report_json_text(file, row->note);
    fprintf(file, ",\n    \"ours\": {");
    report_json_series(file, &row->ours);
    fprintf(file, "},\n    \"peers\": [");
    for (int p = 0; p < row->peer_count; p++) {
        const bench_result *peer = &row->peers[p];
        fprintf(file, "%s{", p ? ",\n      " : "");
        report_json_series(file, peer);
        fprintf(file, ", \"ratio\": %.4f", peer->seconds.median / row->ours.seconds.median);
        if (peer->compared)
            fprintf(file, ", \"loss_difference\": %.4g, \"comparable\": %s", peer->difference,
                    peer->alike ? "true" : "false");
        fprintf(file, "}");
    }
    fprintf(file, "]}");
}

static void report_json(FILE *file, const bench *b)
{
    char line[400];
    bench_machine_line(line, sizeof line, b);
    fprintf(file, "{\"machine\": ");
    report_json_text(file, line);
    fprintf(file, ", \"version\": \"%s\", \"repeats\": %d, \"rows\": [", TL_VERSION, b->options.repeat);
    for (size_t i = 0; i < b->row_count; i++) {
        fprintf(file, "%s\n  ", i ? "," : "");
        report_json_row(file, &b->rows[i]);
    }
    fprintf(file, "\n]}\n");
}

static void report_file(bench *b, const char *path, void (*write)(FILE *file, const bench *b))
{
    FILE *file = fopen(path, "w");
    if (!file) {
        bench_fail(b, "%s cannot be written; is its folder there?", path);
        return;
    }
    write(file, b);
    bool bad = ferror(file) != 0;
    if (fclose(file) != 0 || bad) bench_fail(b, "%s could not be written to its end; is the disk full?", path);
}

bool bench_write_files(bench *b)
{
    if (b->options.csv) report_file(b, b->options.csv, report_csv);
    if (b->options.json) report_file(b, b->options.json, report_json);
    return !b->failed;
}
