#include <stddef.h>

#include "calls/handles.h"
#include "kernels/kernels.h"
#include "mtvm_config.h"

uint32_t mtvm_named_find(const char *name) {
  for (uint32_t i = 0; i < MTVM_RPC_NAMED_KERNELS; ++i) {
    if (mtvm_same(name, mtvm_kernel_names[i])) {
      return MTVM_FUNCTION_HANDLE(MTVM_MODULE_KERNEL, i);
    }
  }
  return 0;
}

TVMBackendPackedCFunc mtvm_named_function(uint32_t index) {
  return index < MTVM_RPC_NAMED_KERNELS ? mtvm_kernels[index].function : NULL;
}
