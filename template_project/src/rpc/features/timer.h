/* Time evaluators: functions that call another function many times and return how long it took.
 *
 * A static table; a slot is the host's from mtvm_timer_create until it frees the handle or its
 * session ends. */
#ifndef MTVM_TIMER_H_
#define MTVM_TIMER_H_

#include <stdbool.h>
#include <stdint.h>

#include "calls/call.h"

#ifndef MTVM_TIMER_COUNT
#define MTVM_TIMER_COUNT 8 /* that a host can hold at a time */
#endif
#ifndef MTVM_TIMER_MOST
#define MTVM_TIMER_MOST INT32_MAX /* calls for one time, and limit of the other options */
#endif

void mtvm_timer_reset(void);

/* runtime.RPCTimeEvaluator(module or nothing, function name, device type, device id, number, repeat,
 * min_repeat_ms, limit_zero_time_iterations, cooldown_interval_ms, repeats_to_cooldown,
 * cache_flush_bytes, name of a function to call before each repeat) -> function */
bool mtvm_timer_create(mtvm_call_t *call, uint32_t index);

/* Calls the function of slot `index` once, then `number` times, `repeat` times over. Returns bytes:
 * `repeat` doubles, each the seconds of one call on average. */
bool mtvm_timer_call(mtvm_call_t *call, uint32_t index);

bool mtvm_timer_free(uint32_t index);

#endif
