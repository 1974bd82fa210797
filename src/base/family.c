/* Look-up in a family by name or alias. */
#include "base/family.h"
#include "base/error.h"
#include "base/text.h"

/* The next word of a list of words separated by blanks; its size, 0 at the end. *list then is behind it. */
static size_t family_word(const char **list, const char **word)
{
    size_t size = 0;
    if (*list == NULL) return 0;
    while (**list == ' ') (*list)++;
    *word = *list;
    while ((*word)[size] != '\0' && (*word)[size] != ' ') size++;
    *list += size;
    return size;
}

static bool family_listed(const char *list, const char *name)
{
    const char *word;
    for (size_t size; (size = family_word(&list, &word)) > 0;)
        if (tl__same_text_n(name, word, size)) return true;
    return false;
}

enum { FAMILY_WORD = 48 };

/* The nearest name or alias so far; one of an alias is kept in `room`. */
static void family_suggest(tl__suggestion *nearest, const tl__member_head *member, char room[FAMILY_WORD])
{
    const char *list = member->aliases, *word;
    tl__suggest(nearest, member->name);
    for (size_t size; (size = family_word(&list, &word)) > 0;) {
        char alias[FAMILY_WORD];
        tl__format(alias, sizeof alias, "%.*s", (int)size, word);
        tl__suggest(nearest, alias);
        if (nearest->best == alias) {
            memcpy(room, alias, sizeof alias);
            nearest->best = room;
        }
    }
}

TL_PRIV const tl__member_head *tl__family_find(const tl__family *family, const char *name, const char *file, int line,
                                               int column, const char *setting, tl_error *error)
{
    char alias[FAMILY_WORD];
    tl__suggestion nearest = {name, NULL, 0};
    for (size_t i = 0; i < family->count; i++) {
        const tl__member_head *member = tl__family_member(family, i);
        if (tl__same_text(member->name, name) || family_listed(member->aliases, name)) return member;
    }
    for (size_t i = 0; i < family->count; i++) family_suggest(&nearest, tl__family_member(family, i), alias);
    char known[1024] = "", hint[96] = "";
    size_t used = 0;
    for (size_t i = 0; i < family->count && used < sizeof known; i++)
        used += tl__format(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "",
                           tl__family_member(family, i)->name);
    if (nearest.best != NULL) tl__format(hint, sizeof hint, " did you mean '%s'?", nearest.best);
    tl__fail_at(error, TL_BAD_CONFIG, file, line, column, setting, "unknown %s '%s';%s known: %s", family->name, name,
                hint,
                known);
    return NULL;
}
