/* The generated functions that a host may call one by one (graph executor), and what each takes:
 * they don't check their arguments themselves. Only in firmware with such functions. */
#ifndef MTVM_KERNELS_H_
#define MTVM_KERNELS_H_

#include <stdint.h>
#include <tvm/runtime/c_backend_api.h>

typedef struct mtvm_kernel {
  TVMBackendPackedCFunc function;
  const uint32_t *bytes; /* of each of its tensors */
  uint32_t count;
} mtvm_kernel_t;

/* Constants, rendered from the graphs. Those with names of ours come first. */
extern const mtvm_kernel_t mtvm_kernels[];
extern const uint32_t mtvm_kernel_count;
extern const char *const mtvm_kernel_names[]; /* MTVM_RPC_NAMED_KERNELS */

#endif
