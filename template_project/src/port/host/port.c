/* The host: standard input and output are the UART. */
#define _POSIX_C_SOURCE 200809L
#include "mtvm_port.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void mtvm_port_init(void) {}

int mtvm_port_getc(void) {
  (void)fflush(stdout);
  int byte = getchar();
  return byte == EOF ? -1 : byte;
}

void mtvm_port_putc(char byte) { (void)putchar(byte); }

uint32_t mtvm_port_ticks(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint32_t)((uint64_t)now.tv_sec * 1000000U + (uint64_t)now.tv_nsec / 1000U);
}

uint32_t mtvm_port_stack_used(void) { return 0; }

void mtvm_port_halt(int status) {
  (void)fflush(stdout);
  exit(status);
}
