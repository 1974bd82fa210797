/* The PC's side of xor.c. */
#include <stdio.h>

void board_print(const char *text);
int board_main(void);

void board_print(const char *text) { fputs(text, stdout); }
int main(void) { return board_main(); }
