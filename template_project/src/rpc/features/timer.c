#include "features/timer.h"

#include <stddef.h>
#include <string.h>

#include "calls/error.h"
#include "calls/handles.h"
#include "features/features.h"
#include "mtvm_port.h"

#define MANTISSA_BITS 52

/* Arguments by place. Flushing caches is for processors that have some. */
enum {
  MODULE,
  NAME,
  DEVICE,
  DEVICE_ID,
  NUMBER,
  REPEAT,
  MIN_MS,
  ZERO_LIMIT,
  PAUSE_MS,
  REPEATS_TO_PAUSE,
  FLUSH_BYTES,
  BEFORE
};

typedef struct timer {
  uint32_t function; /* handle; 0: the slot is free */
  uint32_t before;   /* handle of a function to call before each repeat, or 0 */
  uint32_t options[REPEATS_TO_PAUSE + 1 - NUMBER];
} timer_t;

#define OPTION(timer, name) ((timer)->options[(name) - NUMBER])

static timer_t timers[MTVM_TIMER_COUNT];

void mtvm_timer_reset(void) { memset(timers, 0, sizeof timers); }

static bool no_function(const char *name) {
  return mtvm_fail_with("FUNCTION: there is no ", name);
}

static bool find(const mtvm_call_t *call, uint32_t *function) {
  const char *name = call->values[NAME].v_str;
  *function = mtvm_find_global(name);
  return (call->codes[MODULE] != kTVMModuleHandle ||
          mtvm_find_function((uint32_t)(uintptr_t)call->values[MODULE].v_handle, name, function)) &&
         (*function != 0 || no_function(name));
}

bool mtvm_timer_create(mtvm_call_t *call, uint32_t index) {
  timer_t timer;
  (void)index;
  if (!find(call, &timer.function)) {
    return false;
  }
  for (uint32_t i = NUMBER; i <= REPEATS_TO_PAUSE; ++i) {
    int64_t value = call->values[i].v_int64;
    if (value < (i <= REPEAT) || value > MTVM_TIMER_MOST) {
      return mtvm_fail_number("VALUE: argument %", i);
    }
    timer.options[i - NUMBER] = (uint32_t)value;
  }
  DLDevice device = {(DLDeviceType)call->values[DEVICE].v_int64,
                     (int32_t)call->values[DEVICE_ID].v_int64};
  if (!mtvm_is_cpu(device)) {
    return false;
  }
  const char *before = call->values[BEFORE].v_str;
  timer.before = mtvm_find_global(before);
  if (*before != '\0' && timer.before == 0) {
    return no_function(before);
  }
  for (uint32_t i = 0; i < MTVM_TIMER_COUNT; ++i) {
    if (timers[i].function == 0) {
      timers[i] = timer;
      call->result.code = kTVMPackedFuncHandle;
      call->result.value.handle = MTVM_FUNCTION_HANDLE(MTVM_MODULE_TIMER, i);
      return true;
    }
  }
  return mtvm_fail("FULL: all time evaluators are in use");
}

/* `count` calls; *ticks gets how long they took. */
static bool call_often(uint32_t function, mtvm_call_t *call, uint32_t count, uint64_t *ticks) {
  mtvm_arena_t arena = call->arena;
  uint64_t start = mtvm_port_clock();
  for (uint32_t i = 0; i < count; ++i) {
    call->arena = arena; /* what the last call took from it is free again */
    if (!mtvm_call_function(function, call)) {
      return false;
    }
  }
  *ticks = mtvm_port_clock() - start;
  return true;
}

/* The double nearest below ticks / divisor, put together from its bits: dividing doubles would
 * bring a library of its own to processors without them. */
static uint64_t ratio(uint64_t ticks, uint64_t divisor) {
  uint64_t bits = 0;
  int32_t exponent = 0;
  if (ticks == 0) {
    return 0;
  }
  while (ticks >= 2 * divisor) {
    divisor *= 2;
    ++exponent;
  }
  while (ticks < divisor) {
    ticks *= 2;
    --exponent;
  }
  for (uint32_t i = 0; i <= MANTISSA_BITS; ++i) {
    bits *= 2;
    if (ticks >= divisor) {
      ticks -= divisor;
      bits |= 1;
    }
    ticks *= 2;
  }
  uint64_t mantissa = bits & (((uint64_t)1 << MANTISSA_BITS) - 1);
  return (uint64_t)(1023 + exponent) << MANTISSA_BITS | mantissa;
}

/* One of the times: of enough calls for min_ms, found by doubling their number. */
static bool measure(timer_t *timer, mtvm_call_t *call, uint64_t *seconds) {
  uint32_t number = OPTION(timer, NUMBER);
  uint64_t least = (uint64_t)OPTION(timer, MIN_MS) * mtvm_port_clock_hz();
  uint32_t zeros = 0;
  uint64_t ticks;
  for (;;) {
    if (!call_often(timer->function, call, number, &ticks)) {
      return false;
    }
    zeros += ticks == 0;
    if (ticks * 1000 >= least || zeros > OPTION(timer, ZERO_LIMIT) || number > MTVM_TIMER_MOST / 2) {
      break;
    }
    number *= 2;
  }
  OPTION(timer, NUMBER) = number; /* enough for the next times, too */
  *seconds = ratio(ticks, (uint64_t)number * mtvm_port_clock_hz());
  return true;
}

static bool no_timer(uint32_t index) {
  return (index >= MTVM_TIMER_COUNT || timers[index].function == 0) &&
         !mtvm_fail_number("HANDLE: there is no time evaluator %", index);
}

bool mtvm_timer_free(uint32_t index) {
  if (no_timer(index)) {
    return false;
  }
  timers[index].function = 0;
  return true;
}

bool mtvm_timer_call(mtvm_call_t *call, uint32_t index) {
  uint64_t ticks;
  if (no_timer(index)) {
    return false;
  }
  timer_t *timer = &timers[index];
  uint32_t repeat = OPTION(timer, REPEAT);
  uint64_t *seconds = mtvm_arena_take(
      &call->arena, repeat < MTVM_PACKET_BYTES ? repeat * (uint32_t)sizeof *seconds : UINT32_MAX);
  /* The first call may be slower. */
  if (seconds == NULL || !call_often(timer->function, call, 1, &ticks)) {
    return false;
  }
  for (uint32_t i = 0; i < repeat; ++i) {
    if ((timer->before != 0 && !call_often(timer->before, call, 1, &ticks)) ||
        !measure(timer, call, &seconds[i])) {
      return false;
    }
    if (OPTION(timer, REPEATS_TO_PAUSE) > 0 && i % OPTION(timer, REPEATS_TO_PAUSE) == 0) {
      uint64_t start = mtvm_port_clock();
      uint64_t pause = (uint64_t)OPTION(timer, PAUSE_MS) * (mtvm_port_clock_hz() / 1000U);
      while (mtvm_port_clock() - start < pause) {
      }
    }
  }
  return mtvm_return_bytes(call, kTVMBytes, seconds, repeat * (uint32_t)sizeof *seconds);
}
