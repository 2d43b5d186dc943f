/* Handles: what a host names functions, modules and tensors by. They are numbers, not addresses:
 * (kind << 28 | module << 16 | index). Only time evaluators hold state, see timer.h; freeing any other
 * handle does nothing, and all are void after mtvm_features_reset. */
#ifndef MTVM_HANDLES_H_
#define MTVM_HANDLES_H_

#include <stdbool.h>
#include <stdint.h>
#include <tvm/runtime/c_runtime_api.h>

/* A handle's kind is TVM's type code of what it stands for. */
enum {
  MTVM_FUNCTION_KIND = kTVMPackedFuncHandle,
  MTVM_MODULE_KIND = kTVMModuleHandle,
  MTVM_ARRAY_KIND = kTVMNDArrayHandle
};

/* Modules. Each model's executor is one more, from MTVM_MODULE_EXECUTOR on. */
enum {
  MTVM_MODULE_GLOBAL = 0, /* global functions */
  MTVM_MODULE_SYSTEM = 1, /* the generated code: runtime.SystemLib */
  MTVM_MODULE_ENTRY = 2,  /* entry functions of models, found through MTVM_MODULE_SYSTEM */
  MTVM_MODULE_TIMER = 3,  /* time evaluators */
  MTVM_MODULE_KERNEL = 4, /* mtvm_kernels, found through MTVM_MODULE_SYSTEM by names of ours */
  MTVM_MODULE_EXECUTOR = 5
};

#define MTVM_HANDLE(kind, module, index) \
  ((uint32_t)(kind) << 28 | (uint32_t)(module) << 16 | (uint32_t)(index))
#define MTVM_FUNCTION_HANDLE(module, index) MTVM_HANDLE(MTVM_FUNCTION_KIND, module, index)
#define MTVM_MODULE_HANDLE(module) MTVM_HANDLE(MTVM_MODULE_KIND, module, 0)
#define MTVM_ARRAY_HANDLE(model, index) MTVM_HANDLE(MTVM_ARRAY_KIND, model, index)

#define MTVM_KIND_OF(handle) ((handle) >> 28)
#define MTVM_MODULE_OF(handle) ((handle) >> 16 & 0xFFFU)
#define MTVM_INDEX_OF(handle) ((handle) & 0xFFFFU)

/* Returns false, with the error that this firmware gave no such handle. */
bool mtvm_no_handle(uint32_t handle);

#endif
