/* Received bytes: the UART's interrupt puts them into a ring, so that none is lost while a model runs.
 * When the ring is full the interrupt stays off until there is room: an emulated line waits then, a
 * real one loses bytes, which the frames' CRC tells.
 *
 * For one file of a port, which has before it:
 *   static int ring_poll(void)      the next byte of the UART, or -1: there is none
 *   static void ring_pause(void)    no more interrupts
 *   static void ring_resume(void)   interrupts again, also for a byte that waits already
 * and the functions of mtvm_cortex_m.h. */
#ifndef MTVM_RING_H_
#define MTVM_RING_H_

#include <stdint.h>

#include "mtvm_config.h"

static uint8_t ring[MTVM_RING_BYTES] MTVM_NOINIT;
static volatile uint32_t ring_head; /* written by the interrupt only */
static volatile uint32_t ring_tail; /* read from here, by the main program only */

static inline uint32_t ring_after(uint32_t index) {
  return index + 1 == sizeof ring ? 0 : index + 1;
}

/* The interrupt. */
static inline void mtvm_ring_fill(void) {
  for (;;) {
    uint32_t next = ring_after(ring_head);
    if (next == ring_tail) {
      ring_pause();
      return;
    }
    int byte = ring_poll();
    if (byte < 0) {
      return;
    }
    ring[ring_head] = (uint8_t)byte;
    ring_head = next;
  }
}

/* The next byte; waits for it. */
static inline int mtvm_ring_take(void) {
  mtvm_interrupts_off(); /* the processor wakes up nevertheless; none comes between check and sleep */
  while (ring_head == ring_tail) {
    mtvm_sleep();
    mtvm_interrupts_let_in();
  }
  mtvm_interrupts_on();
  int byte = ring[ring_tail];
  ring_tail = ring_after(ring_tail);
  ring_resume();
  return byte;
}

#endif
