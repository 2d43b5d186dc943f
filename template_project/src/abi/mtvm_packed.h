/* How a packed kernel is called, whoever does it (TVM 0.8 to 0.18). Its arguments and their type codes
 * are the caller's, and only read; what it says it returns is of no use. */
#ifndef MTVM_PACKED_H_
#define MTVM_PACKED_H_

#include <stddef.h>
#include <tvm/runtime/c_backend_api.h>

/* Entries that TVM generates read a few more type codes than they are given arguments: one for each
 * pool that they carry themselves. */
#define MTVM_SPARE_CODES 8

/* 0, or not: it failed. `codes` has MTVM_SPARE_CODES more than `count`. */
static inline int mtvm_packed_call(TVMBackendPackedCFunc function, TVMValue *arguments, int *codes,
                                   int count) {
  TVMValue value;
  int code = kTVMNullptr;
  return function(arguments, codes, count, &value, &code, NULL);
}

#endif
