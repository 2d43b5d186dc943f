/* Functions that hosts call on TVM's own RPC server: two of ours, and one of TVM's made safe. */
#include <string.h>
#include <tvm/runtime/c_backend_api.h>
#include <tvm/runtime/c_runtime_api.h>
#include <tvm/runtime/crt/platform.h>

#include "mtvm_config.h"
#include "mtvm_crt.h"

/* mtvm.device_info() -> str: JSON */
static int device_info(TVMValue *args, int *codes, int count, TVMValue *result, int *result_code,
                       void *resource) {
  (void)args;
  (void)codes;
  (void)count;
  (void)resource;
  result->v_str = MTVM_RPC_DEVICE_INFO;
  *result_code = kTVMStr;
  return 0;
}

/* mtvm.heap_info() -> bytes: mtvm_crt_heap_t. TVM's server frees them when they are sent. */
static int heap_info(TVMValue *args, int *codes, int count, TVMValue *result, int *result_code,
                     void *resource) {
  const DLDevice cpu = {kDLCPU, 0};
  mtvm_crt_heap_t info = mtvm_crt_heap();
  void *bytes;
  void *data;
  (void)args;
  (void)codes;
  (void)count;
  (void)resource;
  if (TVMPlatformMemoryAllocate(sizeof(TVMByteArray), cpu, &bytes) != kTvmErrorNoError ||
      TVMPlatformMemoryAllocate(sizeof info, cpu, &data) != kTvmErrorNoError) {
    return kTvmErrorPlatformNoMemory;
  }
  memcpy(data, &info, sizeof info);
  ((TVMByteArray *)bytes)->data = data;
  ((TVMByteArray *)bytes)->size = sizeof info;
  result->v_handle = bytes;
  *result_code = kTVMBytes;
  return 0;
}

/* TVM's (aot_executor_module.c); no header has it. */
int32_t TVMAotExecutorModule_Create(TVMValue *args, int *codes, int count, TVMValue *result,
                                    int *result_code, void *resource);

/* tvm.aot_executor.create(module, device, str): with a name that the firmware hasn't, TVM's (v0.16)
 * would make an executor of nothing. */
static int create_executor(TVMValue *args, int *codes, int count, TVMValue *result,
                           int *result_code, void *resource) {
#ifdef MTVM_CRT_MODEL
  if (count == 3 && codes[2] == kTVMStr) {
    if (strcmp(args[2].v_str, "default") != 0 && /* what tvm.micro asks for */
        strcmp(args[2].v_str, MTVM_CRT_MODEL) != 0) {
      TVMAPISetLastError("MODEL: this firmware has " MTVM_CRT_MODEL);
      return kTvmErrorFunctionCallInvalidArg;
    }
    args[2].v_str = MTVM_CRT_C_NAME;
  }
  int error = TVMAotExecutorModule_Create(args, codes, count, result, result_code, resource);
  if (error == kTvmErrorExecutorModuleAlreadyCreated) {
    TVMAPISetLastError("MODEL: this session has an executor, and TVM's runtime makes one");
  }
  return error;
#else
  (void)args;
  (void)codes;
  (void)count;
  (void)result;
  (void)result_code;
  (void)resource;
  TVMAPISetLastError("MODEL: the executor of a graph is on the host");
  return kTvmErrorFunctionCallNotImplemented;
#endif
}

static void add(const char *name, TVMBackendPackedCFunc function) {
  union {
    TVMBackendPackedCFunc function;
    TVMFunctionHandle handle;
  } either = {function};
  tvm_crt_error_t error = TVMFuncRegisterGlobal(name, either.handle, 1);
  if (error != kTvmErrorNoError) {
    TVMPlatformAbort(error);
  }
}

void mtvm_crt_register(void) {
  add("mtvm.device_info", device_info);
  add("mtvm.heap_info", heap_info);
  add("tvm.aot_executor.create", create_executor);
}
