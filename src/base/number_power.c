/* Powers of ten to 128 bits, and big integers for the cases that need them.
 *
 * 10^q = 2^q * 5^27k * 5^r with 0 <= r < 27: 5^27k comes from a table of 26 rows, truncated to 128 bits, 5^r is exact
 * in 64. Table and product together lose less than 4 units of the last place. */
#include "base/number.h"

/* 5^(27k) for k = -13..12, scaled to [2^127, 2^128) and truncated. */
static const uint64_t number_power_coarse[26][2] = {
    {0x8049A4AC0C5811AE, 0x205B896D777D6278},
    {0xCF42894A5DCE35EA, 0x52064CAC828675B9},
    {0xA76C582338ED2621, 0xAF2AF2B80AF6F24E},
    {0x873E4F75E2224E68, 0x5A7744A6E804A291},
    {0xDA7F5BF590966848, 0xAF39A475506A899E},
    {0xB080392CC4349DEC, 0xBD8D794D96AACFB3},
    {0x8E938662882AF53E, 0x547EB47B7282EE9C},
    {0xE65829B3046B0AFA, 0x0CB4A5A3112A5112},
    {0xBA121A4650E4DDEB, 0x92F34D62616CE413},
    {0x964E858C91BA2655, 0x3A6A07F8D510F86F},
    {0xF2D56790AB41C2A2, 0xFAE27299423FB9C3},
    {0xC428D05AA4751E4C, 0xAA97E14C3C26B886},
    {0x9E74D1B791E07E48, 0x775EA264CF55347D},
    {0x8000000000000000, 0x0000000000000000},
    {0xCECB8F27F4200F3A, 0x0000000000000000},
    {0xA70C3C40A64E6C51, 0x999090B65F67D924},
    {0x86F0AC99B4E8DAFD, 0x69A028BB3DED71A3},
    {0xDA01EE641A708DE9, 0xE80E6F4820CC9495},
    {0xB01AE745B101E9E4, 0x5EC05DCFF72E7F8F},
    {0x8E41ADE9FBEBC27D, 0x14588F13BE847307},
    {0xE5D3EF282A242E81, 0x8F1668C8A86DA5FA},
    {0xB9A74A0637CE2EE1, 0x6D953E2BD7173692},
    {0x95F83D0A1FB69CD9, 0x4ABDAF101564F98E},
    {0xF24A01A73CF2DCCF, 0xBC633B39673C8CEC},
    {0xC3B8358109E84F07, 0x0A862F80EC4700C8},
    {0x9E19DB92B4E31BA9, 0x6C07A2C26A8346D1},
};

static const uint64_t number_power_fine[27] = {
    0x1U, 0x5U, 0x19U, 0x7DU,
    0x271U, 0xC35U, 0x3D09U, 0x1312DU,
    0x5F5E1U, 0x1DCD65U, 0x9502F9U, 0x2E90EDDU,
    0xE8D4A51U, 0x48C27395U, 0x16BCC41E9U, 0x71AFD498DU,
    0x2386F26FC1U, 0xB1A2BC2EC5U, 0x3782DACE9D9U, 0x1158E460913DU,
    0x56BC75E2D631U, 0x1B1AE4D6E2EF5U, 0x878678326EAC9U, 0x2A5A058FC295EDU,
    0xD3C21BCECCEDA1U, 0x422CA8B0A00A425U, 0x14ADF4B7320334B9U,
};

TL_PRIV uint64_t tl__wide_multiply(uint64_t a, uint64_t b, uint64_t *low)
{
    uint64_t a0 = a & 0xFFFFFFFFu, a1 = a >> 32, b0 = b & 0xFFFFFFFFu, b1 = b >> 32;
    uint64_t p00 = a0 * b0, p01 = a0 * b1, p10 = a1 * b0, p11 = a1 * b1;
    uint64_t middle = (p00 >> 32) + (p01 & 0xFFFFFFFFu) + (p10 & 0xFFFFFFFFu);
    *low = (middle << 32) | (p00 & 0xFFFFFFFFu);
    return p11 + (p01 >> 32) + (p10 >> 32) + (middle >> 32);
}

