#include "registry.h"

#include <stddef.h>
#include <string.h>

#ifdef MTVM_HAS_BAUD
#include "baud.h"
#endif
#include "error.h"
#include "heap.h"
#include "mtvm_config.h"
#include "mtvm_port.h"
#include "random.h"
#include "timer.h"
#ifdef MTVM_RPC_SYSTEM_LIB
#include <tvm/runtime/crt/module.h>
#endif
#if defined(MTVM_RPC_SYSTEM_LIB) || defined(MTVM_RPC_NAMED_KERNELS)
#define HAS_KERNELS
#endif
#if MTVM_MODEL_COUNT > 0
#include "executor.h"
#ifdef HAS_KERNELS
#include "kernels.h"
#endif
#endif
#if defined(MTVM_WORKSPACE_BYTES) || defined(MTVM_WORKSPACE_IN_HEAP)
#define HAS_WORKSPACE
#include "mtvm_workspace.h"
#endif
#ifdef MTVM_KERNEL_HOST
#include "kernel_window.h"
#define SYSTEM_LIB mtvm_kernels
#define IS_THERE(library) ((library) != NULL)
#else
#define SYSTEM_LIB TVMSystemLibEntryPoint
#define IS_THERE(library) true
#endif
#ifdef MTVM_TRACE
#include "trace_rpc.h"
#endif

#define KIND(handle) ((handle) >> 28)
#define MODULE(handle) ((handle) >> 16 & 0xFFFU)
#define INDEX(handle) ((handle) & 0xFFFFU)

/* A handle's kind is TVM's type code of what it stands for. */
enum {
  FUNCTION_KIND = kTVMPackedFuncHandle,
  MODULE_KIND = kTVMModuleHandle,
  ARRAY_KIND = kTVMNDArrayHandle
};

#ifdef HAS_KERNELS
static const char *kernel_message; /* what generated code said about its failure */

void TVMAPISetLastError(const char *message) { kernel_message = message; }
#else
void TVMAPISetLastError(const char *message) { (void)message; }
#endif

static uint32_t handle_of(uint32_t kind, uint32_t module, uint32_t index) {
  return kind << 28 | module << 16 | index;
}

uint32_t mtvm_function_handle(uint32_t module, uint32_t index) {
  return handle_of(FUNCTION_KIND, module, index);
}

uint32_t mtvm_module_handle(uint32_t module) { return handle_of(MODULE_KIND, module, 0); }

uint32_t mtvm_array_handle(uint32_t model, uint32_t index) {
  return handle_of(ARRAY_KIND, model, index);
}

static bool no_handle(uint32_t handle) {
  return mtvm_fail_numbers("HANDLE: % is none of this kind", handle, 0, 0);
}

void mtvm_registry_reset(void) {
  mtvm_heap_reset();
  mtvm_timer_reset();
#if MTVM_MODEL_COUNT > 0
  mtvm_executor_reset();
#endif
}

static void return_handle(mtvm_call_t *call, int code, uint32_t handle) {
  call->result.code = handle == 0 ? kTVMNullptr : code;
  call->result.value.handle = handle;
}

/* runtime.SystemLib() */
static bool system_lib(mtvm_call_t *call, uint32_t index) {
  (void)index;
  return_handle(call, kTVMModuleHandle, mtvm_module_handle(MTVM_MODULE_SYSTEM));
  return true;
}

/* tvm.rpc.server.ModuleGetFunction(module, name, query_imports) */
static bool module_get_function(mtvm_call_t *call, uint32_t index) {
  (void)index;
  uint32_t found;
  if (!mtvm_registry_find((uint32_t)(uintptr_t)call->values[0].v_handle, call->values[1].v_str,
                          &found)) {
    return false;
  }
  return_handle(call, kTVMPackedFuncHandle, found);
  return true;
}

/* tvm.rpc.server.GetCRTMaxPacketSize() */
static bool max_packet_size(mtvm_call_t *call, uint32_t index) {
  (void)index;
  call->result.code = kTVMArgInt;
  /* The host counts a frame's start, length, session header and CRC apart. */
  call->result.value.number = MTVM_PACKET_BYTES - 11;
  return true;
}

