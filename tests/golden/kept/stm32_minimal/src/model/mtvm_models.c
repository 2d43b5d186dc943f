/* Descriptors of all models: constants in flash. They say the same as project.json. */
#include "mtvm_check.h"
#include "mtvm_model.h"
#include "mtvm_digits.h"

static const int32_t digits_inputs_0_shape[] = {1, 8, 8, 1};
static const mtvm_tensor_t digits_inputs[] = {
    {.name = "image",
     .shape = digits_inputs_0_shape,
     .bytes = MTVM_DIGITS_IMAGE_SIZE,
     .scale = 0.00787402f,
     .zero_point = 0,
     .type = MTVM_INT,
     .bits = 8,
     .ndim = 4,
     .axis = -1},
};
static const int32_t digits_outputs_0_shape[] = {1, 10};
static const mtvm_tensor_t digits_outputs[] = {
    {.name = "logits",
     .shape = digits_outputs_0_shape,
     .bytes = MTVM_DIGITS_LOGITS_SIZE,
     .scale = 0.217977f,
     .zero_point = 0,
     .type = MTVM_INT,
     .bits = 8,
     .ndim = 2,
     .axis = -1},
};


const mtvm_model_t mtvm_models[] = {
    {.name = "digits",
     .inputs = digits_inputs,
     .outputs = digits_outputs,
     .workspace_bytes = MTVM_DIGITS_WORKSPACE_SIZE,
     .num_inputs = 1,
     .num_outputs = 1,
    },
};

static mtvm_status_t check(uint32_t model, const mtvm_buffer_t inputs[],
                           const mtvm_buffer_t outputs[]) {
#if MTVM_CHECKS
  if (model >= MTVM_MODEL_COUNT) {
    return MTVM_E_MODEL;
  }
  mtvm_status_t status =
      mtvm_check_sizes(mtvm_models[model].inputs, inputs, mtvm_models[model].num_inputs);
  if (status == MTVM_OK) {
    status = mtvm_check_sizes(mtvm_models[model].outputs, outputs, mtvm_models[model].num_outputs);
  }
  return status;
#else
  (void)model;
  (void)inputs;
  (void)outputs;
  return MTVM_OK;
#endif
}

mtvm_status_t mtvm_model_run(uint32_t model, const mtvm_buffer_t inputs[],
                             const mtvm_buffer_t outputs[]) {
  mtvm_status_t status = check(model, inputs, outputs);
  if (status != MTVM_OK) {
    return status;
  }
  switch (model) {
    case 0:
      return mtvm_digits_invoke(inputs[0].data, outputs[0].data);
    default:
      return MTVM_E_MODEL;
  }
}
