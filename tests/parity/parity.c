/* The frame: finds the cases of a folder, gives each to its handler, keeps the score. Exit status 0: all that this build
 * knows agrees; 1: something differs; 2: the folder cannot be read. */
#include <stdio.h>
#include <stdlib.h>

#include "base/math.h"
#include "kernels/kernels.h"
#include "parity/parity_list.h"
#include "port/port.h"
#include "text/yaml.h"

enum { PARITY_FILE_LIMIT = 256 << 20 };

struct parity {
    tl__heap heap;
    tl__arena arena;
    const tl__kernels *kernels;
    const char *folder;
    const char *name;
    tl__tree *json;
    tl__safetensors tensors;
    tl__buffer bytes;
    /* the score of the case */
    char compared[400];
    size_t numbers;
    double worst;                   /* largest difference as a share of its tolerance */
    double worst_got, worst_want;
    char worst_at[120];
    char missing[120], broken[2100];
    /* of all cases */
    int passed, failed, unknown;
};

tl__heap *parity_heap(parity *p) { return &p->heap; }
tl__arena *parity_arena(parity *p) { return &p->arena; }
const tl__kernels *parity_kernels(parity *p) { return p->kernels; }
const tl_value *parity_json(parity *p) { return &p->json->root; }

const tl_value *parity_spec(parity *p, const char *key)
{
    const tl_value *spec = tl__value_child(&p->json->root, "spec");
    return spec ? tl__value_child(spec, key) : NULL;
}

const tl__tensor_view *parity_view(parity *p, const char *tensor) { return tl__safetensors_find(&p->tensors, tensor); }

static float parity_element(const tl__tensor_view *view, size_t i)
{
    const unsigned char *at = view->bytes + i * tl__dtype_size(view->dtype);
    union {
        float f32;
        double f64;
        int64_t i64;
        uint8_t u8;
    } value;
    memcpy(&value, at, tl__dtype_size(view->dtype));
    if (view->dtype == TL__DTYPE_F32) return value.f32;
    if (view->dtype == TL__DTYPE_F64) return (float)value.f64;
    if (view->dtype == TL__DTYPE_I64) return (float)value.i64;
    return (float)value.u8;
}

float *parity_floats(parity *p, const char *tensor, size_t *count)
{
    const tl__tensor_view *view = parity_view(p, tensor);
    if (!view) return NULL;
    float *out = tl__arena_push(&p->arena, (view->count + 1) * sizeof *out);
    if (!out) exit(2);
    for (size_t i = 0; i < view->count; i++) out[i] = parity_element(view, i);
    if (count) *count = view->count;
    return out;
}

/* The noise of the group that the tensor belongs to: the longest name that it begins with. */
static double parity_noise(parity *p, const char *tensor)
{
    const tl_value *noise = tl__value_child(&p->json->root, "float32_vs_float64_max_abs");
    double found = 0;
    size_t longest = 0;
    for (const tl_value *group = noise ? noise->first : NULL; group; group = group->next)
        if (group->key_size >= longest && strncmp(tensor, group->key, group->key_size) == 0) {
            longest = group->key_size;
            found = tl_value_number(group, 0);
        }
    return found;
}

static void parity_score(parity *p, const char *what, size_t index, double got, double want, double tolerance)
{
    double gap = tl__abs(got - want), share = tolerance > 0 ? gap / tolerance : gap > 0 ? 1e300 : 0;
    bool same = got == want || (got != got && want != want);
    p->numbers++;
    if (same) share = 0;
    else if (!(share <= 1e300)) share = 1e300;
    if (share > p->worst) {
        p->worst = share;
        p->worst_got = got;
        p->worst_want = want;
        snprintf(p->worst_at, sizeof p->worst_at, "%.80s[%zu]", what, index);
    }
}

void parity_tensor(parity *p, const char *tensor, const float *got, size_t count)
{
    const tl__tensor_view *view = parity_view(p, tensor);
    if (!view) return;
    if (view->count != count) {
        char text[200];
        snprintf(text, sizeof text, "%s has %zu numbers and %zu were computed", tensor, view->count, count);
        parity_broken(p, text);
        return;
    }
    double noise = parity_noise(p, tensor);
    size_t used = strlen(p->compared);
    if (used < sizeof p->compared) snprintf(p->compared + used, sizeof p->compared - used, "%s%s", used ? " " : "", tensor);
    for (size_t i = 0; i < count; i++) {
        double want = (double)parity_element(view, i);
        parity_score(p, tensor, i, (double)got[i], want, 1e-6 + 1e-5 * tl__abs(want) + 10 * noise);
    }
}

void parity_number(parity *p, const char *name, const char *what, double got, double want, double absolute,
                   double relative)
{
    char text[200];
    snprintf(text, sizeof text, "%s %s", name, what);
    parity_score(p, text, 0, got, want, absolute + relative * tl__abs(want));
}

void parity_missing(parity *p, const char *what) { snprintf(p->missing, sizeof p->missing, "%s", what); }

void parity_broken(parity *p, const char *message)
{
    if (!p->broken[0]) snprintf(p->broken, sizeof p->broken, "%s", message);
}

/* ---- Running */

static void parity_begin(parity *p, const char *name)
{
    p->name = name;
    p->numbers = 0;
    p->worst = 0;
    p->compared[0] = p->worst_at[0] = p->missing[0] = p->broken[0] = 0;
    tl__arena_init(&p->arena, &p->heap);
}

