/* Bad buffers are a status at the entry of a model, and never reach a kernel. Model foo. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "mtvm_foo.h"

static struct mtvm_foo_inputs inputs;
static struct mtvm_foo_outputs outputs;
static MTVM_ALIGNED int8_t odd[sizeof inputs.zeta + 1];

static void good_buffers_run(void) {
  assert(mtvm_foo_run(&inputs, &outputs) == MTVM_OK);
  assert(mtvm_foo_invoke(inputs.zeta, inputs.alpha, outputs.scores, outputs.features) == MTVM_OK);
}

static void null_is_named(void) {
  assert(mtvm_foo_run(NULL, &outputs) == MTVM_E_NULL);
  assert(mtvm_foo_run(&inputs, NULL) == MTVM_E_NULL);
  assert(mtvm_foo_invoke(NULL, inputs.alpha, outputs.scores, outputs.features) == MTVM_E_NULL);
  assert(mtvm_foo_invoke(inputs.zeta, NULL, outputs.scores, outputs.features) == MTVM_E_NULL);
  assert(mtvm_foo_invoke(inputs.zeta, inputs.alpha, NULL, outputs.features) == MTVM_E_NULL);
  assert(mtvm_foo_invoke(inputs.zeta, inputs.alpha, outputs.scores, NULL) == MTVM_E_NULL);
}

static void misaligned_memory_is_named(void) {
  assert(mtvm_foo_invoke(odd + 1, inputs.alpha, outputs.scores, outputs.features) ==
         MTVM_E_ALIGNMENT);
}

static void any_model_by_number(void) {
  mtvm_buffer_t in[] = {{inputs.zeta, MTVM_FOO_ZETA_SIZE}, {inputs.alpha, MTVM_FOO_ALPHA_SIZE}};
  mtvm_buffer_t out[] = {{outputs.scores, MTVM_FOO_SCORES_SIZE},
                         {outputs.features, MTVM_FOO_FEATURES_SIZE}};
  assert(mtvm_model_run(0, in, out) == MTVM_OK);
  assert(mtvm_model_run(1, in, out) == MTVM_E_MODEL);
  assert(mtvm_model_run(UINT32_MAX, in, out) == MTVM_E_MODEL);
  assert(mtvm_model_run(0, NULL, out) == MTVM_E_NULL);
  assert(mtvm_model_run(0, in, NULL) == MTVM_E_NULL);
  --in[1].size;
  assert(mtvm_model_run(0, in, out) == MTVM_E_SIZE);
  ++in[1].size;
  out[0].size = 0;
  assert(mtvm_model_run(0, in, out) == MTVM_E_SIZE);
}

static void descriptors_say_what_the_header_says(void) {
  const mtvm_model_t *model = &mtvm_models[0];
  assert(MTVM_MODEL_COUNT == 1 && strcmp(model->name, "foo") == 0);
  assert(model->num_inputs == 2 && model->num_outputs == 2);
  assert(strcmp(model->inputs[0].name, "zeta") == 0);
  assert(model->inputs[0].bytes == sizeof inputs.zeta);
  assert(model->inputs[0].ndim == 4 && model->inputs[0].shape[3] == 3);
  assert(model->inputs[0].scale == 0.5f && model->inputs[0].zero_point == 3);
  assert(model->workspace_bytes == MTVM_FOO_WORKSPACE_SIZE);
}

static void a_second_run_is_as_good_as_the_first(void) {
  memset(&inputs, 7, sizeof inputs);
  assert(mtvm_foo_run(&inputs, &outputs) == MTVM_OK);
  struct mtvm_foo_outputs first = outputs;
  memset(&inputs, -7, sizeof inputs);
  assert(mtvm_foo_run(&inputs, &outputs) == MTVM_OK);
  memset(&inputs, 7, sizeof inputs);
  assert(mtvm_foo_run(&inputs, &outputs) == MTVM_OK);
  assert(memcmp(&first.scores, &outputs.scores, sizeof first.scores) == 0);
  assert(memcmp(&first.features, &outputs.features, sizeof first.features) == 0);
}

int main(void) {
  good_buffers_run();
#if MTVM_CHECKS
  null_is_named();
  misaligned_memory_is_named();
  any_model_by_number();
#endif
  descriptors_say_what_the_header_says();
  a_second_run_is_as_good_as_the_first();
  puts("passed");
  return 0;
}
