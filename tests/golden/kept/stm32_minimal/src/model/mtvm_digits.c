/* Calls model "digits" through TVM's C interface. */
#include "mtvm_digits.h"

#include "mtvm_check.h"
#include "tvmgen_digits.h"

#ifdef TVMGEN_DIGITS_WORKSPACE_SIZE
MTVM_STATIC_ASSERT(MTVM_DIGITS_WORKSPACE_SIZE == TVMGEN_DIGITS_WORKSPACE_SIZE,
                   mtvm_digits_workspace_is_what_tvm_says);
#endif

mtvm_status_t mtvm_digits_invoke(
    const int8_t *in_image,
    int8_t *out_logits) {
#if MTVM_CHECKS
  const void *const pointers[] = {in_image, out_logits};
  mtvm_status_t status = mtvm_check_pointers(pointers, sizeof pointers / sizeof pointers[0]);
  if (status != MTVM_OK) {
    return status;
  }
#endif
  struct tvmgen_digits_inputs tvm_inputs = {.image = (void *)in_image};
  struct tvmgen_digits_outputs tvm_outputs = {.logits = out_logits};
  int32_t code = tvmgen_digits_run(&tvm_inputs, &tvm_outputs);
  return code == 0 ? MTVM_OK : MTVM_E_KERNEL;
}

mtvm_status_t mtvm_digits_run(
    const struct mtvm_digits_inputs *inputs,
    struct mtvm_digits_outputs *outputs) {
#if MTVM_CHECKS
  if (inputs == NULL || outputs == NULL) {
    return MTVM_E_NULL;
  }
#endif
  return mtvm_digits_invoke(inputs->image, outputs->logits);
}
