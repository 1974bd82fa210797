/* CRCs by slicing (M. Kounavis, F. Berry 2005): eight bytes a step, a table for each place. A table is linear over
 * exclusive or, so each is written as the eight entries of single bits, and macros make the 256 from them. */
#include "base/bytes.h"
#include "base/hash.h"

#define CRC_1(i, a, b, c, d, e, f, g, h)                                                                          \
    (((i) & 1 ? a : 0) ^ ((i) & 2 ? b : 0) ^ ((i) & 4 ? c : 0) ^ ((i) & 8 ? d : 0) ^ ((i) & 16 ? e : 0)           \
     ^ ((i) & 32 ? f : 0) ^ ((i) & 64 ? g : 0) ^ ((i) & 128 ? h : 0))
#define CRC_4(i, ...)                                                                                             \
    CRC_1(i, __VA_ARGS__), CRC_1(i + 1, __VA_ARGS__), CRC_1(i + 2, __VA_ARGS__), CRC_1(i + 3, __VA_ARGS__)
#define CRC_16(i, ...)                                                                                            \
    CRC_4(i, __VA_ARGS__), CRC_4(i + 4, __VA_ARGS__), CRC_4(i + 8, __VA_ARGS__), CRC_4(i + 12, __VA_ARGS__)
#define CRC_64(i, ...)                                                                                            \
    CRC_16(i, __VA_ARGS__), CRC_16(i + 16, __VA_ARGS__), CRC_16(i + 32, __VA_ARGS__), CRC_16(i + 48, __VA_ARGS__)
#define CRC_ROW(...)                                                                                              \
    {CRC_64(0, __VA_ARGS__), CRC_64(64, __VA_ARGS__), CRC_64(128, __VA_ARGS__), CRC_64(192, __VA_ARGS__)}

/* IEEE 802.3, reflected 0xEDB88320. */
static const uint32_t crc_ieee[8][256] = {
    CRC_ROW(0x77073096u, 0xEE0E612Cu, 0x076DC419u, 0x0EDB8832u, 0x1DB71064u, 0x3B6E20C8u, 0x76DC4190u, 0xEDB88320u),
    CRC_ROW(0x191B3141u, 0x32366282u, 0x646CC504u, 0xC8D98A08u, 0x4AC21251u, 0x958424A2u, 0xF0794F05u, 0x3B83984Bu),
    CRC_ROW(0x01C26A37u, 0x0384D46Eu, 0x0709A8DCu, 0x0E1351B8u, 0x1C26A370u, 0x384D46E0u, 0x709A8DC0u, 0xE1351B80u),
    CRC_ROW(0xB8BC6765u, 0xAA09C88Bu, 0x8F629757u, 0xC5B428EFu, 0x5019579Fu, 0xA032AF3Eu, 0x9B14583Du, 0xED59B63Bu),
    CRC_ROW(0x3D6029B0u, 0x7AC05360u, 0xF580A6C0u, 0x30704BC1u, 0x60E09782u, 0xC1C12F04u, 0x58F35849u, 0xB1E6B092u),
    CRC_ROW(0xCB5CD3A5u, 0x4DC8A10Bu, 0x9B914216u, 0xEC53826Du, 0x03D6029Bu, 0x07AC0536u, 0x0F580A6Cu, 0x1EB014D8u),
    CRC_ROW(0xA6770BB4u, 0x979F1129u, 0xF44F2413u, 0x33EF4E67u, 0x67DE9CCEu, 0xCFBD399Cu, 0x440B7579u, 0x8816EAF2u),
    CRC_ROW(0xCCAA009Eu, 0x4225077Du, 0x844A0EFAu, 0xD3E51BB5u, 0x7CBB312Bu, 0xF9766256u, 0x299DC2EDu, 0x533B85DAu),
};

