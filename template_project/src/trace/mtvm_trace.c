#include "mtvm_trace.h"

#include <stddef.h>
#include <string.h>

#include "mtvm_port.h"

#define CRC32 0xEDB88320U /* IEEE 802.3, reflected: the same as zlib's */

uint32_t mtvm_trace_values[MTVM_CALL_COUNT + 1]; /* the last one is of mtvm_call_nothing */
mtvm_trace_output_t mtvm_trace_outputs[MTVM_CALL_MOST_OUTPUTS];
uint32_t mtvm_trace_output_count;

static uint32_t last_call = MTVM_TRACE_TICKS;
static uint32_t total_ticks;
static uint64_t entered;

void mtvm_trace_begin(uint32_t last) { last_call = last; }

/* As many as 32 bits hold. */
static uint32_t since(uint64_t start) {
  uint64_t ticks = mtvm_port_clock() - start;
  return ticks < UINT32_MAX ? (uint32_t)ticks : UINT32_MAX;
}

bool mtvm_trace_enter(uint32_t call) {
  if (call > last_call) {
    return false;
  }
  entered = mtvm_port_clock();
  return true;
}

void mtvm_trace_leave(uint32_t call) {
  uint32_t ticks = since(entered);
  mtvm_trace_values[call] = last_call == MTVM_TRACE_TICKS ? ticks : 0;
}

static uint32_t crc32(uint32_t crc, const uint8_t *data, uint32_t bytes) {
  crc = ~crc;
  for (uint32_t i = 0; i < bytes; ++i) {
    crc ^= data[i];
    for (uint32_t bit = 0; bit < 8; ++bit) {
      crc = crc >> 1 ^ (CRC32 & (0U - (crc & 1U)));
    }
  }
  return ~crc;
}

void mtvm_trace_output(uint32_t call, const void *data, uint32_t bytes) {
  if (last_call == MTVM_TRACE_TICKS) {
    return;
  }
  mtvm_trace_values[call] = crc32(mtvm_trace_values[call], data, bytes);
  if (call == last_call && mtvm_trace_output_count < MTVM_CALL_MOST_OUTPUTS) {
    mtvm_trace_output_t *output = &mtvm_trace_outputs[mtvm_trace_output_count++];
    output->data = data;
    output->bytes = bytes;
  }
}

int32_t mtvm_trace_nothing(void *a, void *b, void *c, void *d) {
  return a == b && c == d ? 0 : -1;
}

mtvm_status_t mtvm_trace_run(uint32_t model, const mtvm_buffer_t inputs[],
                             const mtvm_buffer_t outputs[]) {
  memset(mtvm_trace_values, 0, sizeof mtvm_trace_values);
  mtvm_trace_output_count = 0;
  uint64_t start = mtvm_port_clock();
  mtvm_status_t status = mtvm_model_run(model, inputs, outputs);
  total_ticks = since(start);
  return status;
}

void mtvm_trace_measure(mtvm_trace_info_t *info) {
  last_call = MTVM_TRACE_TICKS;
  info->clock_hz = mtvm_port_clock_hz();
  info->total_ticks = total_ticks;
  info->counted_ticks = 0;
  uint64_t start = mtvm_port_clock();
  for (uint32_t i = 0; i < MTVM_TRACE_REPEAT; ++i) {
    (void)mtvm_call_nothing(info, info, info, info);
  }
  info->hook_ticks = since(start);
  for (uint32_t i = 0; i < MTVM_TRACE_REPEAT; ++i) {
    (void)mtvm_call_nothing(info, info, info, info);
    info->counted_ticks += mtvm_trace_values[MTVM_CALL_COUNT];
  }
}
