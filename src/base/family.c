/* Look-up in a family by name or alias. */
#include "base/family.h"
#include "base/error.h"
#include "base/text.h"

/* Is name one of the words of list (separated by blanks; may be NULL)? */
static bool family_listed(const char *list, const char *name)
{
    if (list == NULL) return false;
    while (*list != '\0') {
        size_t size = 0;
        while (list[size] != '\0' && list[size] != ' ') size++;
        if (size > 0 && tl__same_text_n(name, list, size)) return true;
        list += size;
        while (*list == ' ') list++;
    }
    return false;
}

TL_PRIV const tl__member_head *tl__family_find(const tl__family *family, const char *name, const char *file, int line,
                                               int column, const char *setting, tl_error *error)
{
    tl__suggestion nearest = {name, NULL, 0};
    for (size_t i = 0; i < family->count; i++) {
        const tl__member_head *member = tl__family_member(family, i);
        if (tl__same_text(member->name, name) || family_listed(member->aliases, name)) return member;
        tl__suggest(&nearest, member->name);
    }
    char known[1024] = "", hint[96] = "";
    size_t used = 0;
    for (size_t i = 0; i < family->count && used < sizeof known; i++)
        used += tl__format(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "", tl__family_member(family, i)->name);
    if (nearest.best != NULL) tl__format(hint, sizeof hint, " did you mean '%s'?", nearest.best);
    tl__fail_at(error, TL_BAD_CONFIG, file, line, column, setting, "unknown %s '%s';%s known: %s", family->name, name, hint,
                known);
    return NULL;
}
