/* What generated operators call at run time (TVM 0.8 to 0.18).
 * Names and layouts are TVM's; the text is ours. */
#ifndef TVM_RUNTIME_C_BACKEND_API_H_
#define TVM_RUNTIME_C_BACKEND_API_H_

#include <tvm/runtime/c_runtime_api.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef int (*TVMBackendPackedCFunc)(TVMValue *args, int *type_codes, int num_args,
                                     TVMValue *out_ret_value, int *out_ret_tcode,
                                     void *resource_handle);

/* Scratch memory for one operator, or NULL when the arena is full. The arena owns it;
 * it is given back with TVMBackendFreeWorkspace, last taken first given back. */
void *TVMBackendAllocWorkspace(int device_type, int device_id, uint64_t nbytes,
                               int dtype_code_hint, int dtype_bits_hint);

/* 0, or non-zero when `ptr` wasn't the memory that was taken last. */
int TVMBackendFreeWorkspace(int device_type, int device_id, void *ptr);

#ifdef __cplusplus
}
#endif
#endif
