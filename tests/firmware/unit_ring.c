/* The receive ring against a line that delivers whatever the interrupt is on for; MTVM_RING_BYTES
 * is 8, so it holds 7. */
#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mtvm_stack.h"

#define LINE 4096

static uint8_t line[LINE]; /* what the other side sends */
static uint32_t on_line;   /* so much of it has arrived at the UART */
static uint32_t polled;    /* and so much was taken */
static bool interrupt_on = true;
static bool interrupts_off;
static uint32_t sleeps;

static int ring_poll(void) { return polled < on_line ? line[polled++] : -1; }
static void ring_pause(void) { interrupt_on = false; }
static void ring_resume(void) { interrupt_on = true; }

static void mtvm_ring_fill(void);

static void interrupt(void) {
  assert(!interrupts_off);
  if (interrupt_on) {
    mtvm_ring_fill();
  }
}

static void mtvm_interrupts_off(void) { interrupts_off = true; }
static void mtvm_interrupts_on(void) { interrupts_off = false; }
static void mtvm_interrupts_let_in(void) {
  mtvm_interrupts_on();
  interrupt();
  mtvm_interrupts_off();
}

/* The next byte arrives while the processor sleeps. */
static void mtvm_sleep(void) {
  assert(interrupts_off); /* else the byte might come before it sleeps */
  ++sleeps;
  assert(on_line < LINE);
  ++on_line;
}

#include "common/mtvm_ring.h"

static void restart(void) {
  on_line = polled = sleeps = 0;
  interrupt_on = true;
  interrupts_off = false;
  ring_head = ring_tail = 0;
}

static void bytes_come_out_as_they_went_in(void) {
  restart();
  on_line = 5;
  interrupt();
  for (uint32_t i = 0; i < 5; ++i) {
    assert(mtvm_ring_take() == line[i]);
  }
  assert(sleeps == 0);
  assert(!interrupts_off);
}

static void an_empty_ring_is_slept_for(void) {
  restart();
  assert(mtvm_ring_take() == line[0]);
  assert(sleeps == 1);
  assert(!interrupts_off);
}

static void a_full_ring_turns_the_interrupt_off_until_there_is_room(void) {
  restart();
  on_line = 100;
  interrupt();
  assert(polled == MTVM_RING_BYTES - 1); /* the rest waits at the UART */
  assert(!interrupt_on);
  assert(mtvm_ring_take() == line[0]);
  assert(interrupt_on);
  interrupt();
  assert(polled == MTVM_RING_BYTES);
  assert(!interrupt_on);
}

static void nothing_is_lost_whenever_the_interrupt_comes(void) {
  srand(1);
  for (uint32_t round = 0; round < 200; ++round) {
    restart();
    for (uint32_t taken = 0; taken < 1000; ++taken) {
      if (rand() % 2 != 0) {
        on_line += (uint32_t)rand() % 12;
        if (on_line > 2000) {
          on_line = 2000;
        }
        interrupt();
      }
      assert(mtvm_ring_take() == line[taken]);
    }
  }
}

static void paint_that_is_gone_was_stack_in_use(void) {
  uint32_t stack[64];
  memset(stack, 0, sizeof stack);
  mtvm_stack_paint(stack, &stack[40]);
  assert(mtvm_stack_used(stack, &stack[64]) == 24 * sizeof *stack);
  stack[10] = 1; /* what lies deeper was never reached */
  assert(mtvm_stack_used(stack, &stack[64]) == 54 * sizeof *stack);
  stack[0] = MTVM_STACK_PAINT + 1;
  assert(mtvm_stack_used(stack, &stack[64]) == sizeof stack);
  mtvm_stack_paint(stack, &stack[64]);
  assert(mtvm_stack_used(stack, &stack[64]) == 0);
}

int main(void) {
  for (uint32_t i = 0; i < LINE; ++i) {
    line[i] = (uint8_t)(i * 7 + i / 256);
  }
  bytes_come_out_as_they_went_in();
  an_empty_ring_is_slept_for();
  a_full_ring_turns_the_interrupt_off_until_there_is_room();
  nothing_is_lost_whenever_the_interrupt_comes();
  paint_that_is_gone_was_stack_in_use();
  puts("passed");
  return 0;
}
