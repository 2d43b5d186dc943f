/* The encoding of TVM 0.8 to 0.18: a count, all type codes, all values. */
#include <stddef.h>
#include <string.h>

#include "calls/error.h"
#include "calls/heap.h"
#include "codec/codec.h"
#include "codec/rpc_codes.h"
#include "features/features.h"
#include "link/link.h"
#include "link/session.h"
#include "mtvm_packed.h"

#define HANDLE_BYTES 8U    /* and those of every number */
#define WORD_BYTES 4U
#define TENSOR_BYTES 32U   /* of a DLTensor without its shape */
#define FIXED_BYTES 16U /* of device, ndim and dtype */
#define MOST_DIMENSIONS 64U

MTVM_STATIC_ASSERT(offsetof(DLTensor, dtype) + sizeof(DLDataType) - offsetof(DLTensor, device) ==
                       FIXED_BYTES,
                   mtvm_fields_of_tensors_lie_as_they_are_sent);

static bool cut_short(void) {
  (void)mtvm_fail("PACKET: it ends before its arguments do");
  return false; /* said here, so that the compiler knows that nothing was read */
}

static uint32_t left(const mtvm_reader_t *reader) { return (uint32_t)(reader->end - reader->at); }

static bool read_bytes(mtvm_reader_t *reader, void *to, uint32_t count) {
  if (count > left(reader)) {
    return cut_short();
  }
  memcpy(to, reader->at, count);
  reader->at += count;
  return true;
}

bool mtvm_read_u32(mtvm_reader_t *reader, uint32_t *value) {
  return read_bytes(reader, value, sizeof *value);
}

bool mtvm_read_u64(mtvm_reader_t *reader, uint64_t *value) {
  return read_bytes(reader, value, sizeof *value);
}

/* As an address or handle of this processor; a wider one becomes 0, which is none. */
static uintptr_t narrow(uint64_t wide) { return (uintptr_t)wide == wide ? (uintptr_t)wide : 0; }

bool mtvm_read_handle(mtvm_reader_t *reader, uint32_t *handle) {
  uint64_t wide;
  if (!mtvm_read_u64(reader, &wide)) {
    return false;
  }
  *handle = wide > UINT32_MAX ? 0 : (uint32_t)wide;
  return true;
}

/* The first fields of a tensor: data, then device, ndim and dtype, which lie as they are sent. Leaves
 * the reader at its shape. */
static bool read_tensor_head(mtvm_reader_t *reader, DLTensor *tensor) {
  uint64_t data;
  if (!mtvm_read_u64(reader, &data) || !read_bytes(reader, &tensor->device, FIXED_BYTES)) {
    return false;
  }
  if ((uint32_t)tensor->ndim > MOST_DIMENSIONS) {
    return mtvm_fail_number("PACKET: % dimensions", (uint32_t)tensor->ndim);
  }
  tensor->data = (void *)narrow(data);
  tensor->strides = NULL;
  return mtvm_is_cpu(tensor->device);
}

static bool check_size(uint64_t bytes) {
  return bytes <= MTVM_MOST_BYTES || mtvm_fail("SIZE: more than 1 GiB");
}

static bool read_offset(mtvm_reader_t *reader, DLTensor *tensor) {
  return mtvm_read_u64(reader, &tensor->byte_offset) && check_size(tensor->byte_offset);
}

static DLTensor *read_tensor(mtvm_reader_t *reader, mtvm_arena_t *arena) {
  DLTensor *tensor = mtvm_arena_take(arena, sizeof *tensor);
  uint8_t *start = reader->at;
  if (tensor == NULL || !read_tensor_head(reader, tensor)) {
    return NULL;
  }
  uint32_t shape_bytes = (uint32_t)tensor->ndim * (uint32_t)sizeof(int64_t);
  if (shape_bytes + sizeof tensor->byte_offset > left(reader)) {
    (void)cut_short();
    return NULL;
  }
  /* The shape stays in the packet, moved over what was read to where it is aligned. */
  uint8_t *aligned = start + (-(uintptr_t)start & (sizeof(int64_t) - 1U));
  memmove(aligned, reader->at, shape_bytes);
  tensor->shape = (int64_t *)(void *)aligned;
  reader->at += shape_bytes;
  return read_offset(reader, tensor) && check_size(mtvm_tensor_bytes(tensor)) ? tensor : NULL;
}

