/* Calls model "foo" through TVM's C interface. */
#include "mtvm_foo.h"

#include "mtvm_check.h"
#include "tvmgen_foo.h"

#ifdef TVMGEN_FOO_WORKSPACE_SIZE
MTVM_STATIC_ASSERT(MTVM_FOO_WORKSPACE_SIZE == TVMGEN_FOO_WORKSPACE_SIZE,
                   mtvm_foo_workspace_is_what_tvm_says);
#endif

mtvm_status_t mtvm_foo_invoke(
    const int8_t *in_zeta,
    const int8_t *in_alpha,
    int8_t *out_scores,
    int8_t *out_features) {
#if MTVM_CHECKS
  const void *const pointers[] = {in_zeta, in_alpha, out_scores, out_features};
  mtvm_status_t status = mtvm_check_pointers(pointers, sizeof pointers / sizeof pointers[0]);
  if (status != MTVM_OK) {
    return status;
  }
#endif
  struct tvmgen_foo_inputs tvm_inputs = {.zeta = (void *)in_zeta, .alpha = (void *)in_alpha};
  struct tvmgen_foo_outputs tvm_outputs = {.scores = out_scores, .features = out_features};
  int32_t code = tvmgen_foo_run(&tvm_inputs, &tvm_outputs);
  return code == 0 ? MTVM_OK : MTVM_E_KERNEL;
}

mtvm_status_t mtvm_foo_run(
    const struct mtvm_foo_inputs *inputs,
    struct mtvm_foo_outputs *outputs) {
#if MTVM_CHECKS
  if (inputs == NULL || outputs == NULL) {
    return MTVM_E_NULL;
  }
#endif
  return mtvm_foo_invoke(inputs->zeta, inputs->alpha, outputs->scores, outputs->features);
}
