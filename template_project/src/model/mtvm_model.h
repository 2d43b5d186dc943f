/* One API for every model, whatever executor TVM built it for.
 *
 * All memory is the caller's or static: buffers belong to whoever passes them and are used only
 * during the call; descriptors are constants in flash. One model runs at a time (models share
 * their workspace): don't call from an interrupt while the main program runs a model.
 *
 * Each model also has a typed header of its own, mtvm_<model>.h. */
#ifndef MTVM_MODEL_H_
#define MTVM_MODEL_H_

#include <stdint.h>

#include "mtvm_config.h" /* MTVM_MODEL_COUNT, MTVM_ALIGNMENT, sizes: macros */

#ifdef __cplusplus
extern "C" {
#endif

typedef enum mtvm_status {
  MTVM_OK = 0,
  MTVM_E_NULL = -1,      /* a pointer is NULL */
  MTVM_E_ALIGNMENT = -2, /* a buffer doesn't start at a multiple of MTVM_ALIGNMENT */
  MTVM_E_SIZE = -3,      /* a buffer is smaller than its tensor */
  MTVM_E_MODEL = -4,     /* there is no model of this number */
  MTVM_E_WORKSPACE = -5, /* a kernel asked for more workspace than is left */
  MTVM_E_KERNEL = -6     /* a kernel failed one of its own checks */
} mtvm_status_t;

typedef enum mtvm_type { MTVM_INT = 0, MTVM_UINT = 1, MTVM_FLOAT = 2, MTVM_BOOL = 6 } mtvm_type_t;

/* One input or output. */
typedef struct mtvm_tensor {
  const char *name;
  const int32_t *shape; /* `ndim` dimensions; NULL for a scalar or when unknown */
  uint32_t bytes;
  float scale; /* real = scale * (stored - zero_point); 0: not quantized, or unknown */
  int32_t zero_point;
  uint8_t type; /* mtvm_type_t */
  uint8_t bits; /* of one element */
  int8_t ndim;  /* -1: the model library doesn't say */
  int8_t axis;  /* quantized per channel along this dimension, with scales that the model library
                   doesn't have; -1: no */
} mtvm_tensor_t;

#if MTVM_MAX_POOLS > 0
/* Memory for activations that the model library leaves to its caller. */
typedef struct mtvm_pool {
  const char *name;
  uint32_t bytes;
} mtvm_pool_t;
#endif

typedef struct mtvm_model {
  const char *name;
  const mtvm_tensor_t *inputs;
  const mtvm_tensor_t *outputs;
  uint32_t workspace_bytes; /* as TVM counts them */
  uint8_t num_inputs;
  uint8_t num_outputs;
#if MTVM_MAX_POOLS > 0
  uint8_t num_pools;
  const mtvm_pool_t *pools;
#endif
} mtvm_model_t;

/* Memory for one tensor or pool: at least its size, aligned to MTVM_ALIGNMENT. The caller owns it. */
typedef struct mtvm_buffer {
  void *data;
  uint32_t size; /* bytes */
} mtvm_buffer_t;

/* All models of this firmware, MTVM_MODEL_COUNT of them. */
extern const mtvm_model_t mtvm_models[];

/* Runs model number `model` on `inputs`, one buffer for each of its inputs in their order, and
 * writes `outputs` likewise. Inputs are not changed. Returns MTVM_OK or why it didn't run; after a
 * failure the contents of `outputs` are undefined. With MTVM_CHECKS 0 buffers are not checked. */
mtvm_status_t mtvm_model_run(uint32_t model, const mtvm_buffer_t inputs[],
                             const mtvm_buffer_t outputs[]);

#if MTVM_MAX_POOLS > 0
/* The same with one buffer for each of the model's pools; NULL for a model that has none. */
mtvm_status_t mtvm_model_run_in(uint32_t model, const mtvm_buffer_t inputs[],
                                const mtvm_buffer_t outputs[], const mtvm_buffer_t pools[]);
#endif

/* The status as it is spelled above; "MTVM_E_?" for a number that is none. */
const char *mtvm_status_name(mtvm_status_t status);

#ifdef __cplusplus
}
#endif
#endif
