/* A port for the host whose line has a rate: every byte on it is two, how the sender's rate goes on
 * (its low byte) and the byte. What comes at another rate than ours comes damaged. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "mtvm_config.h"
#include "mtvm_port.h"

#define RATE(baud) ((int)((baud) / 9600U & 0xFFU))
#define BROKEN_RATE 111111U /* the UART says that it can, and nobody understands it */
#define NO_RATE 222222U     /* the UART says that it can't */

static int rate = RATE(MTVM_UART_BAUD);

void mtvm_port_init(void) {}

int mtvm_port_getc(void) {
  (void)fflush(stdout);
  int sent_at = getchar();
  int byte = getchar();
  if (byte == EOF) {
    return -1;
  }
  return sent_at == rate ? byte : (byte ^ 0x5A) & 0x7F;
}

void mtvm_port_putc(char byte) {
  (void)putchar(rate);
  (void)putchar(byte);
}

int mtvm_port_set_baud(uint32_t baud) {
  (void)fflush(stdout);
  if (baud == NO_RATE) {
    return -1;
  }
  rate = baud == BROKEN_RATE ? 0 : RATE(baud);
  fprintf(stderr, "rate %lu\n", (unsigned long)baud);
  return 0;
}

uint64_t mtvm_port_clock(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000U + (uint64_t)now.tv_nsec / 1000U;
}

uint32_t mtvm_port_clock_hz(void) { return 1000000U; }

uint32_t mtvm_port_ticks(void) { return (uint32_t)mtvm_port_clock(); }

uint32_t mtvm_port_stack_used(void) { return 0; }

void mtvm_port_halt(int status) {
  (void)fflush(stdout);
  exit(status);
}
