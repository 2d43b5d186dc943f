#include "calls/call.h"

#include <stddef.h>
#include <string.h>

#include "calls/error.h"

void *mtvm_arena_take(mtvm_arena_t *arena, uint32_t bytes) {
  uint32_t skip = (uint32_t)(-(uintptr_t)arena->at & 7U);
  uint32_t room = (uint32_t)(arena->end - arena->at);
  if (room < skip || bytes > room - skip) {
    (void)mtvm_fail_number("BUFFER: no % B left in the packet buffer", bytes);
    return NULL;
  }
  void *memory = arena->at + skip;
  arena->at += skip + bytes;
  return memory;
}

bool mtvm_return_int(mtvm_call_t *call, int64_t number) {
  call->result.code = kTVMArgInt;
  call->result.value.number = number;
  return true;
}

bool mtvm_return_bytes(mtvm_call_t *call, int code, const void *data, uint32_t size) {
  call->result.code = code;
  call->result.value.bytes.data = data;
  call->result.value.bytes.size = size;
  return true;
}

static bool is_letter(char c) {
  return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

const char *mtvm_after(const char *text, const char *name) {
  for (; *name != '\0'; ++text, ++name) {
    if (*text != *name && (*text != '_' || is_letter(*name))) {
      return NULL;
    }
  }
  return text;
}

bool mtvm_same(const char *text, const char *name) {
  text = mtvm_after(text, name);
  return text != NULL && *text == '\0';
}

static int code_of(char letter) {
  switch (letter) {
    case 'm': return kTVMModuleHandle;
    case 's': return kTVMStr;
    case 'T':
    case 't': return kTVMDLTensorHandle;
    case 'd': return kDLDevice;
    case 'h': return kTVMOpaqueHandle;
    case 'y': return kTVMDataType;
    default: return kTVMArgInt;
  }
}

bool mtvm_is_cpu(DLDevice device) {
  if (device.device_type != kDLCPU || device.device_id != 0) {
    return mtvm_fail_numbers("DEVICE: type % id %; there is cpu(0) only",
                             (uint32_t)device.device_type, (uint32_t)device.device_id, 0);
  }
  return true;
}

bool mtvm_call_counts(const mtvm_call_t *call, uint32_t count) {
  return (uint32_t)call->count == count ||
         mtvm_fail_numbers("TYPE: % arguments, not %", (uint32_t)call->count, count, 0);
}

static bool has_code(const mtvm_call_t *call, uint32_t i, int code) {
  return call->codes[i] == code || mtvm_fail_numbers("TYPE: argument % has type code %, not %", i,
                                                     (uint32_t)call->codes[i], (uint32_t)code);
}

static bool has_data(const DLTensor *tensor) {
  return tensor->data != NULL || mtvm_fail("POINTER: a tensor without memory");
}

void *mtvm_call_tensor(const mtvm_call_t *call, uint32_t i, uint32_t bytes) {
  const DLTensor *tensor = call->values[i].v_handle;
  if (!has_code(call, i, kTVMDLTensorHandle) || !has_data(tensor)) {
    return NULL;
  }
  uint8_t *data = mtvm_tensor_data(tensor);
  if (mtvm_tensor_bytes(tensor) != bytes) {
    (void)mtvm_fail_numbers("SIZE: tensor % has % B, not %", i, mtvm_tensor_bytes(tensor), bytes);
    return NULL;
  }
  if (((uintptr_t)data & (MTVM_ALIGNMENT - 1U)) != 0) {
    (void)mtvm_fail_numbers("POINTER: tensor % isn't aligned to %", i, MTVM_ALIGNMENT, 0);
    return NULL;
  }
  return data;
}

bool mtvm_call_takes(const mtvm_call_t *call, const char *signature) {
  uint32_t i = 0;
  for (; signature[i] != '\0'; ++i) {
    char letter = signature[i];
    if (letter == '*') {
      return true;
    }
    if (i == (uint32_t)call->count) {
      break;
    }
    if ((letter != '.' && !has_code(call, i, code_of(letter))) ||
        (letter == 't' && !has_data(call->values[i].v_handle)) ||
        (letter == 'd' && !mtvm_is_cpu(call->values[i].v_device))) {
      return false;
    }
  }
  return mtvm_call_counts(call, (uint32_t)strlen(signature));
}

uint32_t mtvm_tensor_bytes(const DLTensor *tensor) {
  uint32_t bytes = ((uint32_t)tensor->dtype.bits * tensor->dtype.lanes + 7U) / 8U;
  for (int32_t i = 0; i < tensor->ndim; ++i) {
    uint64_t length = (uint64_t)tensor->shape[i];
    if (length > MTVM_MOST_BYTES || bytes * length > MTVM_MOST_BYTES) {
      return UINT32_MAX;
    }
    bytes *= (uint32_t)length;
  }
  return bytes;
}

void *mtvm_tensor_data(const DLTensor *tensor) {
  return (uint8_t *)tensor->data + (uintptr_t)tensor->byte_offset;
}
