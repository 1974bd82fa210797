/* Log lines: formatted on the stack, cut at its end, handed to the user's function. */
#include "base/context.h"
#include "base/text.h"

TL_PRIV void tl__log_line(tl_context *context, tl_log_level level, const char *format, ...)
{
    char line[1024];
    va_list list;
    if (context->log == NULL || level > context->log_level) return;
    va_start(list, format);
    tl__format_list(line, sizeof line, format, list);
    va_end(list);
    context->log(context->log_user, level, line);
}
