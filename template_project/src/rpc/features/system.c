#include "features/system.h"

#include "calls/handles.h"
#include "calls/heap.h"
#include "features/features.h"
#include "link/session.h"
#include "mtvm_config.h"
#include "mtvm_port.h"

static void return_handle(mtvm_call_t *call, int code, uint32_t handle) {
  call->result.code = handle == 0 ? kTVMNullptr : code;
  call->result.value.handle = handle;
}

bool mtvm_system_lib(mtvm_call_t *call, uint32_t index) {
  (void)index;
  return_handle(call, kTVMModuleHandle, MTVM_MODULE_HANDLE(MTVM_MODULE_SYSTEM));
  return true;
}

bool mtvm_module_get_function(mtvm_call_t *call, uint32_t index) {
  (void)index;
  uint32_t found;
  if (!mtvm_find_function((uint32_t)(uintptr_t)call->values[0].v_handle, call->values[1].v_str,
                          &found)) {
    return false;
  }
  return_handle(call, kTVMPackedFuncHandle, found);
  return true;
}

bool mtvm_max_packet_size(mtvm_call_t *call, uint32_t index) {
  (void)index;
  /* The host counts what is around a packet in its frame apart. */
  return mtvm_return_int(call, MTVM_PACKET_BYTES - MTVM_FRAME_BYTES);
}

bool mtvm_heap_info_call(mtvm_call_t *call, uint32_t index) {
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
  return mtvm_return_bytes(call, kTVMBytes, info, sizeof *info);
}

bool mtvm_device_info(mtvm_call_t *call, uint32_t index) {
  static const char text[] = MTVM_RPC_DEVICE_INFO;
  (void)index;
  return mtvm_return_bytes(call, kTVMStr, text, sizeof text - 1);
}
