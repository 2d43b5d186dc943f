/* When a higher rate ends: on what looks like a host at another one, and on nothing else. */
#include <assert.h>
#include <stdio.h>

#include "link/baud.h"
#include "calls/error.h"
#include "mtvm_config.h"
#include "port.h"

#define FAST 921600U

static uint32_t rate = MTVM_UART_BAUD;
static int can = 1;

int mtvm_port_set_baud(uint32_t baud) {
  rate = can ? baud : rate;
  return can ? 0 : -1;
}

bool mtvm_fail_number(const char *text, uint32_t number) {
  (void)text, (void)number;
  return false;
}

static void switch_to(uint32_t baud) {
  mtvm_baud_reset();
  assert(mtvm_baud_ask(baud));
  assert(rate == MTVM_UART_BAUD); /* the answer has still to go */
  mtvm_baud_answered();
}

/* A byte after `seconds`; whether it brought the boot rate back. */
static bool byte_after(double seconds, bool in_frame) {
  now += (uint64_t)(seconds * 1e6);
  return mtvm_baud_before(in_frame);
}

static void hear(void) {
  assert(!byte_after(0, false));
  assert(!mtvm_baud_after(MTVM_LINK_PACKET, false));
}

static void the_rate_changes_after_the_answer(void) {
  switch_to(FAST);
  assert(rate == FAST);
  mtvm_baud_answered(); /* of the next call */
  assert(rate == FAST);
  mtvm_baud_reset();
  assert(rate == MTVM_UART_BAUD);
}

static void rates_that_it_refuses(void) {
  assert(!mtvm_baud_ask(MTVM_UART_BAUD - 1) && !mtvm_baud_ask(0) && !mtvm_baud_ask(-921600));
  assert(!mtvm_baud_ask((int64_t)1 << 32));
  mtvm_baud_answered();
  assert(rate == MTVM_UART_BAUD);
}

static void a_uart_that_cannot(void) {
  can = 0;
  switch_to(FAST);
  can = 1;
  assert(rate == MTVM_UART_BAUD);
  for (int i = 0; i < 100; ++i) { /* and then nothing is judged */
    assert(!byte_after(9, true) && !mtvm_baud_after(MTVM_LINK_BAD_CRC, false));
  }
}

static void nothing_good_within_a_second(void) {
  switch_to(FAST);
  assert(!byte_after(0.6, false));
  assert(byte_after(0.6, true)); /* since the switch, not since the byte before */
  assert(rate == MTVM_UART_BAUD);
}

static void silence_of_a_host_that_was_heard(void) {
  switch_to(FAST);
  hear();
  assert(!byte_after(3600, false));
  assert(!mtvm_baud_after(MTVM_LINK_MORE, true));
  assert(rate == FAST);
}

static void a_frame_that_stands_still(void) {
  switch_to(FAST);
  hear();
  for (int i = 0; i < 50; ++i) { /* a long one that doesn't */
    assert(!byte_after(0.5, i > 0));
  }
  assert(byte_after(1.5, true));
  assert(rate == MTVM_UART_BAUD);
}

static void damaged_frames_in_a_row(void) {
  switch_to(FAST);
  for (int i = 0; i < 50; ++i) { /* not in a row */
    assert(!mtvm_baud_after(MTVM_LINK_BAD_CRC, false) && !mtvm_baud_after(MTVM_LINK_CUT, true));
    hear();
  }
  assert(!mtvm_baud_after(MTVM_LINK_BAD_CRC, false));
  assert(!mtvm_baud_after(MTVM_LINK_CUT, true));
  assert(mtvm_baud_after(MTVM_LINK_BAD_CRC, false));
  assert(rate == MTVM_UART_BAUD);
}

/* RESYNC, Terminate and Init are 24 bytes: as many at least come from a host at a lower rate. */
static void bytes_that_are_no_frame(void) {
  switch_to(FAST);
  hear();
  int count = 1;
  while (!mtvm_baud_after(MTVM_LINK_MORE, false)) {
    assert(!byte_after(0.001, false));
    ++count;
  }
  assert(count > 8 && count < 24 && rate == MTVM_UART_BAUD);
}

static void bytes_of_frames_are_no_damage(void) {
  switch_to(FAST);
  for (int i = 0; i < 1000; ++i) {
    assert(!mtvm_baud_after(MTVM_LINK_MORE, true));
  }
}

int main(void) {
  the_rate_changes_after_the_answer();
  rates_that_it_refuses();
  a_uart_that_cannot();
  nothing_good_within_a_second();
  silence_of_a_host_that_was_heard();
  a_frame_that_stands_still();
  damaged_frames_in_a_row();
  bytes_that_are_no_frame();
  bytes_of_frames_are_no_damage();
  puts("passed");
  return 0;
}
