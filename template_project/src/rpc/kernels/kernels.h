/* Generated functions that a host calls one by one. They don't check their arguments themselves. */
#ifndef MTVM_KERNELS_H_
#define MTVM_KERNELS_H_

#include <stdbool.h>
#include <stdint.h>
#include <tvm/runtime/c_backend_api.h>

#include "calls/call.h"

/* What each operator of the graphs takes (kernels.c, rendered). Those with names of ours come first. */
typedef struct mtvm_kernel {
  TVMBackendPackedCFunc function;
  const uint32_t *bytes; /* of each of its tensors */
  uint32_t count;
} mtvm_kernel_t;

extern const mtvm_kernel_t mtvm_kernels[];
extern const uint32_t mtvm_kernel_count;
extern const char *const mtvm_kernel_names[]; /* MTVM_RPC_NAMED_KERNELS */

/* Functions of a system library: TVM's tables or, in the firmware of a kernel host, those of the
 * kernels that came last (system_functions.c). Handle 0, or NULL: there is none. */
uint32_t mtvm_system_find(const char *name);
TVMBackendPackedCFunc mtvm_system_function(uint32_t index);

/* Functions by names of ours (named_kernels.c). */
uint32_t mtvm_named_find(const char *name);
TVMBackendPackedCFunc mtvm_named_function(uint32_t index);

/* Calls function number `index` of its module; NULL: it has none of that number. */
bool mtvm_kernel_call(TVMBackendPackedCFunc function, mtvm_call_t *call, uint32_t index);

/* Whether the call's arguments are what `function` takes: graph_check.c where graphs tell,
 * operators.c where they are memory of this session at least. */
bool mtvm_kernel_check(TVMBackendPackedCFunc function, const mtvm_call_t *call);

/* mtvm.nothing(...): called and timed as a kernel, whose time is what is above that of this one
 * (operators.c). */
bool mtvm_kernel_nothing(mtvm_call_t *call, uint32_t index);

#endif
