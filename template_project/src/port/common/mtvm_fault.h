/* Faults of every Cortex-M: what is said of one. */
#ifndef MTVM_FAULT_H_
#define MTVM_FAULT_H_

#include <stdint.h>

#include "mtvm_port.h"

/* A function without a frame of its own, for the vector table: calls fault(), whose argument is the
 * frame as the processor stacked it: r0-r3, r12, lr, pc, xpsr. */
#define MTVM_FAULT_HANDLER(name)           \
  __attribute__((naked)) void name(void) { \
    __asm__ volatile(                      \
        "mov r0, sp\n"                     \
        "ldr r1, =fault\n"                 \
        "bx r1\n");                        \
  }

static void mtvm_fault_put_hex(uint32_t value) {
  mtvm_port_putc(' ');
  for (int shift = 28; shift >= 0; shift -= 4) {
    mtvm_port_putc("0123456789abcdef"[(value >> shift) & 15U]);
  }
}

/* Where it was, and from where that was called. */
static inline void mtvm_fault_say(const uint32_t *frame) {
  for (const char *text = "\nfault"; *text != '\0'; ++text) {
    mtvm_port_putc(*text);
  }
  mtvm_fault_put_hex(frame[6]);
  mtvm_fault_put_hex(frame[5]);
  mtvm_port_putc('\n');
}

#endif