TL_PRIV tl__wide tl__wide_power(int q)
{
    int row = (q + 13 * 27) / 27, rest = q + 13 * 27 - row * 27;
    tl__wide power = {number_power_coarse[row][0], number_power_coarse[row][1], 0};
    /* the floor of q * log2(10); exact for |q| <= 350 */
    power.exponent = q >= 0 ? (217706 * q) >> 16 : -((-217706 * q + 65535) >> 16);
    if (rest > 0) {
        uint64_t factor = number_power_fine[rest], unused, carry;
        while (factor >> 63 == 0) factor <<= 1;
        uint64_t low_high = tl__wide_multiply(power.low, factor, &unused);
        uint64_t high = tl__wide_multiply(power.high, factor, &carry);
        uint64_t low = carry + low_high;
        high += low < carry;
        if (high >> 63 == 0) {
            high = (high << 1) | (low >> 63);
            low = (low << 1) | (unused >> 63);
        }
        power.high = high;
        power.low = low;
    }
    return power;
}

/* --- big integers --- */

/* Largest: 800 digits, or a significand times 5^1150; both under 2720 bits, and a shift makes the smaller of two as
 * long as the larger. */
enum { NUMBER_POWER_WORDS = 104 };

struct number_power_big { int count; uint32_t word[NUMBER_POWER_WORDS]; };

static void number_power_multiply(struct number_power_big *big, uint32_t factor, uint32_t add)
{
    uint64_t carry = add;
    for (int i = 0; i < big->count; i++) {
        carry += (uint64_t)big->word[i] * factor;
        big->word[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry > 0 && big->count < NUMBER_POWER_WORDS) big->word[big->count++] = (uint32_t)carry;
}

static void number_power_of_5(struct number_power_big *big, int n)
{
    for (; n >= 13; n -= 13) number_power_multiply(big, 1220703125u, 0);
    for (; n > 0; n--) number_power_multiply(big, 5u, 0);
}

static void number_power_shift(struct number_power_big *big, int bits)
{
    int words = bits / 32;
    number_power_multiply(big, (uint32_t)1 << (bits % 32), 0);
    if (words == 0 || big->count == 0) return;
    if (big->count + words > NUMBER_POWER_WORDS) words = NUMBER_POWER_WORDS - big->count;
    memmove(big->word + words, big->word, (size_t)big->count * sizeof big->word[0]);
    memset(big->word, 0, (size_t)words * sizeof big->word[0]);
    big->count += words;
}

static int number_power_order(const struct number_power_big *a, const struct number_power_big *b)
{
    if (a->count != b->count) return a->count < b->count ? -1 : 1;
    for (int i = a->count - 1; i >= 0; i--)
        if (a->word[i] != b->word[i]) return a->word[i] < b->word[i] ? -1 : 1;
    return 0;
}

TL_PRIV int tl__number_compare(const char *digits, size_t count, bool more, int exponent, uint64_t significand,
                               int binary)
{
    struct number_power_big a = {0, {0}}, b = {2, {0}};
    for (size_t i = 0; i < count; i++) {
        uint32_t digit = (uint32_t)(digits[i] - '0');
        if (a.count > 0) number_power_multiply(&a, 10u, digit);
        else if (digit > 0) a.word[a.count++] = digit;
    }
    b.word[0] = (uint32_t)significand;
    b.word[1] = (uint32_t)(significand >> 32);
    while (b.count > 0 && b.word[b.count - 1] == 0) b.count--;
    number_power_of_5(exponent > 0 ? &a : &b, exponent > 0 ? exponent : -exponent);
    int shift = exponent - binary;
    number_power_shift(shift > 0 ? &a : &b, shift > 0 ? shift : -shift);
    int order = number_power_order(&a, &b);
    return order == 0 && more ? 1 : order;
}
