#include "mtvm_check.h"

#include <stddef.h>

mtvm_status_t mtvm_check_pointers(const void *const pointers[], uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    if (pointers[i] == NULL) {
      return MTVM_E_NULL;
    }
    if (((uintptr_t)pointers[i] & (MTVM_ALIGNMENT - 1U)) != 0) {
      return MTVM_E_ALIGNMENT;
    }
  }
  return MTVM_OK;
}

mtvm_status_t mtvm_check_sizes(const mtvm_tensor_t tensors[], const mtvm_buffer_t buffers[],
                               uint32_t count) {
  if (buffers == NULL) {
    return MTVM_E_NULL;
  }
  for (uint32_t i = 0; i < count; ++i) {
    if (buffers[i].size < tensors[i].bytes) {
      return MTVM_E_SIZE;
    }
  }
  return MTVM_OK;
}

mtvm_status_t mtvm_check_pools(const uint32_t sizes[], const mtvm_buffer_t pools[],
                               uint32_t count) {
  if (pools == NULL) {
    return MTVM_E_NULL;
  }
  for (uint32_t i = 0; i < count; ++i) {
    const void *const pointer[] = {pools[i].data};
    mtvm_status_t status = mtvm_check_pointers(pointer, 1);
    if (status != MTVM_OK) {
      return status;
    }
    if (pools[i].size < sizes[i]) {
      return MTVM_E_SIZE;
    }
  }
  return MTVM_OK;
}
