/* Checks that upstream puts into every kernel, done once at the entry of a model. */
#ifndef MTVM_CHECK_H_
#define MTVM_CHECK_H_

#include "mtvm_model.h"

/* MTVM_OK when all `count` pointers are set and aligned. */
mtvm_status_t mtvm_check_pointers(const void *const pointers[], uint32_t count);

/* MTVM_OK when each buffer holds its tensor; NULL for `buffers` itself is MTVM_E_NULL. */
mtvm_status_t mtvm_check_sizes(const mtvm_tensor_t tensors[], const mtvm_buffer_t buffers[],
                               uint32_t count);

/* MTVM_OK when each pool is set, aligned, and has at least its size. */
mtvm_status_t mtvm_check_pools(const uint32_t sizes[], const mtvm_buffer_t pools[], uint32_t count);

#endif
