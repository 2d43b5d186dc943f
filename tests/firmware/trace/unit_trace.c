/* Ticks and checksums of a model's calls. */
#include <assert.h>
#include <stdio.h>

#include "model.h"

static void run(void) {
  assert(mtvm_trace_run(0, NULL, NULL) == MTVM_OK);
}

static void after_reset_calls_are_timed(void) {
  run();
  assert(made == 7);
  for (uint32_t i = 0; i < MTVM_CALL_COUNT; ++i) {
    assert(mtvm_trace_values[i] == 100 * (i + 1) + 1); /* and a tick of the clock's own */
  }
  assert(mtvm_trace_output_count == 0);
}

static void checksums_are_those_of_zlib(void) {
  mtvm_trace_begin(2);
  run();
  assert(mtvm_trace_values[0] == 0x2EA122D3U); /* zlib.crc32(8 * b"\x01") */
  assert(mtvm_trace_values[1] == 0x68C93758U); /* zlib.crc32(16 * b"\x11"): both outputs */
}

static void calls_after_the_last_are_not_made(void) {
  mtvm_trace_begin(1);
  run();
  assert(made == 3);
  assert(mtvm_trace_values[2] == 0);
  assert(mtvm_trace_output_count == 2);
  for (uint32_t output = 0; output < 2; ++output) {
    assert(mtvm_trace_outputs[output].data == written[1][output]);
    assert(mtvm_trace_outputs[output].bytes == sizeof written[1][output]);
  }
}

static void more_outputs_than_there_is_room_for_are_left_out(void) {
  mtvm_trace_begin(2);
  run();
  assert(mtvm_trace_output_count == MTVM_CALL_MOST_OUTPUTS);
}

static void a_run_forgets_the_one_before(void) {
  mtvm_trace_begin(2);
  run();
  mtvm_trace_begin(0);
  run();
  assert(mtvm_trace_values[1] == 0 && mtvm_trace_values[2] == 0);
  assert(mtvm_trace_output_count == 1);
}

static void a_run_that_fails_says_so_and_leaves_no_values(void) {
  run();
  assert(mtvm_trace_run(1, NULL, NULL) == MTVM_E_MODEL);
  for (uint32_t i = 0; i < MTVM_CALL_COUNT; ++i) {
    assert(mtvm_trace_values[i] == 0);
  }
}

static void what_tracing_takes_is_measured(void) {
  mtvm_trace_info_t info;
  mtvm_trace_begin(0);
  run();
  mtvm_trace_measure(&info);
  assert(info.clock_hz == 1000000);
  assert(info.total_ticks > 100 && info.total_ticks < 200); /* only the first call was made */
  /* The clock goes on when it is read: twice in each call, once of them counted. */
  assert(info.hook_ticks == 2 * MTVM_TRACE_REPEAT + 1);
  assert(info.counted_ticks == MTVM_TRACE_REPEAT);
  run(); /* timed again */
  assert(made == 7 && mtvm_trace_values[2] == 301);
}

static void times_beyond_32_bits_stay_at_the_most(void) {
  mtvm_trace_begin(MTVM_TRACE_TICKS);
  assert(mtvm_trace_enter(0));
  now += 1ULL << 33;
  mtvm_trace_leave(0);
  assert(mtvm_trace_values[0] == UINT32_MAX);
}

int main(void) {
  after_reset_calls_are_timed();
  checksums_are_those_of_zlib();
  calls_after_the_last_are_not_made();
  more_outputs_than_there_is_room_for_are_left_out();
  a_run_forgets_the_one_before();
  a_run_that_fails_says_so_and_leaves_no_values();
  what_tracing_takes_is_measured();
  times_beyond_32_bits_stay_at_the_most();
  puts("passed");
  return 0;
}
