/* A Cortex-M board in the emulator: vectors, the FPU, semihosting (print and exit status), and the four functions that
 * the library may need from a C library. */
#include <stddef.h>
#include <stdint.h>

enum { SEMI_WRITE = 4, SEMI_EXIT = 0x20 };

extern uint32_t stack_top;
void reset(void);
void board_print(const char *text);
int board_main(void);
void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int value, size_t size);
void *memmove(void *to, const void *from, size_t size);
int memcmp(const void *a, const void *b, size_t size);

__attribute__((section(".vectors"), used)) static void *const vectors[16] = {&stack_top, (void *)reset};

static int semihosting(int operation, const void *argument)
{
    register int r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

void board_print(const char *text) { semihosting(SEMI_WRITE, text); }

void reset(void)
{
#ifdef __ARM_FP
    *(volatile uint32_t *)0xE000ED88u |= 0xFu << 20;    /* CPACR: coprocessors 10 and 11 on */
    __asm__ volatile("dsb\n isb");
#endif
    uint32_t why[2] = {0x20026u, (uint32_t)board_main()};    /* application exit, status */
    semihosting(SEMI_EXIT, why);
    for (;;) { }
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    for (size_t i = 0; i < size; i++) ((volatile unsigned char *)to)[i] = ((const unsigned char *)from)[i];
    return to;
}

void *memset(void *to, int value, size_t size)
{
    for (size_t i = 0; i < size; i++) ((volatile unsigned char *)to)[i] = (unsigned char)value;
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    if ((uintptr_t)to <= (uintptr_t)from) return memcpy(to, from, size);
    while (size-- > 0) ((volatile unsigned char *)to)[size] = ((const unsigned char *)from)[size];
    return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        int difference = ((const unsigned char *)a)[i] - ((const unsigned char *)b)[i];
        if (difference != 0) return difference;
    }
    return 0;
}
