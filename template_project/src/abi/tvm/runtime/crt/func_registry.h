/* Function names and functions of a module (TVM 0.8 to 0.18).
 * Names and layouts are TVM's; the text is ours. */
#ifndef TVM_RUNTIME_CRT_FUNC_REGISTRY_H_
#define TVM_RUNTIME_CRT_FUNC_REGISTRY_H_

#include <tvm/runtime/c_backend_api.h>

typedef struct TVMFuncRegistry {
  const char *names; /* count u16, then names, each ended by NUL, in the order of `funcs` */
  const TVMBackendPackedCFunc *funcs;
} TVMFuncRegistry;

#endif