/* mtvm.heap_info() -> bytes: size, free, largest free block, blocks in use; the most stack that was in
 * use (u32 each) */
static bool heap_info(mtvm_call_t *call, uint32_t index) {
  (void)index;
  struct {
    mtvm_heap_info_t heap;
    uint32_t stack;
  } *info = mtvm_arena_take(&call->arena, sizeof *info);
  if (info == NULL) {
    return false;
  }
  mtvm_heap_info(&info->heap);
  info->stack = mtvm_port_stack_used();
  call->result.code = kTVMBytes;
  call->result.value.bytes.data = info;
  call->result.value.bytes.size = sizeof *info;
  return true;
}

/* mtvm.device_info() -> str: JSON */
static bool device_info(mtvm_call_t *call, uint32_t index) {
  static const char text[] = MTVM_RPC_DEVICE_INFO;
  (void)index;
  call->result.code = kTVMStr;
  call->result.value.bytes.data = text;
  call->result.value.bytes.size = sizeof text - 1;
  return true;
}

#ifdef MTVM_HAS_BAUD
/* mtvm.set_baud(bits per second): the line's rate after this answer, see baud.h */
static bool set_baud(mtvm_call_t *call, uint32_t index) {
  (void)index;
  return mtvm_baud_ask(call->values[0].v_int64);
}
#endif

static const mtvm_entry_t globals[] = {
    {"runtime.SystemLib", "*", system_lib},
    {"tvm.rpc.server.ModuleGetFunction", "msi", module_get_function},
    {"tvm.rpc.server.GetCRTMaxPacketSize", "*", max_packet_size},
#if MTVM_MODEL_COUNT > 0
    {"tvm.aot_executor.create", "mds", mtvm_executor_create},
#endif
    {"runtime.RPCTimeEvaluator", ".siiiiiiiiis", mtvm_timer_create},
    {"tvm.contrib.random.random_fill", "t", mtvm_random_fill},
    {"mtvm.heap_info", "", heap_info},
    {"mtvm.device_info", "", device_info},
#ifdef MTVM_HAS_BAUD
    {"mtvm.set_baud", "i", set_baud},
#endif
#ifdef MTVM_KERNEL_WINDOW_BYTES
    {"mtvm.kernel_window", "", mtvm_kernel_window_info},
    {"mtvm.kernel_start", "ii", mtvm_kernel_window_start},
    {"mtvm.tensor_crc32", "t", mtvm_tensor_crc32},
#elif defined(MTVM_KERNEL_HOST)
    {"mtvm.kernel_open", "s", mtvm_kernel_library_open},
#endif
#ifdef MTVM_TRACE
    {"mtvm.trace_begin", "i", mtvm_trace_rpc_begin},
    {"mtvm.trace_values", "ii", mtvm_trace_rpc_values},
    {"mtvm.trace_output", "iii", mtvm_trace_rpc_output},
    {"mtvm.trace_measure", "", mtvm_trace_rpc_measure},
#endif
};

#define GLOBAL_COUNT (sizeof globals / sizeof globals[0])

/* The handle of the entry that is called `name`; 0: there is none. */
static uint32_t find_entry(const mtvm_entry_t *entries, uint32_t count, uint32_t module,
                           const char *name) {
  for (uint32_t i = 0; i < count; ++i) {
    if (mtvm_same(name, entries[i].name)) {
      return mtvm_function_handle(module, i);
    }
  }
  return 0;
}

#if defined(MTVM_RPC_SYSTEM_LIB) && MTVM_MODEL_COUNT == 0
#define NOTHING 0xFFFFU /* index of a function of the system lib that no library has */

/* mtvm.nothing(...): called and timed as a kernel, whose time is what is above that of this one. */
static int nothing(TVMValue *args, int *codes, int count, TVMValue *value, int *code,
                   void *resource) {
  (void)args;
  (void)codes;
  (void)count;
  (void)value;
  (void)code;
  (void)resource;
  return 0;
}
#endif

