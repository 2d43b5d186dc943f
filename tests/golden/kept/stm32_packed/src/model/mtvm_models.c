/* Descriptors of all models: constants in flash. They say the same as project.json. */
#include "mtvm_check.h"
#include "mtvm_model.h"
#include "mtvm_foo.h"

static const int32_t foo_inputs_0_shape[] = {1, 8, 8, 3};
static const int32_t foo_inputs_1_shape[] = {1, 8, 8, 3};
static const mtvm_tensor_t foo_inputs[] = {
    {.name = "zeta",
     .shape = foo_inputs_0_shape,
     .bytes = MTVM_FOO_ZETA_SIZE,
     .scale = 0.5f,
     .zero_point = 3,
     .type = MTVM_INT,
     .bits = 8,
     .ndim = 4,
     .axis = -1},
    {.name = "alpha",
     .shape = foo_inputs_1_shape,
     .bytes = MTVM_FOO_ALPHA_SIZE,
     .scale = 0.25f,
     .zero_point = -7,
     .type = MTVM_INT,
     .bits = 8,
     .ndim = 4,
     .axis = -1},
};
static const int32_t foo_outputs_0_shape[] = {1, 5};
static const int32_t foo_outputs_1_shape[] = {1, 8, 8, 4};
static const mtvm_tensor_t foo_outputs[] = {
    {.name = "scores",
     .shape = foo_outputs_0_shape,
     .bytes = MTVM_FOO_SCORES_SIZE,
     .scale = 0.125f,
     .zero_point = -5,
     .type = MTVM_INT,
     .bits = 8,
     .ndim = 2,
     .axis = -1},
    {.name = "features",
     .shape = foo_outputs_1_shape,
     .bytes = MTVM_FOO_FEATURES_SIZE,
     .scale = 2.0f,
     .zero_point = 11,
     .type = MTVM_INT,
     .bits = 8,
     .ndim = 4,
     .axis = -1},
};


const mtvm_model_t mtvm_models[] = {
    {.name = "foo",
     .inputs = foo_inputs,
     .outputs = foo_outputs,
     .workspace_bytes = MTVM_FOO_WORKSPACE_SIZE,
     .num_inputs = 2,
     .num_outputs = 2,
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
      return mtvm_foo_invoke(inputs[0].data, inputs[1].data, outputs[0].data, outputs[1].data);
    default:
      return MTVM_E_MODEL;
  }
}
