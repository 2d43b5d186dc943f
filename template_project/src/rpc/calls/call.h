/* A call of a function, as every part between packet and function sees it.
 *
 * Everything that a call points to lies in the packet buffer (what came, and behind it the memory of
 * `struct mtvm_arena`) or is a constant: it is gone when the next packet comes. */
#ifndef MTVM_CALL_H_
#define MTVM_CALL_H_

#include <stdbool.h>
#include <stdint.h>
#include <tvm/runtime/c_runtime_api.h>

#include "mtvm_model.h"

/* Memory from `at` up to `end`, handed out from the start and never given back. */
typedef struct mtvm_arena {
  uint8_t *at;
  uint8_t *end;
} mtvm_arena_t;

/* `bytes` at a multiple of 8, or NULL with the error set. */
void *mtvm_arena_take(mtvm_arena_t *arena, uint32_t bytes);

typedef struct mtvm_bytes {
  const void *data;
  uint32_t size;
} mtvm_bytes_t;

/* What a function returns. */
typedef struct mtvm_result {
  int code; /* TVM's type code; kTVMNullptr: nothing */
  union {
    int64_t number;     /* kTVMArgInt, and the bits of kTVMArgFloat */
    uint64_t handle;    /* kTVMPackedFuncHandle, kTVMModuleHandle, kTVMOpaqueHandle */
    mtvm_bytes_t bytes; /* kTVMStr, kTVMBytes */
    struct {
      const mtvm_tensor_t *type;
      void *data;
      uint32_t handle;
    } array; /* kTVMNDArrayHandle */
  } value;
} mtvm_result_t;

/* Arguments are TVM's own, as generated functions take them. Tensors were checked: they are on
 * cpu(0), and all their bytes inside a tensor of this session, or their data is NULL. Strings end
 * with a NUL. */
typedef struct mtvm_call {
  TVMValue *values;
  int *codes;
  int32_t count;
  mtvm_arena_t arena;
  mtvm_result_t result;
} mtvm_call_t;

/* Each sets what the call returns, and returns true. `code` of bytes: kTVMStr or kTVMBytes. */
bool mtvm_return_int(mtvm_call_t *call, int64_t number);
bool mtvm_return_bytes(mtvm_call_t *call, int code, const void *data, uint32_t size);

/* What follows `name` in `text`, or NULL when `text` doesn't start with it. For what isn't a letter or
 * digit in `name`, `text` may have "_", as TVM spells names of tensors and models. */
const char *mtvm_after(const char *text, const char *name);

/* True when `text` is `name`, by the same rule. */
bool mtvm_same(const char *text, const char *name);

/* True when the call's arguments are what `signature` says, a letter each: m module, s string,
 * i int, T tensor, t tensor with data, d cpu(0), h handle, y data type, . anything; * at its end
 * stands for any more. Else false, with the error set. */
bool mtvm_call_takes(const mtvm_call_t *call, const char *signature);

/* True for cpu(0), the only device; else false, with the error set. */
bool mtvm_is_cpu(DLDevice device);

/* True when the call has `count` arguments; else false, with the error set. */
bool mtvm_call_counts(const mtvm_call_t *call, uint32_t count);

/* The memory of argument `i`, a tensor of exactly `bytes`, aligned to MTVM_ALIGNMENT; or NULL with
 * the error set. */
void *mtvm_call_tensor(const mtvm_call_t *call, uint32_t i, uint32_t bytes);

#define MTVM_MOST_BYTES 0x40000000U /* of a tensor */

/* The number of bytes of a tensor's elements; UINT32_MAX for more than MTVM_MOST_BYTES. */
uint32_t mtvm_tensor_bytes(const DLTensor *tensor);

/* The address of a tensor's first element. */
void *mtvm_tensor_data(const DLTensor *tensor);

#endif
