/* Memory of the caller's: a context and its buffers, pools for activations. Model foo, whose library
 * leaves two pools to its caller. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "mtvm_context.h"
#include "mtvm_foo.h"

static struct mtvm_foo_inputs inputs;
static struct mtvm_foo_outputs expected;
static struct mtvm_foo_outputs outputs;
static MTVM_ALIGNED uint8_t fast[MTVM_FOO_POOL_FAST_MEMORY_SIZE + 1];
static MTVM_ALIGNED uint8_t slow[MTVM_FOO_POOL_SLOW_MEMORY_SIZE];

static const mtvm_buffer_t in[] = {{inputs.zeta, MTVM_FOO_ZETA_SIZE},
                                   {inputs.alpha, MTVM_FOO_ALPHA_SIZE}};
static const mtvm_buffer_t out[] = {{outputs.scores, MTVM_FOO_SCORES_SIZE},
                                    {outputs.features, MTVM_FOO_FEATURES_SIZE}};
static const mtvm_buffer_t pools[] = {{fast, MTVM_FOO_POOL_FAST_MEMORY_SIZE},
                                      {slow, MTVM_FOO_POOL_SLOW_MEMORY_SIZE}};

static mtvm_status_t invoke_in(const mtvm_buffer_t mine[]) {
  return mtvm_foo_invoke_in(inputs.zeta, inputs.alpha, outputs.scores, outputs.features, mine);
}

static void pools_of_the_caller_hold_the_activations(void) {
  memset(fast, 0xA5, sizeof fast);
  memset(&outputs, 0, sizeof outputs);
  assert(invoke_in(pools) == MTVM_OK);
  assert(memcmp(&outputs, &expected, sizeof outputs) == 0);
  uint32_t touched = 0;
  for (uint32_t i = 0; i < MTVM_FOO_POOL_FAST_MEMORY_SIZE; ++i) {
    touched += fast[i] != 0xA5;
  }
  assert(touched > 0);
  assert(fast[MTVM_FOO_POOL_FAST_MEMORY_SIZE] == 0xA5);
}

static void bad_pools_are_named(void) {
  mtvm_buffer_t bad[] = {pools[0], pools[1]};
  assert(MTVM_FOO_POOLS == 2 && MTVM_FOO_POOL_FAST_MEMORY == 0);
  assert(invoke_in(NULL) == MTVM_E_NULL);
  bad[1].data = NULL;
  assert(invoke_in(bad) == MTVM_E_NULL);
  bad[1].data = slow;
  bad[0].data = fast + 1;
  assert(invoke_in(bad) == MTVM_E_ALIGNMENT);
  bad[0].data = fast;
  --bad[0].size;
  assert(invoke_in(bad) == MTVM_E_SIZE);
}

static void descriptors_name_the_pools(void) {
  const mtvm_model_t *model = &mtvm_models[0];
  assert(model->num_pools == 2);
  assert(strcmp(model->pools[0].name, "fast_memory") == 0);
  assert(model->pools[0].bytes == MTVM_FOO_POOL_FAST_MEMORY_SIZE);
  assert(model->pools[1].bytes == MTVM_FOO_POOL_SLOW_MEMORY_SIZE);
}

static void any_model_by_number(void) {
  memset(&outputs, 0, sizeof outputs);
  assert(mtvm_model_run_in(0, in, out, pools) == MTVM_OK);
  assert(memcmp(&outputs, &expected, sizeof outputs) == 0);
  assert(mtvm_model_run_in(1, in, out, pools) == MTVM_E_MODEL);
  assert(mtvm_model_run_in(0, in, out, NULL) == MTVM_E_NULL);
}

static void a_context_keeps_buffers(void) {
  mtvm_context_t context;
  memset(&context, 0xFF, sizeof context);
  assert(mtvm_context_init(NULL, 0) == MTVM_E_NULL);
  assert(mtvm_context_init(&context, 1) == MTVM_E_MODEL);
  assert(mtvm_context_init(&context, 0) == MTVM_OK);
  assert(mtvm_context_run(&context) != MTVM_OK); /* nothing is set */
  assert(mtvm_context_set_inputs(&context, in, 2) == MTVM_OK);
  assert(mtvm_context_set_outputs(&context, out, 2) == MTVM_OK);
  assert(mtvm_context_run(&context) == MTVM_E_NULL); /* pools are not */
  assert(mtvm_context_set_activations(&context, pools, 2) == MTVM_OK);
  memset(&outputs, 0, sizeof outputs);
  assert(mtvm_context_run(&context) == MTVM_OK);
  assert(memcmp(&outputs, &expected, sizeof outputs) == 0);
}

static void a_context_takes_nothing_that_is_wrong(void) {
  mtvm_context_t context;
  mtvm_buffer_t bad[] = {in[0], in[1]};
  assert(mtvm_context_init(&context, 0) == MTVM_OK);
  assert(mtvm_context_set_inputs(&context, in, 1) == MTVM_E_SIZE);
  assert(mtvm_context_set_inputs(&context, NULL, 2) == MTVM_E_NULL);
  assert(mtvm_context_set_activations(&context, pools, 3) == MTVM_E_SIZE);
  assert(mtvm_context_set_activations(&context, NULL, 2) == MTVM_E_NULL);
  bad[1].size = 1;
  assert(mtvm_context_set_inputs(&context, bad, 2) == MTVM_E_SIZE);
  assert(context.inputs[0].data == NULL); /* none of them is taken */
  bad[1] = in[1];
  bad[0].data = inputs.zeta + 1;
  assert(mtvm_context_set_inputs(&context, bad, 2) == MTVM_E_ALIGNMENT);
  assert(mtvm_context_set_outputs(NULL, out, 2) == MTVM_E_NULL);
  assert(mtvm_context_run(NULL) == MTVM_E_NULL);
}

int main(void) {
  for (uint32_t i = 0; i < sizeof inputs.zeta; ++i) {
    inputs.zeta[i] = (int8_t)(i * 7);
    inputs.alpha[i] = (int8_t)(i * 3);
  }
  assert(mtvm_foo_run(&inputs, &expected) == MTVM_OK);
  pools_of_the_caller_hold_the_activations();
  bad_pools_are_named();
  descriptors_name_the_pools();
  any_model_by_number();
  a_context_keeps_buffers();
  a_context_takes_nothing_that_is_wrong();
  puts("passed");
  return 0;
}
