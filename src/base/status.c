/* What a status means and which library this is. */
#include "base/base.h"

TL_API const char *tl_status_text(tl_status status)
{
    switch (status) {
#define STATUS_CASE(name, number, text) case name: return text;
    TL_STATUS_LIST(STATUS_CASE)
#undef STATUS_CASE
    case TL_STATUS_LAST: break;
    }
    return "a status that this version does not know";
}

TL_API const char *tl_version(void)
{
    return TL_VERSION;
}
