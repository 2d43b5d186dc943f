/* What a host finds in this firmware. Rendered by microtvm-boards. */
#include "features/features.h"

#include "calls/handles.h"
#include "calls/heap.h"
#include "features/executor.h"
#include "features/random.h"
#include "features/system.h"
#include "features/timer.h"
#include "mtvm_config.h"
#ifdef MTVM_HAS_BAUD
#include "features/set_baud.h"
#endif
#ifdef MTVM_TRACE
#include "trace_rpc.h"
#endif

static const mtvm_entry_t globals[] = {
    {"runtime.SystemLib", "*", mtvm_system_lib},
    {"tvm.rpc.server.ModuleGetFunction", "msi", mtvm_module_get_function},
    {"tvm.rpc.server.GetCRTMaxPacketSize", "*", mtvm_max_packet_size},
    {"tvm.aot_executor.create", "mds", mtvm_executor_create},
    {"runtime.RPCTimeEvaluator", ".siiiiiiiiis", mtvm_timer_create},
    {"tvm.contrib.random.random_fill", "t", mtvm_random_fill},
    {"mtvm.heap_info", "", mtvm_heap_info_call},
    {"mtvm.device_info", "", mtvm_device_info},
#ifdef MTVM_HAS_BAUD
    {"mtvm.set_baud", "i", mtvm_set_baud},
#endif
#ifdef MTVM_TRACE
    {"mtvm.trace_begin", "i", mtvm_trace_rpc_begin},
    {"mtvm.trace_values", "ii", mtvm_trace_rpc_values},
    {"mtvm.trace_output", "iii", mtvm_trace_rpc_output},
    {"mtvm.trace_measure", "", mtvm_trace_rpc_measure},
#endif
};

#define GLOBAL_COUNT (sizeof globals / sizeof globals[0])

void mtvm_features_reset(void) {
  mtvm_heap_reset();
  mtvm_timer_reset();
  mtvm_executor_reset();
}

bool mtvm_may_copy(const void *data, uint32_t bytes) {
  return mtvm_heap_holds(data, bytes);
}

/* The handle of the entry that is called `name`; 0: there is none. */
static uint32_t find_entry(const mtvm_entry_t *entries, uint32_t count, uint32_t module,
                           const char *name) {
  for (uint32_t i = 0; i < count; ++i) {
    if (mtvm_same(name, entries[i].name)) {
      return MTVM_FUNCTION_HANDLE(module, i);
    }
  }
  return 0;
}

uint32_t mtvm_find_global(const char *name) {
  return find_entry(globals, GLOBAL_COUNT, MTVM_MODULE_GLOBAL, name);
}

/* In the module that runtime.SystemLib is. */
static uint32_t find_in_system_lib(const char *name) {
  uint32_t found = 0;
  found = mtvm_executor_find_entry(name);
  return found;
}

bool mtvm_find_function(uint32_t handle, const char *name, uint32_t *found) {
  if (handle == MTVM_MODULE_HANDLE(MTVM_MODULE_SYSTEM)) {
    *found = find_in_system_lib(name);
    return true;
  }
  uint32_t module = MTVM_MODULE_OF(handle);
  if (MTVM_KIND_OF(handle) == MTVM_MODULE_KIND &&
      mtvm_executor_created(module - MTVM_MODULE_EXECUTOR)) {
    *found = find_entry(mtvm_executor_functions, MTVM_EXECUTOR_FUNCTIONS, module, name);
    return true;
  }
  return mtvm_no_handle(handle);
}

bool mtvm_call_function(uint32_t handle, mtvm_call_t *call) {
  uint32_t module = MTVM_MODULE_OF(handle);
  uint32_t index = MTVM_INDEX_OF(handle);
  const mtvm_entry_t *entries = globals;
  uint32_t count = GLOBAL_COUNT;
  call->result.code = kTVMNullptr;
  if (MTVM_KIND_OF(handle) != MTVM_FUNCTION_KIND) {
    return mtvm_no_handle(handle);
  }
  switch (module) {
    case MTVM_MODULE_GLOBAL: break;
    case MTVM_MODULE_TIMER: return mtvm_timer_call(call, index);
    case MTVM_MODULE_ENTRY: return index < MTVM_MODEL_COUNT ? mtvm_executor_call_entry(call, index)
                                                            : mtvm_no_handle(handle);
    default:
      module -= MTVM_MODULE_EXECUTOR;
      entries = mtvm_executor_functions;
      count = mtvm_executor_created(module) ? MTVM_EXECUTOR_FUNCTIONS : 0;
      break;
  }
  if (index >= count) {
    return mtvm_no_handle(handle);
  }
  return mtvm_call_takes(call, entries[index].signature) && entries[index].function(call, module);
}
