/* zlib, found when the program runs: its inflate over a gzip file in memory. */
#define _GNU_SOURCE    /* dlopen */
#include "peer.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

/* z_stream of zlib.h, whose layout is fixed by its version 1. */
typedef struct zlib_stream {
    const unsigned char *next_in;
    unsigned int avail_in;
    unsigned long total_in;
    unsigned char *next_out;
    unsigned int avail_out;
    unsigned long total_out;
    const char *message;
    void *state, *allocate, *release, *opaque;
    int data_type;
    unsigned long adler, reserved;
} zlib_stream;

struct bench_zlib {
    int (*begin)(zlib_stream *stream, int window, const char *version, int size);
    int (*inflate)(zlib_stream *stream, int flush);
    int (*end)(zlib_stream *stream);
};

static void *zlib_find(void *library, const char *name, void *function, size_t size)
{
    void *found = dlsym(library, name);
    memcpy(function, &found, size);    /* POSIX: functions and data have one kind of pointer */
    return found;
}

const bench_zlib *bench_zlib_open(bench *b)
{
    static bench_zlib zlib;
    static bool asked, found;
    if (!b->options.peers) return NULL;
    if (!asked) {
        void *library = dlopen("libz.so.1", RTLD_NOW | RTLD_LOCAL);
        if (!library) library = dlopen("libz.dylib", RTLD_NOW | RTLD_LOCAL);
        asked = true;
        found = library && zlib_find(library, "inflateInit2_", &zlib.begin, sizeof zlib.begin) &&
                zlib_find(library, "inflate", &zlib.inflate, sizeof zlib.inflate) &&
                zlib_find(library, "inflateEnd", &zlib.end, sizeof zlib.end);
        if (!found) printf("zlib is not installed and left out: apt install zlib1g, or the like\n");
    }
    return found ? &zlib : NULL;
}

bool bench_zlib_inflate(const bench_zlib *zlib, const unsigned char *bytes, size_t size, unsigned char *out,
                        size_t room)
{
    enum { GZIP = 16 + 15, FINISH = 4, STREAM_END = 1 };
    zlib_stream stream = {.next_in = bytes, .avail_in = (unsigned)size, .next_out = out, .avail_out = (unsigned)room};
    if (zlib->begin(&stream, GZIP, "1.2.11", (int)sizeof stream) != 0) return false;
    int end = zlib->inflate(&stream, FINISH);
    return zlib->end(&stream) == 0 && end == STREAM_END && stream.total_out == room;
}