uint32_t mtvm_registry_global(const char *name) {
#ifdef NOTHING
  if (mtvm_same(name, "mtvm.nothing")) {
    return mtvm_function_handle(MTVM_MODULE_SYSTEM, NOTHING);
  }
#endif
  return find_entry(globals, GLOBAL_COUNT, MTVM_MODULE_GLOBAL, name);
}

#ifdef MTVM_RPC_SYSTEM_LIB
#define LONGEST_COUNT_BYTE 0x20 /* no registry has so many functions that a high byte is a letter */

/* The names of the system lib start with their count: two bytes, one byte in TVM 0.8. */
static uint32_t system_function_count(const TVMFuncRegistry *registry, const char **names) {
  const unsigned char *count = (const unsigned char *)registry->names;
  if (count[0] != 0 && count[1] >= LONGEST_COUNT_BYTE) {
    *names = registry->names + 1;
    return count[0];
  }
  *names = registry->names + 2;
  return count[0] | (uint32_t)count[1] << 8;
}

static uint32_t find_system_function(const char *name) {
  const char *names = NULL;
#ifdef NOTHING
  uint32_t global = mtvm_registry_global(name);
  if (global == mtvm_function_handle(MTVM_MODULE_SYSTEM, NOTHING)) {
    return global;
  }
#endif
  const TVMModule *library = SYSTEM_LIB();
  uint32_t count = IS_THERE(library) ? system_function_count(library->registry, &names) : 0;
  for (uint32_t i = 0; i < count; ++i) {
    if (mtvm_same(name, names)) {
      return mtvm_function_handle(MTVM_MODULE_SYSTEM, i);
    }
    names += strlen(names) + 1;
  }
  return 0;
}

/* The function of the system lib that has this index; NULL: none. */
static TVMBackendPackedCFunc system_function(uint32_t index) {
#ifdef NOTHING
  if (index == NOTHING) {
    return nothing;
  }
#endif
  const TVMModule *library = SYSTEM_LIB();
  const char *names;
  if (!IS_THERE(library) || index >= system_function_count(library->registry, &names)) {
    return NULL;
  }
  return library->registry->funcs[index];
}
#endif

#ifdef MTVM_RPC_NAMED_KERNELS
static uint32_t find_named_kernel(const char *name) {
  for (uint32_t i = 0; i < MTVM_RPC_NAMED_KERNELS; ++i) {
    if (mtvm_same(name, mtvm_kernel_names[i])) {
      return mtvm_function_handle(MTVM_MODULE_KERNEL, i);
    }
  }
  return 0;
}

static TVMBackendPackedCFunc named_kernel(uint32_t index) {
  return index < MTVM_RPC_NAMED_KERNELS ? mtvm_kernels[index].function : NULL;
}
#endif

#ifdef HAS_KERNELS
#if MTVM_MODEL_COUNT == 0
/* Of a kernel without a graph nobody knows here what it takes; what it is given has to be memory of
 * this session. */
static bool check_kernel(TVMBackendPackedCFunc function, const mtvm_call_t *call) {
  (void)function;
  for (int32_t i = 0; i < call->count; ++i) {
    if (call->codes[i] == kTVMDLTensorHandle &&
        mtvm_call_tensor(call, (uint32_t)i, mtvm_tensor_bytes(call->values[i].v_handle)) == NULL) {
      return false;
    }
  }
  return true;
}
#else
static bool check_kernel(TVMBackendPackedCFunc function, const mtvm_call_t *call) {
  uint32_t k = 0;
  while (k < mtvm_kernel_count && mtvm_kernels[k].function != function) {
    ++k;
  }
  if (k == mtvm_kernel_count) {
    return mtvm_fail("FUNCTION: no graph calls it");
  }
  if (!mtvm_call_counts(call, mtvm_kernels[k].count)) {
    return false;
  }
  for (uint32_t i = 0; i < mtvm_kernels[k].count; ++i) {
    if (mtvm_call_tensor(call, i, mtvm_kernels[k].bytes[i]) == NULL) {
      return false;
    }
  }
  return true;
}
#endif

