/* The arena from which kernels take scratch memory (TVMBackendAllocWorkspace).
 *
 * One static array of MTVM_WORKSPACE_BYTES (mtvm_config.h), shared by all models, handed out
 * like a stack; with MTVM_WORKSPACE_IN_HEAP the largest free piece of the tensor heap (src/rpc), as
 * it is at mtvm_workspace_reset. No malloc. Not reentrant: one model runs at a time. */
#ifndef MTVM_WORKSPACE_H_
#define MTVM_WORKSPACE_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Empties the arena and forgets an overflow; called before every run of a model. */
void mtvm_workspace_reset(void);

/* Bytes that the request which didn't fit asked for; 0 when all requests since reset fitted. */
uint32_t mtvm_workspace_overflow(void);

#ifdef __cplusplus
}
#endif
#endif
