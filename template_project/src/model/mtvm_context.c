#include "mtvm_context.h"

#include <stddef.h>

#include "mtvm_check.h"

mtvm_status_t mtvm_context_init(mtvm_context_t *context, uint32_t model) {
  static const mtvm_context_t empty;
  if (context == NULL) {
    return MTVM_E_NULL;
  }
  if (model >= MTVM_MODEL_COUNT) {
    return MTVM_E_MODEL;
  }
  *context = empty;
  context->model = model;
  return MTVM_OK;
}

/* Copies when each of `count` buffers, as many as there are `tensors`, can hold its tensor. */
static mtvm_status_t take(const mtvm_tensor_t tensors[], uint32_t wanted,
                          const mtvm_buffer_t buffers[], uint32_t count, mtvm_buffer_t into[]) {
  if (count != wanted) {
    return MTVM_E_SIZE;
  }
  mtvm_status_t status = mtvm_check_sizes(tensors, buffers, count);
  for (uint32_t i = 0; status == MTVM_OK && i < count; ++i) {
    const void *const pointer[] = {buffers[i].data};
    status = mtvm_check_pointers(pointer, 1);
  }
  for (uint32_t i = 0; status == MTVM_OK && i < count; ++i) {
    into[i] = buffers[i];
  }
  return status;
}

mtvm_status_t mtvm_context_set_inputs(mtvm_context_t *context, const mtvm_buffer_t buffers[],
                                      uint32_t count) {
  if (context == NULL) {
    return MTVM_E_NULL;
  }
  const mtvm_model_t *model = &mtvm_models[context->model];
  return take(model->inputs, model->num_inputs, buffers, count, context->inputs);
}

mtvm_status_t mtvm_context_set_outputs(mtvm_context_t *context, const mtvm_buffer_t buffers[],
                                       uint32_t count) {
  if (context == NULL) {
    return MTVM_E_NULL;
  }
  const mtvm_model_t *model = &mtvm_models[context->model];
  return take(model->outputs, model->num_outputs, buffers, count, context->outputs);
}

mtvm_status_t mtvm_context_set_activations(mtvm_context_t *context, const mtvm_buffer_t buffers[],
                                           uint32_t count) {
  if (context == NULL) {
    return MTVM_E_NULL;
  }
#if MTVM_MAX_POOLS > 0
  const mtvm_model_t *model = &mtvm_models[context->model];
  if (count != model->num_pools) {
    return MTVM_E_SIZE;
  }
  if (count > 0 && buffers == NULL) {
    return MTVM_E_NULL;
  }
  for (uint32_t i = 0; i < count; ++i) {
    mtvm_status_t status = mtvm_check_pools(&model->pools[i].bytes, &buffers[i], 1);
    if (status != MTVM_OK) {
      return status;
    }
  }
  for (uint32_t i = 0; i < count; ++i) {
    context->pools[i] = buffers[i];
  }
  return MTVM_OK;
#else
  (void)buffers;
  return count == 0 ? MTVM_OK : MTVM_E_SIZE;
#endif
}

mtvm_status_t mtvm_context_run(const mtvm_context_t *context) {
  if (context == NULL) {
    return MTVM_E_NULL;
  }
#if MTVM_MAX_POOLS > 0
  return mtvm_model_run_in(context->model, context->inputs, context->outputs, context->pools);
#else
  return mtvm_model_run(context->model, context->inputs, context->outputs);
#endif
}
