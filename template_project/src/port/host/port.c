/* The host: standard input and output are the UART. */
#define _POSIX_C_SOURCE 200809L
#include "mtvm_port.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NANOSECONDS 1000000000U

static char input[1 << 16];
static char output[1 << 16];

void mtvm_port_init(void) {
  (void)setvbuf(stdin, input, _IOFBF, sizeof input);
  (void)setvbuf(stdout, output, _IOFBF, sizeof output);
}

int mtvm_port_getc(void) {
  (void)fflush(stdout);
  int byte = getchar_unlocked();
  return byte == EOF ? -1 : byte;
}

void mtvm_port_putc(char byte) { (void)putchar_unlocked(byte); }

uint64_t mtvm_port_clock(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * NANOSECONDS + (uint64_t)now.tv_nsec;
}

uint32_t mtvm_port_clock_hz(void) { return NANOSECONDS; }

uint32_t mtvm_port_ticks(void) { return (uint32_t)(mtvm_port_clock() / 1000U); }

uint32_t mtvm_port_stack_used(void) { return 0; }

void mtvm_port_halt(int status) {
  (void)fflush(stdout);
  exit(status);
}
