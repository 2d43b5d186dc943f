/* The painted stack: how much of it was ever used shows where the paint is gone. */
#ifndef MTVM_STACK_H_
#define MTVM_STACK_H_

#include <stdint.h>

#define MTVM_STACK_PAINT 0xA5A5A5A5U

/* From the linker script. The stack lies at the start of RAM: an overflow leaves the memory, which
 * faults on most parts, and overwrites no data. */
extern uint32_t mtvm_stack_limit[];
extern uint32_t mtvm_stack_top[];

/* From `limit` up to `end`, the stack pointer of the function that calls this. Part of that function
 * even without optimization: nothing here may have a frame in what it paints. */
static inline __attribute__((always_inline)) void mtvm_stack_paint(uint32_t *limit,
                                                                   const uint32_t *end) {
  /* volatile: else it may become a call of memset. */
  for (volatile uint32_t *paint = limit; paint < end; ++paint) {
    *paint = MTVM_STACK_PAINT;
  }
}

/* All of it that isn't in use where this is called: before main(). */
static inline __attribute__((always_inline)) void mtvm_stack_paint_unused(void) {
  uint32_t *top;
  __asm__ volatile("mov %0, sp" : "=r"(top));
  mtvm_stack_paint(mtvm_stack_limit, top);
}

/* The most bytes that were in use of the stack between `limit` and `top`. */
static inline uint32_t mtvm_stack_used(const uint32_t *limit, const uint32_t *top) {
  while (limit < top && *limit == MTVM_STACK_PAINT) {
    ++limit;
  }
  return (uint32_t)((uintptr_t)top - (uintptr_t)limit);
}

#endif
