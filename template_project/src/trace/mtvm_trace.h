/* Looks at each operator while a model runs: how long it takes, or what it writes.
 *
 * Only in the firmware that `microtvm-boards profile` and `validate` build for themselves: there the
 * generated code calls operators through the functions of mtvm_calls.c. */
#ifndef MTVM_TRACE_H_
#define MTVM_TRACE_H_

#include <stdbool.h>
#include <stdint.h>

#include "mtvm_calls.h"
#include "mtvm_model.h"

#define MTVM_TRACE_TICKS UINT32_MAX

/* What the next runs record. `last` MTVM_TRACE_TICKS, as after reset: the ticks of every call. Else
 * the CRC-32 of what each call up to number `last` writes; later calls are skipped, so that what
 * call `last` wrote stays where it is until the next run. */
void mtvm_trace_begin(uint32_t last);

/* One value a call, 0 for calls that weren't made. */
extern uint32_t mtvm_trace_values[];

/* What call `last` wrote. */
typedef struct mtvm_trace_output {
  const uint8_t *data;
  uint32_t bytes;
} mtvm_trace_output_t;
extern mtvm_trace_output_t mtvm_trace_outputs[];
extern uint32_t mtvm_trace_output_count;

typedef struct mtvm_trace_info {
  uint32_t clock_hz;    /* ticks a second */
  uint32_t total_ticks; /* of the last run, all that is traced included */
  /* Measured on a call of nothing, MTVM_TRACE_REPEAT times: all that tracing it takes, and the part
   * of it that is counted among the call's own ticks. */
  uint32_t hook_ticks;
  uint32_t counted_ticks;
} mtvm_trace_info_t;
#define MTVM_TRACE_REPEAT 256

/* Call it while no model runs. It ends what mtvm_trace_begin asked for. */
void mtvm_trace_measure(mtvm_trace_info_t *info);

/* mtvm_model_run with its ticks taken. */
mtvm_status_t mtvm_trace_run(uint32_t model, const mtvm_buffer_t inputs[],
                             const mtvm_buffer_t outputs[]);

/* For mtvm_calls.c. False: skip this call. */
bool mtvm_trace_enter(uint32_t call);
void mtvm_trace_leave(uint32_t call);
void mtvm_trace_output(uint32_t call, const void *data, uint32_t bytes);
int32_t mtvm_trace_nothing(void *a, void *b, void *c, void *d);

#endif