/* `function` NULL: there is none with this index. */
static bool call_kernel(TVMBackendPackedCFunc function, uint32_t index, mtvm_call_t *call) {
  if (function == NULL) {
    return no_handle(index);
  }
  if (!check_kernel(function, call)) {
    return false;
  }
  kernel_message = "";
#ifdef HAS_WORKSPACE
  mtvm_workspace_reset();
#endif
  TVMValue value;
  int code = kTVMNullptr;
  if (function(call->values, call->codes, call->count, &value, &code, NULL) == 0) {
    return true;
  }
#ifdef HAS_WORKSPACE
  if (mtvm_workspace_overflow() != 0) {
    return mtvm_fail_numbers("MODEL: a kernel asked for % B of workspace, more than are left",
                             mtvm_workspace_overflow(), 0, 0);
  }
#endif
  return mtvm_fail_with("MODEL: a kernel failed. ", kernel_message);
}
#endif

static uint32_t find_in_system_lib(const char *name) {
#if MTVM_MODEL_COUNT > 0
  uint32_t model = mtvm_executor_find_entry(name);
  if (model < MTVM_MODEL_COUNT) {
    return mtvm_function_handle(MTVM_MODULE_ENTRY, model);
  }
#endif
  uint32_t found = 0;
#ifdef MTVM_RPC_SYSTEM_LIB
  found = find_system_function(name);
#endif
#ifdef MTVM_RPC_NAMED_KERNELS
  if (found == 0) {
    found = find_named_kernel(name);
  }
#endif
  return found;
}

bool mtvm_registry_find(uint32_t handle, const char *name, uint32_t *found) {
  if (handle == mtvm_module_handle(MTVM_MODULE_SYSTEM)) {
    *found = find_in_system_lib(name);
    return true;
  }
#if MTVM_MODEL_COUNT == 0
  return no_handle(handle);
#else
  uint32_t module = MODULE(handle);
  if (KIND(handle) != MODULE_KIND || !mtvm_executor_created(module - MTVM_MODULE_EXECUTOR)) {
    return no_handle(handle);
  }
  *found = find_entry(mtvm_executor_functions, MTVM_EXECUTOR_FUNCTIONS, module, name);
  return true;
#endif
}

bool mtvm_registry_call(uint32_t handle, mtvm_call_t *call) {
  uint32_t module = MODULE(handle);
  uint32_t index = INDEX(handle);
  const mtvm_entry_t *entries = globals;
  uint32_t count = GLOBAL_COUNT;
  call->result.code = kTVMNullptr;
  if (KIND(handle) != FUNCTION_KIND) {
    return no_handle(handle);
  }
  switch (module) {
    case MTVM_MODULE_GLOBAL: break;
    case MTVM_MODULE_TIMER: return mtvm_timer_call(call, index);
#if MTVM_MODEL_COUNT > 0
    case MTVM_MODULE_ENTRY: return index < MTVM_MODEL_COUNT ? mtvm_executor_call_entry(call, index)
                                                            : no_handle(handle);
#endif
#ifdef MTVM_RPC_SYSTEM_LIB
    case MTVM_MODULE_SYSTEM: return call_kernel(system_function(index), index, call);
#endif
#ifdef MTVM_RPC_NAMED_KERNELS
    case MTVM_MODULE_KERNEL: return call_kernel(named_kernel(index), index, call);
#endif
    default:
#if MTVM_MODEL_COUNT > 0
      module -= MTVM_MODULE_EXECUTOR;
      entries = mtvm_executor_functions;
      count = mtvm_executor_created(module) ? MTVM_EXECUTOR_FUNCTIONS : 0;
#else
      count = 0;
#endif
      break;
  }
  if (index >= count) {
    return no_handle(handle);
  }
  return mtvm_call_takes(call, entries[index].signature) && entries[index].function(call, module);
}

bool mtvm_registry_free(uint32_t handle, int64_t code) {
  if (handle == 0 || KIND(handle) != code) {
    return no_handle(handle);
  }
  bool timer = code == FUNCTION_KIND && MODULE(handle) == MTVM_MODULE_TIMER;
  return !timer || mtvm_timer_free(INDEX(handle));
}
