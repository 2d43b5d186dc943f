#include "dispatch.h"

#include <stddef.h>
#include <string.h>

#include "codec.h"
#include "error.h"
#include "heap.h"
#include "registry.h"
#include "rpc_codes.h"

#define PROTOCOL "0.8.0" /* of all TVMs from 0.8 on */
#define ATTRIBUTE_EXISTS 0

/* Each request reads its own arguments and sets the result that is sent; false: an Exception is. */
typedef bool (*request_t)(mtvm_reader_t *reader, mtvm_call_t *call);

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

static bool arguments(mtvm_reader_t *reader, mtvm_call_t *call, const char *signature) {
  return mtvm_read_arguments(reader, call) && mtvm_call_takes(call, signature);
}

static bool init_server(mtvm_reader_t *reader, mtvm_call_t *call) {
  const char *version;
  if (!mtvm_read_text(reader, &version)) {
    return false;
  }
  if (strcmp(version, PROTOCOL) != 0) {
    return mtvm_fail_with("VERSION: this device speaks " PROTOCOL ", the host ", version);
  }
  return return_nothing(call);
}

static bool get_global_function(mtvm_reader_t *reader, mtvm_call_t *call) {
  return arguments(reader, call, "s") &&
         return_handle(call, mtvm_registry_global(call->values[0].v_str));
}

static bool free_handle(mtvm_reader_t *reader, mtvm_call_t *call) {
  return arguments(reader, call, "hi") &&
         mtvm_registry_free((uint32_t)(uintptr_t)call->values[0].v_handle,
                            call->values[1].v_int64) &&
         return_nothing(call);
}

static bool nothing_for_device(mtvm_reader_t *reader, mtvm_call_t *call) {
  return mtvm_read_arguments(reader, call) && return_nothing(call);
}

static bool create_stream(mtvm_reader_t *reader, mtvm_call_t *call) {
  return mtvm_read_arguments(reader, call) && return_handle(call, 0);
}

static bool set_device(mtvm_reader_t *reader, mtvm_call_t *call) {
  return arguments(reader, call, "d") && return_nothing(call);
}

/* Whether a device exists is all that is known of it. */
static bool get_attribute(mtvm_reader_t *reader, mtvm_call_t *call) {
  if (!arguments(reader, call, ".i")) {
    return false;
  }
  (void)return_nothing(call);
  if (call->codes[0] == kDLDevice && call->values[1].v_int64 == ATTRIBUTE_EXISTS) {
    call->result.code = kTVMArgInt;
    call->result.value.number = mtvm_is_cpu(call->values[0].v_device);
  }
  return true;
}

static bool allocate(mtvm_reader_t *reader, mtvm_call_t *call) {
  if (!arguments(reader, call, "diiy")) {
    return false;
  }
  int64_t bytes = call->values[1].v_int64;
  if (bytes < 0 || bytes > UINT32_MAX) {
    bytes = UINT32_MAX; /* the heap says no */
  }
  return return_memory(call, mtvm_heap_allocate((uint32_t)bytes));
}

static bool allocate_with_scope(mtvm_reader_t *reader, mtvm_call_t *call) {
  if (!arguments(reader, call, "T.")) {
    return false;
  }
  if (call->codes[1] == kTVMStr && *call->values[1].v_str != '\0' &&
      strcmp(call->values[1].v_str, "global") != 0) {
    return mtvm_fail_with("DEVICE: no memory of scope ", call->values[1].v_str);
  }
  return return_memory(call, mtvm_heap_allocate(mtvm_tensor_bytes(call->values[0].v_handle)));
}

static bool free_memory(mtvm_reader_t *reader, mtvm_call_t *call) {
  return arguments(reader, call, "dh") && mtvm_heap_free(call->values[1].v_handle) &&
         return_nothing(call);
}

static bool copy_on_device(mtvm_reader_t *reader, mtvm_call_t *call) {
  if (!arguments(reader, call, "tt.")) {
    return false;
  }
  const DLTensor *from = call->values[0].v_handle;
  const DLTensor *to = call->values[1].v_handle;
  if (mtvm_tensor_bytes(from) != mtvm_tensor_bytes(to)) {
    return mtvm_fail_numbers("SIZE: a copy of % B into a tensor of %", mtvm_tensor_bytes(from),
                             mtvm_tensor_bytes(to), 0);
  }
  memmove(mtvm_tensor_data(to), mtvm_tensor_data(from), mtvm_tensor_bytes(from));
  return return_nothing(call);
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

/* System calls, from RPC_GET_GLOBAL_FUNCTION on. */
static const request_t system_calls[] = {
    get_global_function, free_handle,        set_device,
    get_attribute,       allocate,           free_memory,
    nothing_for_device,  copy_on_device,     allocate_with_scope,
    create_stream,       nothing_for_device, nothing_for_device,
    create_stream,
};

static void call_function(mtvm_reader_t *reader, mtvm_call_t *call) {
  uint32_t handle;
  if (mtvm_read_handle(reader, &handle) && mtvm_read_arguments(reader, call) &&
      mtvm_registry_call(handle, call)) {
    mtvm_reply_result(&call->result);
  } else {
    mtvm_reply_error();
  }
}

static void copy_from_device(mtvm_reader_t *reader) {
  mtvm_span_t span;
  if (mtvm_read_copy(reader, &span)) {
    mtvm_reply_copy(&span);
  } else {
    mtvm_reply_error();
  }
}

static request_t find(uint32_t code) {
  if (code == RPC_INIT_SERVER) {
    return init_server;
  }
  if (code == RPC_COPY_TO_DEVICE) {
    return copy_to_device;
  }
  if (code >= RPC_GET_GLOBAL_FUNCTION &&
      code - RPC_GET_GLOBAL_FUNCTION < sizeof system_calls / sizeof system_calls[0]) {
    return system_calls[code - RPC_GET_GLOBAL_FUNCTION];
  }
  return NULL;
}

bool mtvm_dispatch(uint8_t *packet, uint32_t length, uint8_t *end) {
  mtvm_reader_t reader = {packet, packet + length};
  mtvm_call_t call = {.arena = {packet + length, end}};
  uint64_t size;
  uint32_t code;
  if (!mtvm_read_u64(&reader, &size) || !mtvm_read_u32(&reader, &code) ||
      size != length - sizeof size) {
    (void)mtvm_fail("PACKET: it doesn't start with its size and code");
    mtvm_reply_error();
    return true;
  }
  if (code == RPC_SHUTDOWN) {
    return false;
  }
  if (code == RPC_CALL_FUNCTION) {
    call_function(&reader, &call);
    return true;
  }
  if (code == RPC_COPY_FROM_DEVICE) {
    copy_from_device(&reader);
    return true;
  }
  request_t request = find(code);
  if (request == NULL) {
    (void)mtvm_fail_numbers("CODE: % isn't served", code, 0, 0);
  } else if (request(&reader, &call)) {
    mtvm_reply_bare(&call.result);
    return true;
  }
  mtvm_reply_error();
  return true;
}
