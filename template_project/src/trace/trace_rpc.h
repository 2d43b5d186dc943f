/* mtvm_trace.h for a host that calls over RPC. Each returns false with the error set. */
#ifndef MTVM_TRACE_RPC_H_
#define MTVM_TRACE_RPC_H_

#include <stdbool.h>
#include <stdint.h>

#include "calls/call.h"

/* mtvm.trace_begin(last) */
bool mtvm_trace_rpc_begin(mtvm_call_t *call, uint32_t index);

/* mtvm.trace_values(first, count) -> bytes: u32 each */
bool mtvm_trace_rpc_values(mtvm_call_t *call, uint32_t index);

/* mtvm.trace_output(number, offset, count) -> bytes; mtvm.trace_output(number, offset, 0) -> the
 * number of bytes it has, 0 when there is no such output */
bool mtvm_trace_rpc_output(mtvm_call_t *call, uint32_t index);

/* mtvm.trace_measure() -> bytes: mtvm_trace_info_t */
bool mtvm_trace_rpc_measure(mtvm_call_t *call, uint32_t index);

#endif
