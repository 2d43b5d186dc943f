/* Kernels without a graph: of what they take nobody knows here. */
#include "kernels/kernels.h"

/* What a kernel is given has to be memory of this session. */
bool mtvm_kernel_check(TVMBackendPackedCFunc function, const mtvm_call_t *call) {
  (void)function;
  for (int32_t i = 0; i < call->count; ++i) {
    if (call->codes[i] == kTVMDLTensorHandle &&
        mtvm_call_tensor(call, (uint32_t)i, mtvm_tensor_bytes(call->values[i].v_handle)) == NULL) {
      return false;
    }
  }
  return true;
}

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

bool mtvm_kernel_nothing(mtvm_call_t *call, uint32_t index) {
  return mtvm_kernel_call(nothing, call, index);
}
