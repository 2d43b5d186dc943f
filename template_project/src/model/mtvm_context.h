/* The buffers of one model, kept together: for code that sets them up in one place and runs in
 * another, as with ST's and upstream's APIs (docs/st-api.md). It adds nothing that mtvm_model_run
 * can't do, and no byte to a firmware that doesn't use it.
 *
 * The context is the caller's memory, and so are the buffers, which have to live as long as it is
 * run. Several contexts of one model may take turns; one model runs at a time. */
#ifndef MTVM_CONTEXT_H_
#define MTVM_CONTEXT_H_

#include "mtvm_model.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mtvm_context {
  uint32_t model; /* its number in mtvm_models */
  mtvm_buffer_t inputs[MTVM_MAX_INPUTS];
  mtvm_buffer_t outputs[MTVM_MAX_OUTPUTS];
#if MTVM_MAX_POOLS > 0
  mtvm_buffer_t pools[MTVM_MAX_POOLS];
#endif
} mtvm_context_t;

/* Makes `context` one of model number `model`, without buffers. */
mtvm_status_t mtvm_context_init(mtvm_context_t *context, uint32_t model);

/* Take as many buffers as the model has inputs or outputs, in their order. Each is checked for NULL,
 * alignment and size; another number of them is MTVM_E_SIZE. On failure none is taken. */
mtvm_status_t mtvm_context_set_inputs(mtvm_context_t *context, const mtvm_buffer_t buffers[],
                                      uint32_t count);
mtvm_status_t mtvm_context_set_outputs(mtvm_context_t *context, const mtvm_buffer_t buffers[],
                                       uint32_t count);

/* Likewise memory for activations: one buffer for each of the model's pools, which have to be set
 * before it runs. A model without pools has its activations in static memory: count is 0. */
mtvm_status_t mtvm_context_set_activations(mtvm_context_t *context, const mtvm_buffer_t buffers[],
                                           uint32_t count);

/* Runs the model on its buffers; MTVM_E_NULL where one isn't set. */
mtvm_status_t mtvm_context_run(const mtvm_context_t *context);

#ifdef __cplusplus
}
#endif
#endif
