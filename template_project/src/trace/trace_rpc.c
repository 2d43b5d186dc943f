#include "trace_rpc.h"

#include <stddef.h>

#include "calls/error.h"
#include "mtvm_trace.h"

/* Argument `i`, at most `most`; false with the error set when it is more, or negative. */
static bool number(const mtvm_call_t *call, uint32_t i, uint32_t most, uint32_t *value) {
  int64_t given = call->values[i].v_int64;
  *value = (uint32_t)given;
  return (given >= 0 && given <= most) || mtvm_fail_number("VALUE: argument %", i);
}

bool mtvm_trace_rpc_begin(mtvm_call_t *call, uint32_t index) {
  uint32_t last;
  (void)index;
  if (!number(call, 0, UINT32_MAX, &last)) {
    return false;
  }
  mtvm_trace_begin(last);
  return true;
}

bool mtvm_trace_rpc_values(mtvm_call_t *call, uint32_t index) {
  uint32_t first;
  uint32_t count;
  (void)index;
  return number(call, 0, MTVM_CALL_COUNT, &first) &&
         number(call, 1, MTVM_CALL_COUNT - first, &count) &&
         mtvm_return_bytes(call, kTVMBytes, &mtvm_trace_values[first], count * (uint32_t)sizeof *mtvm_trace_values);
}

bool mtvm_trace_rpc_output(mtvm_call_t *call, uint32_t index) {
  uint32_t which;
  uint32_t offset;
  uint32_t count;
  (void)index;
  if (!number(call, 0, MTVM_CALL_MOST_OUTPUTS, &which)) {
    return false;
  }
  static const mtvm_trace_output_t none;
  const mtvm_trace_output_t *output =
      which < mtvm_trace_output_count ? &mtvm_trace_outputs[which] : &none;
  if (!number(call, 1, output->bytes, &offset) ||
      !number(call, 2, output->bytes - offset, &count)) {
    return false;
  }
  if (count == 0) {
    return mtvm_return_int(call, output->bytes);
  }
  return mtvm_return_bytes(call, kTVMBytes, output->data + offset, count);
}

bool mtvm_trace_rpc_measure(mtvm_call_t *call, uint32_t index) {
  mtvm_trace_info_t *info = mtvm_arena_take(&call->arena, sizeof *info);
  (void)index;
  if (info == NULL) {
    return false;
  }
  mtvm_trace_measure(info);
  return mtvm_return_bytes(call, kTVMBytes, info, sizeof *info);
}