/* A tensor that a function may use: all its bytes are there. */
static bool read_tensor_argument(mtvm_reader_t *reader, mtvm_arena_t *arena, TVMValue *value) {
  DLTensor *tensor = read_tensor(reader, arena);
  if (tensor == NULL) {
    return false;
  }
  value->v_handle = tensor;
  return tensor->data == NULL || mtvm_heap_holds(mtvm_tensor_data(tensor), mtvm_tensor_bytes(tensor));
}

/* The text is moved down over its length, so that a NUL fits behind it. */
bool mtvm_read_text(mtvm_reader_t *reader, const char **text) {
  uint8_t *start = reader->at;
  uint64_t length;
  if (!mtvm_read_u64(reader, &length)) {
    return false;
  }
  if (length > left(reader)) {
    return cut_short();
  }
  memmove(start, reader->at, (uint32_t)length);
  start[length] = '\0';
  reader->at += (uint32_t)length;
  *text = (const char *)start;
  return true;
}

static bool read_value(mtvm_reader_t *reader, mtvm_arena_t *arena, int *code, TVMValue *value) {
  uint64_t handle;
  switch (*code) {
    case CODE_UINT:
      *code = kTVMArgInt; /* the same bits */
      return read_bytes(reader, value, sizeof *value);
    case kTVMArgInt:
    case kTVMArgFloat:
    case kTVMDataType:
    case kDLDevice:
      return read_bytes(reader, value, sizeof *value);
    case kTVMOpaqueHandle:
    case kTVMModuleHandle:
    case kTVMPackedFuncHandle:
      if (!mtvm_read_u64(reader, &handle)) {
        return false;
      }
      value->v_handle = (void *)narrow(handle);
      return true;
    case kTVMNullptr:
      value->v_handle = NULL;
      return true;
    case kTVMDLTensorHandle:
      return read_tensor_argument(reader, arena, value);
    case kTVMStr:
      return mtvm_read_text(reader, &value->v_str);
    default:
      return mtvm_fail_number("TYPE: an argument of type code %", (uint32_t)*code);
  }
}

bool mtvm_read_arguments(mtvm_reader_t *reader, mtvm_call_t *call) {
  uint32_t count;
  if (!mtvm_read_u32(reader, &count)) {
    return false;
  }
  if (count > left(reader) / sizeof(int32_t)) {
    return cut_short();
  }
  call->count = (int32_t)count;
  call->values = mtvm_arena_take(&call->arena, count * (uint32_t)sizeof *call->values);
  uint32_t code_bytes = (count + MTVM_SPARE_CODES) * (uint32_t)sizeof *call->codes;
  call->codes = mtvm_arena_take(&call->arena, code_bytes);
  if (call->values == NULL || call->codes == NULL) {
    return false;
  }
  memset(call->codes, 0, code_bytes);
  (void)read_bytes(reader, call->codes, count * (uint32_t)sizeof(int32_t));
  for (uint32_t i = 0; i < count; ++i) {
    if (!read_value(reader, &call->arena, &call->codes[i], &call->values[i])) {
      return false;
    }
  }
  return true;
}

/* Copies come in packets that fill the whole buffer: nothing of a tensor is kept but its address. */
bool mtvm_read_copy(mtvm_reader_t *reader, mtvm_span_t *span) {
  DLTensor tensor;
  uint64_t size;
  if (!read_tensor_head(reader, &tensor)) {
    return false;
  }
  uint32_t shape_bytes = (uint32_t)tensor.ndim * (uint32_t)sizeof(int64_t);
  if (shape_bytes > left(reader)) {
    return cut_short();
  }
  reader->at += shape_bytes;
  if (!read_offset(reader, &tensor) || !mtvm_read_u64(reader, &size) || !check_size(size)) {
    return false;
  }
  span->data = mtvm_tensor_data(&tensor);
  span->size = (uint32_t)size;
  return mtvm_may_copy(span->data, span->size);
}

