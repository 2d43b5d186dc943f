#include "dispatch.h"

#include <stddef.h>
#include <string.h>

#include "calls/error.h"
#include "calls/handles.h"
#include "calls/heap.h"
#include "codec/codec.h"
#include "codec/rpc_codes.h"
#include "features/features.h"
#include "features/timer.h"

#define PROTOCOL "0.8.0" /* of all TVMs from 0.8 on */
#define ATTRIBUTE_EXISTS 0

/* A system call: its arguments were read and checked; it sets the result that is sent, or returns
 * false with the error set. */
typedef bool (*system_call_t)(mtvm_call_t *call);

static bool return_nothing(mtvm_call_t *call) {
  call->result.code = kTVMNullptr;
  return true;
}

static bool return_handle(mtvm_call_t *call, uint64_t handle) {
  call->result.code = kTVMOpaqueHandle;
  call->result.value.handle = handle;
  return true;
}

/* Memory is its address to the host. */
static bool return_memory(mtvm_call_t *call, const void *memory) {
  return memory != NULL && return_handle(call, (uintptr_t)memory);
}

static bool init_server(mtvm_reader_t *reader, mtvm_call_t *call) {
  const char *version;
  if (!mtvm_read_text(reader, &version)) {
    return false;
  }
  if (!mtvm_same(version, PROTOCOL)) {
    return mtvm_fail_with("VERSION: this device speaks " PROTOCOL ", the host ", version);
  }
  return return_nothing(call);
}

static bool get_global_function(mtvm_call_t *call) {
  return return_handle(call, mtvm_find_global(call->values[0].v_str));
}

static bool free_handle(mtvm_call_t *call) {
  uint32_t handle = (uint32_t)(uintptr_t)call->values[0].v_handle;
  int64_t code = call->values[1].v_int64;
  if (handle == 0 || MTVM_KIND_OF(handle) != code) {
    return mtvm_no_handle(handle);
  }
  bool timer = code == MTVM_FUNCTION_KIND && MTVM_MODULE_OF(handle) == MTVM_MODULE_TIMER;
  return (!timer || mtvm_timer_free(MTVM_INDEX_OF(handle))) && return_nothing(call);
}

static bool create_stream(mtvm_call_t *call) { return return_handle(call, 0); }

/* Whether a device exists is all that is known of it. */
static bool get_attribute(mtvm_call_t *call) {
  (void)return_nothing(call);
  if (call->codes[0] == kDLDevice && call->values[1].v_int64 == ATTRIBUTE_EXISTS) {
    call->result.code = kTVMArgInt;
    call->result.value.number = mtvm_is_cpu(call->values[0].v_device);
  }
  return true;
}

static bool allocate(mtvm_call_t *call) {
  uint64_t bytes = (uint64_t)call->values[1].v_int64;
  return return_memory(call, mtvm_heap_allocate(bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX));
}

static bool allocate_with_scope(mtvm_call_t *call) {
  if (call->codes[1] == kTVMStr && *call->values[1].v_str != '\0' &&
      !mtvm_same(call->values[1].v_str, "global")) {
    return mtvm_fail_with("DEVICE: no memory of scope ", call->values[1].v_str);
  }
  return return_memory(call, mtvm_heap_allocate(mtvm_tensor_bytes(call->values[0].v_handle)));
}

static bool free_memory(mtvm_call_t *call) {
  return mtvm_heap_free(call->values[1].v_handle) && return_nothing(call);
}

static bool copy_on_device(mtvm_call_t *call) {
  const DLTensor *from = call->values[0].v_handle;
  const DLTensor *to = call->values[1].v_handle;
  uint32_t bytes = mtvm_tensor_bytes(from);
  if (bytes != mtvm_tensor_bytes(to)) {
    return mtvm_fail("SIZE: tensors of two sizes");
  }
  memmove(mtvm_tensor_data(to), mtvm_tensor_data(from), bytes);
  return return_nothing(call);
}

static const struct {
  const char *signature; /* for mtvm_call_takes */
  system_call_t function;
} system_calls[] = {
    {"s", get_global_function}, {"hi", free_handle},    {"d", return_nothing},
    {".i", get_attribute},      {"diiy", allocate},     {"dh", free_memory},
    {"d*", return_nothing},     {"tt*", copy_on_device}, {"T.", allocate_with_scope},
    {"*", create_stream},       {"*", return_nothing},  {"*", return_nothing},
    {"*", create_stream},
};

#define SYSTEM_CALL_COUNT (sizeof system_calls / sizeof system_calls[0])

static bool system_call(mtvm_reader_t *reader, mtvm_call_t *call, uint32_t number) {
  if (number >= SYSTEM_CALL_COUNT) {
    return mtvm_fail_number("CODE: % isn't served", number + RPC_GET_GLOBAL_FUNCTION);
  }
  return mtvm_read_arguments(reader, call) &&
         mtvm_call_takes(call, system_calls[number].signature) &&
         system_calls[number].function(call);
}

static bool copy_to_device(mtvm_reader_t *reader, mtvm_call_t *call) {
  mtvm_span_t span;
  if (!mtvm_read_copy(reader, &span)) {
    return false;
  }
  if (span.size != (uint32_t)(reader->end - reader->at)) {
    return mtvm_fail_numbers("PACKET: a copy of % B came with %", span.size,
                             (uint32_t)(reader->end - reader->at), 0);
  }
  memcpy(span.data, reader->at, span.size);
  return return_nothing(call);
}

static bool call_function(mtvm_reader_t *reader, mtvm_call_t *call) {
  uint32_t handle;
  return mtvm_read_handle(reader, &handle) && mtvm_read_arguments(reader, call) &&
         mtvm_call_function(handle, call);
}

bool mtvm_dispatch(uint8_t *packet, uint32_t length, uint8_t *end) {
  mtvm_reader_t reader = {packet, packet + length};
  mtvm_call_t call;
  mtvm_span_t span;
  uint64_t size;
  uint32_t code;
  bool done;
  call.arena.at = packet + length;
  call.arena.end = end;
  if (!mtvm_read_u64(&reader, &size) || !mtvm_read_u32(&reader, &code) ||
      size != length - sizeof size) {
    (void)mtvm_fail("PACKET: no size and code");
    mtvm_reply_error();
    return true;
  }
  switch (code) {
    case RPC_SHUTDOWN: return false;
    case RPC_CALL_FUNCTION:
      if (call_function(&reader, &call)) {
        mtvm_reply_result(&call.result);
        return true;
      }
      done = false;
      break;
    case RPC_COPY_FROM_DEVICE:
      if (mtvm_read_copy(&reader, &span)) {
        mtvm_reply_copy(&span);
        return true;
      }
      done = false;
      break;
    case RPC_COPY_TO_DEVICE: done = copy_to_device(&reader, &call); break;
    case RPC_INIT_SERVER: done = init_server(&reader, &call); break;
    default: done = system_call(&reader, &call, code - RPC_GET_GLOBAL_FUNCTION); break;
  }
  if (done) {
    mtvm_reply_bare(&call.result);
  } else {
    mtvm_reply_error();
  }
  return true;
}
