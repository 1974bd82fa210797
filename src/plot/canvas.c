/* Widths of letters, so that labels can be placed before anything is drawn: those of Helvetica in thousandths of its
 * size, from Adobe's font metrics; other letters count as the average. */
#include "plot/canvas.h"

TL_PRIV double tl__text_width(const char *text, double size, bool bold)
{
    static const uint16_t widths[] = {    /* from the blank to the tilde */
        278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556,
        556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778,
        722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278,
        278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
        556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
    };
    double total = 0;
    for (; *text; text++) {
        unsigned char letter = (unsigned char)*text;
        if ((letter & 0xc0) == 0x80) continue;    /* inside a character of UTF-8 */
        total += letter >= ' ' && letter <= '~' ? widths[letter - ' '] : 556;
    }
    return total * size / 1000.0 * (bold ? 1.06 : 1.0);
}
