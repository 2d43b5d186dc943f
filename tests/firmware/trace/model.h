/* A model of three calls, as mtvm_calls.c.j2 has them; operator i writes its outputs and takes
 * 100 * (i + 1) ticks. */
#ifndef MODEL_H_
#define MODEL_H_

#include <string.h>

#include "mtvm_trace.h"

static uint64_t now;

uint64_t mtvm_port_clock(void) { return ++now; }

uint32_t mtvm_port_clock_hz(void) { return 1000000; }

static uint8_t written[MTVM_CALL_COUNT][3][8];
static uint32_t made; /* calls, a bit each */

static void call(uint32_t i, uint32_t outputs) {
  if (!mtvm_trace_enter(i)) {
    return;
  }
  made |= 1U << i;
  now += 100 * (i + 1);
  memset(written[i], (int)(16 * i + 1), sizeof written[i]);
  mtvm_trace_leave(i);
  for (uint32_t output = 0; output < outputs; ++output) {
    mtvm_trace_output(i, written[i][output], sizeof written[i][output]);
  }
}

mtvm_status_t mtvm_model_run(uint32_t model, const mtvm_buffer_t inputs[],
                             const mtvm_buffer_t outputs[]) {
  (void)inputs;
  (void)outputs;
  made = 0;
  if (model != 0) {
    return MTVM_E_MODEL;
  }
  call(0, 1);
  call(1, 2);
  call(2, 3); /* one more than there is room for */
  return MTVM_OK;
}

int32_t mtvm_call_nothing(void *a, void *b, void *c, void *d) {
  if (!mtvm_trace_enter(MTVM_CALL_COUNT)) {
    return 0;
  }
  int32_t code = mtvm_trace_nothing(a, b, c, d);
  mtvm_trace_leave(MTVM_CALL_COUNT);
  mtvm_trace_output(MTVM_CALL_COUNT, a, 0);
  return code;
}

#endif