static void parity_end(parity *p)
{
    bool failed = p->broken[0] || p->worst > 1.0;
    tl__arena_free(&p->arena);
    if (failed) {
        p->failed++;
        if (p->broken[0]) printf("FAIL  %-26s %s\n", p->name, p->broken);
        else printf("FAIL  %-26s %s is %.9g, should be %.9g: %.1f times the tolerance\n", p->name, p->worst_at,
                    p->worst_got, p->worst_want, p->worst);
    } else if (p->missing[0]) {
        p->unknown++;
        printf("-     %-26s not built yet: %s\n", p->name, p->missing);
    } else {
        p->passed++;
        printf("ok    %-26s %zu numbers, largest difference %.2g of the tolerance%s%s: %.110s\n", p->name, p->numbers,
               p->worst, p->worst_at[0] ? " in " : "", p->worst_at, p->compared);
    }
}

static bool parity_read(parity *p, const char *name, const char *ending, tl__buffer *out)
{
    char path[1200];
    tl_error error = {0};
    snprintf(path, sizeof path, "%s/%s%s", p->folder, name, ending);
    tl__buffer_init(out, &p->heap);
    if (tl__file_read(path, out, PARITY_FILE_LIMIT, &error) == TL_OK) return true;
    parity_broken(p, error.message);
    return false;
}

static tl__tree *parity_parse(parity *p, const char *name)
{
    tl__buffer text;
    tl__tree *tree = NULL;
    tl_error error = {0};
    if (parity_read(p, name, ".json", &text)) {
        if (tl__tree_new(&p->heap, name, &tree) != TL_OK) exit(2);
        if (tl__json_parse(tree, text.data, text.size, &error) != TL_OK) {
            parity_broken(p, error.message);
            tl__tree_free(tree);
            tree = NULL;
        }
    }
    tl__buffer_free(&text);
    return tree;
}

static void parity_dispatch(parity *p)
{
    static const struct {
        const char *family;
        void (*handler)(parity *p);
    } list[] = {
#define PARITY_ROW(family, handler) {family, handler},
        PARITY_FAMILIES(PARITY_ROW)
#undef PARITY_ROW
    };
    const char *family = tl_value_text(tl__value_child(&p->json->root, "family"), "?");
    for (size_t i = 0; i < TL_COUNT(list); i++)
        if (strncmp(family, list[i].family, strlen(list[i].family)) == 0) {
            list[i].handler(p);
            return;
        }
    parity_missing(p, family);
}

static void parity_pair(parity *p, const char *name)
{
    tl_error error = {0};
    parity_begin(p, name);
    p->json = parity_parse(p, name);
    if (p->json) {
        if (parity_read(p, name, ".safetensors", &p->bytes)) {
            if (tl__safetensors_read(&p->tensors, &p->heap, p->bytes.data, p->bytes.size, name, &error) == TL_OK) {
                parity_dispatch(p);
                if (!p->numbers && !p->missing[0]) parity_broken(p, "nothing was compared");
            } else {
                parity_broken(p, error.message);
            }
            tl__safetensors_free(&p->tensors);
        }
        tl__buffer_free(&p->bytes);
        tl__tree_free(p->json);
    }
    parity_end(p);
}

static void parity_file(parity *p, const char *name, void (*handler)(parity *p, const tl_value *root))
{
    parity_begin(p, name);
    tl__tree *tree = parity_parse(p, name);
    if (tree) handler(p, &tree->root);
    if (!p->numbers) parity_broken(p, "nothing was compared");
    tl__tree_free(tree);
    parity_end(p);
}

/* One file of the folder: a pair's JSON, a file of many cases, or nothing of ours. */
static bool parity_entry(void *user, const char *entry)
{
    static const struct {
        const char *file;
        void (*handler)(parity *p, const tl_value *root);
    } files[] = {
#define PARITY_ROW(file, handler) {file, handler},
        PARITY_FILES(PARITY_ROW)
#undef PARITY_ROW
        {NULL, NULL}
    };
    parity *p = user;
    char name[300], path[1600];
    size_t size = strlen(entry);
    if (size < 6 || size >= sizeof name || strcmp(entry + size - 5, ".json") != 0) return true;
    memcpy(name, entry, size - 5);
    name[size - 5] = 0;
    for (int i = 0; files[i].file; i++)
        if (strcmp(name, files[i].file) == 0) {
            parity_file(p, name, files[i].handler);
            return true;
        }
    snprintf(path, sizeof path, "%s/%s.safetensors", p->folder, name);
    if (tl__file_exists(path)) parity_pair(p, name);
    return true;
}

int main(int argc, char **argv)
{
    parity p = {.folder = argc > 1 ? argv[1] : "tests/parity/cases"};
    tl_context_options options = TL_CONTEXT_OPTIONS;
    tl_error error = {0};
    tl_context *context;
    if (tl_context_make(&options, &context, &error) != TL_OK) return fprintf(stderr, "%s\n", error.message), 2;
    tl__heap_init(&p.heap, NULL, 0);
    p.kernels = context->kernels;
    if (tl__folder_list(context, p.folder, parity_entry, &p, &error) != TL_OK) {
        fprintf(stderr, "%s\n", error.message);
        return 2;
    }
    printf("%d agree, %d differ, %d need what is not built yet; kernels: %s\n", p.passed, p.failed, p.unknown,
           tl_context_simd(context));
    if (p.heap.in_use) printf("%zu bytes were not freed\n", p.heap.in_use);
    tl_context_free(context);
    return p.failed || p.heap.in_use || p.passed + p.unknown == 0;
}