/* Castagnoli, reflected 0x82F63B78. */
static const uint32_t crc_castagnoli[8][256] = {
    CRC_ROW(0xF26B8303u, 0xE13B70F7u, 0xC79A971Fu, 0x8AD958CFu, 0x105EC76Fu, 0x20BD8EDEu, 0x417B1DBCu, 0x82F63B78u),
    CRC_ROW(0x13A29877u, 0x274530EEu, 0x4E8A61DCu, 0x9D14C3B8u, 0x3FC5F181u, 0x7F8BE302u, 0xFF17C604u, 0xFBC3FAF9u),
    CRC_ROW(0xA541927Eu, 0x4F6F520Du, 0x9EDEA41Au, 0x38513EC5u, 0x70A27D8Au, 0xE144FB14u, 0xC76580D9u, 0x8B277743u),
    CRC_ROW(0xDD45AAB8u, 0xBF672381u, 0x7B2231F3u, 0xF64463E6u, 0xE964B13Du, 0xD725148Bu, 0xABA65FE7u, 0x52A0C93Fu),
    CRC_ROW(0x38116FACu, 0x7022DF58u, 0xE045BEB0u, 0xC5670B91u, 0x8F2261D3u, 0x1BA8B557u, 0x37516AAEu, 0x6EA2D55Cu),
    CRC_ROW(0xEF306B19u, 0xDB8CA0C3u, 0xB2F53777u, 0x6006181Fu, 0xC00C303Eu, 0x85F4168Du, 0x0E045BEBu, 0x1C08B7D6u),
    CRC_ROW(0x68032CC8u, 0xD0065990u, 0xA5E0C5D1u, 0x4E2DFD53u, 0x9C5BFAA6u, 0x3D5B83BDu, 0x7AB7077Au, 0xF56E0EF4u),
    CRC_ROW(0x493C7D27u, 0x9278FA4Eu, 0x211D826Du, 0x423B04DAu, 0x847609B4u, 0x0D006599u, 0x1A00CB32u, 0x34019664u),
};

#undef CRC_1
#undef CRC_4
#undef CRC_16
#undef CRC_64
#undef CRC_ROW

enum { CRC_PART = 4096 };

static inline uint32_t crc_step(const uint32_t table[8][256], uint32_t crc, const unsigned char *p)
{
    uint64_t word = tl__load64(p) ^ crc;
    return table[7][word & 255] ^ table[6][word >> 8 & 255] ^ table[5][word >> 16 & 255] ^ table[4][word >> 24 & 255]
           ^ table[3][word >> 32 & 255] ^ table[2][word >> 40 & 255] ^ table[1][word >> 48 & 255]
           ^ table[0][word >> 56];
}

/* The register after CRC_PART bytes of zeros: its product with `shift`, which is x^(8 * CRC_PART), in the polynomials'
 * field; the top bit is x^0. */
static uint32_t crc_shift(const uint32_t table[8][256], uint32_t crc, uint32_t shift)
{
    uint32_t product = 0, polynomial = table[0][128];
    for (; crc != 0; crc <<= 1) {
        if (crc >> 31) product ^= shift;
        shift = shift >> 1 ^ (shift & 1 ? polynomial : 0);
    }
    return product;
}

/* A step waits for the one before it, so three parts go side by side; the registers of zeros are linear. */
static uint32_t crc_slice(const uint32_t table[8][256], uint32_t shift, uint32_t crc, const unsigned char *p,
                          size_t size)
{
    crc = ~crc;
    for (; size >= 3 * CRC_PART; size -= 3 * CRC_PART, p += 3 * CRC_PART) {
        uint32_t second = 0, third = 0;
        for (size_t i = 0; i < CRC_PART; i += 8) {
            crc = crc_step(table, crc, p + i);
            second = crc_step(table, second, p + CRC_PART + i);
            third = crc_step(table, third, p + 2 * CRC_PART + i);
        }
        crc = crc_shift(table, crc_shift(table, crc, shift) ^ second, shift) ^ third;
    }
    for (; size >= 8; size -= 8, p += 8) crc = crc_step(table, crc, p);
    for (; size > 0; size--, p++) crc = (crc >> 8) ^ table[0][(crc ^ *p) & 255];
    return ~crc;
}

TL_PRIV uint32_t tl__crc32(uint32_t crc, const void *bytes, size_t size)
{
    return crc_slice(crc_ieee, 0x09FE548Fu, crc, bytes, size);
}

TL_PRIV uint32_t tl__crc32c(uint32_t crc, const void *bytes, size_t size)
{
    return crc_slice(crc_castagnoli, 0x35D73A62u, crc, bytes, size);
}