static void put_u64(uint64_t value) { mtvm_link_put(&value, sizeof value); }

/* Begins a packet: its size, its code, then `count` words. `bytes` follow. */
static void begin(uint32_t code, const uint32_t words[], uint32_t count, uint32_t bytes) {
  uint32_t size = (1 + count) * WORD_BYTES + bytes;
  const uint32_t head[] = {size, 0, code};
  mtvm_session_begin(HANDLE_BYTES + size);
  mtvm_link_put(head, sizeof head);
  mtvm_link_put(words, count * WORD_BYTES);
}

static uint32_t dimensions(const mtvm_tensor_t *type) {
  return type->ndim < 0 ? 1U : (uint32_t)type->ndim;
}

static uint32_t value_bytes(const mtvm_result_t *result) {
  switch (result->code) {
    case kTVMNullptr: return 0;
    case kTVMStr:
    case kTVMBytes: return HANDLE_BYTES + result->value.bytes.size;
    case kTVMNDArrayHandle:
      return TENSOR_BYTES + HANDLE_BYTES * dimensions(result->value.array.type) + HANDLE_BYTES;
    default: return HANDLE_BYTES;
  }
}

static void put_tensor(const mtvm_tensor_t *type, const void *data) {
  uint32_t format = type->type | (uint32_t)type->bits << 8;
  if (type->type == MTVM_BOOL) {
    format = kDLUInt | 1U << 8;
  }
  const uint32_t rest[] = {kDLCPU, 0, dimensions(type), format | 1U << 16};
  put_u64((uintptr_t)data);
  mtvm_link_put(rest, sizeof rest);
  for (int32_t i = 0; i < type->ndim; ++i) {
    put_u64((uint64_t)(int64_t)type->shape[i]);
  }
  if (type->ndim < 0) { /* a shape that isn't known: a row */
    put_u64(type->bytes / (type->bits / 8U));
  }
  put_u64(0);
}

static void put_value(const mtvm_result_t *result) {
  switch (result->code) {
    case kTVMNullptr: break;
    case kTVMArgInt:
    case kTVMArgFloat: put_u64((uint64_t)result->value.number); break;
    case kTVMStr:
    case kTVMBytes:
      put_u64(result->value.bytes.size);
      mtvm_link_put(result->value.bytes.data, result->value.bytes.size);
      break;
    case kTVMNDArrayHandle:
      put_tensor(result->value.array.type, result->value.array.data);
      put_u64(result->value.array.handle);
      break;
    default: put_u64(result->value.handle); break;
  }
}

/* The code under which a value travels: objects as bare handles. */
static uint32_t travel_code(int code) {
  return code == kTVMPackedFuncHandle || code == kTVMModuleHandle ? kTVMOpaqueHandle
                                                                  : (uint32_t)code;
}

void mtvm_reply_bare(const mtvm_result_t *result) {
  const uint32_t head[] = {1, travel_code(result->code)};
  begin(RPC_RETURN, head, 2, value_bytes(result));
  put_value(result);
  mtvm_link_end();
}

/* The type code as a first value, then the value; a tensor's handle is a third. */
void mtvm_reply_result(const mtvm_result_t *result) {
  bool array = result->code == kTVMNDArrayHandle;
  uint32_t count = array ? 3 : 2;
  const uint32_t head[] = {count, kTVMArgInt,
                           array ? (uint32_t)kTVMDLTensorHandle : travel_code(result->code),
                           kTVMOpaqueHandle};
  begin(RPC_RETURN, head, 1 + count, HANDLE_BYTES + value_bytes(result));
  put_u64((uint32_t)result->code);
  put_value(result);
  mtvm_link_end();
}

void mtvm_reply_copy(const mtvm_span_t *span) {
  begin(RPC_COPY_ACK, NULL, 0, span->size);
  mtvm_link_put(span->data, span->size);
  mtvm_link_end();
}

void mtvm_reply_error(void) {
  uint32_t length = mtvm_error_text(NULL);
  const uint32_t head[] = {1, kTVMStr, length, 0};
  begin(RPC_EXCEPTION, head, 4, length);
  (void)mtvm_error_text(mtvm_link_put);
  mtvm_link_end();
}
