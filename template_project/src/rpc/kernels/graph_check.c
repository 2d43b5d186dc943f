/* Kernels of graphs: what each takes is known. */
#include "calls/error.h"
#include "kernels/kernels.h"

bool mtvm_kernel_check(TVMBackendPackedCFunc function, const mtvm_call_t *call) {
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
