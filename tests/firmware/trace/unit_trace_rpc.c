/* mtvm_trace.h over RPC: what a host gets, and what it gets for numbers out of range. */
#include <assert.h>
#include <stdio.h>

#include "calls/error.h"
#include "model.h"
#include "trace_rpc.h"

static uint64_t memory[16];
static char said[128];

static void say(const void *bytes, uint32_t count) { strncat(said, bytes, count); }

typedef bool function_t(mtvm_call_t *call, uint32_t index);

static bool ask(function_t *function, mtvm_call_t *call, int64_t a, int64_t b, int64_t c) {
  static TVMValue values[3];
  static int codes[3] = {kTVMArgInt, kTVMArgInt, kTVMArgInt};
  values[0].v_int64 = a;
  values[1].v_int64 = b;
  values[2].v_int64 = c;
  *call = (mtvm_call_t){.values = values, .codes = codes, .count = 3};
  call->arena.at = (uint8_t *)memory;
  call->arena.end = (uint8_t *)memory + sizeof memory;
  return function(call, 0);
}

static void refused(function_t *function, int64_t a, int64_t b, int64_t c, const char *text) {
  mtvm_call_t call;
  assert(!ask(function, &call, a, b, c));
  said[0] = '\0';
  (void)mtvm_error_text(say);
  assert(strcmp(said, text) == 0);
}

static void run_up_to(int64_t last) {
  mtvm_call_t call;
  assert(ask(mtvm_trace_rpc_begin, &call, last, 0, 0));
  assert(mtvm_trace_run(0, NULL, NULL) == MTVM_OK);
}

static void values_are_read_in_pieces(void) {
  mtvm_call_t call;
  run_up_to(MTVM_TRACE_TICKS);
  assert(ask(mtvm_trace_rpc_values, &call, 1, 2, 0));
  assert(call.result.code == kTVMBytes && call.result.value.bytes.size == 8);
  assert(((const uint32_t *)call.result.value.bytes.data)[0] == 201);
  assert(ask(mtvm_trace_rpc_values, &call, MTVM_CALL_COUNT, 0, 0));
  assert(call.result.value.bytes.size == 0);
}

static void outputs_are_read_in_pieces(void) {
  mtvm_call_t call;
  run_up_to(1);
  assert(ask(mtvm_trace_rpc_output, &call, 1, 0, 0));
  assert(call.result.code == kTVMArgInt && call.result.value.number == 8);
  assert(ask(mtvm_trace_rpc_output, &call, 1, 6, 2));
  assert(call.result.code == kTVMBytes && call.result.value.bytes.size == 2);
  assert(memcmp(call.result.value.bytes.data, "\x11\x11", 2) == 0);
}

static void an_output_that_was_not_written_has_no_bytes(void) {
  mtvm_call_t call;
  run_up_to(0);
  assert(ask(mtvm_trace_rpc_output, &call, 1, 0, 0));
  assert(call.result.code == kTVMArgInt && call.result.value.number == 0);
}

static void numbers_out_of_range_are_refused(void) {
  run_up_to(1);
  refused(mtvm_trace_rpc_begin, -1, 0, 0, "MTVM_RPC_E_VALUE: argument 0");
  refused(mtvm_trace_rpc_begin, 1LL << 32, 0, 0, "MTVM_RPC_E_VALUE: argument 0");
  refused(mtvm_trace_rpc_values, MTVM_CALL_COUNT + 1, 0, 0, "MTVM_RPC_E_VALUE: argument 0");
  refused(mtvm_trace_rpc_values, 2, 2, 0, "MTVM_RPC_E_VALUE: argument 1");
  refused(mtvm_trace_rpc_values, 0, INT64_MIN, 0, "MTVM_RPC_E_VALUE: argument 1");
  refused(mtvm_trace_rpc_output, 3, 0, 0, "MTVM_RPC_E_VALUE: argument 0");
  refused(mtvm_trace_rpc_output, 0, 9, 0, "MTVM_RPC_E_VALUE: argument 1");
  refused(mtvm_trace_rpc_output, 0, 4, 5, "MTVM_RPC_E_VALUE: argument 2");
  refused(mtvm_trace_rpc_output, 2, 0, 1, "MTVM_RPC_E_VALUE: argument 2"); /* it has no bytes */
}

static void what_tracing_takes_is_told(void) {
  mtvm_call_t call;
  run_up_to(MTVM_TRACE_TICKS);
  assert(ask(mtvm_trace_rpc_measure, &call, 0, 0, 0));
  assert(call.result.code == kTVMBytes);
  assert(call.result.value.bytes.size == sizeof(mtvm_trace_info_t));
  const mtvm_trace_info_t *info = call.result.value.bytes.data;
  assert(info->clock_hz == 1000000 && info->hook_ticks > info->counted_ticks);
}

static void without_room_for_the_answer_there_is_none(void) {
  mtvm_call_t call = {0};
  call.arena.at = call.arena.end = (uint8_t *)memory;
  assert(!mtvm_trace_rpc_measure(&call, 0));
}

int main(void) {
  values_are_read_in_pieces();
  outputs_are_read_in_pieces();
  an_output_that_was_not_written_has_no_bytes();
  numbers_out_of_range_are_refused();
  what_tracing_takes_is_told();
  without_room_for_the_answer_there_is_none();
  puts("passed");
  return 0;
}
