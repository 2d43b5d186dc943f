/* The functions that every firmware has. Each returns false with the error set. */
#ifndef MTVM_SYSTEM_H_
#define MTVM_SYSTEM_H_

#include "calls/call.h"

/* runtime.SystemLib() */
bool mtvm_system_lib(mtvm_call_t *call, uint32_t index);

/* tvm.rpc.server.ModuleGetFunction(module, name, query_imports) */
bool mtvm_module_get_function(mtvm_call_t *call, uint32_t index);

/* tvm.rpc.server.GetCRTMaxPacketSize() */
bool mtvm_max_packet_size(mtvm_call_t *call, uint32_t index);

/* mtvm.heap_info() -> bytes: size, free, largest free block, blocks in use; the most stack that was in
 * use (u32 each) */
bool mtvm_heap_info_call(mtvm_call_t *call, uint32_t index);

/* mtvm.device_info() -> str: JSON */
bool mtvm_device_info(mtvm_call_t *call, uint32_t index);

#endif
