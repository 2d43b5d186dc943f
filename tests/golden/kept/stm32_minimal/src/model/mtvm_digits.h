/* Model "digits". Rendered from its model library.
 *
 * Declare one struct of inputs and one of outputs, static or wherever fast memory is, fill the
 * inputs in and call mtvm_digits_run. You own both structs; the model keeps no pointer. */
#ifndef MTVM_DIGITS_H_
#define MTVM_DIGITS_H_

#include <stddef.h>
#include <stdint.h>

#include "mtvm_model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes. */
#define MTVM_DIGITS_IMAGE_SIZE 64
#define MTVM_DIGITS_LOGITS_SIZE 10
/* Workspace as TVM counts it; static memory, already part of the firmware. */
#define MTVM_DIGITS_WORKSPACE_SIZE 576

struct mtvm_digits_inputs {
  MTVM_ALIGNED int8_t image[1 * 8 * 8 * 1]; /* real = 0.00787402 * (stored - 0) */
};

struct mtvm_digits_outputs {
  MTVM_ALIGNED int8_t logits[1 * 10]; /* real = 0.217977 * (stored - 0) */
};

MTVM_STATIC_ASSERT(sizeof(((struct mtvm_digits_inputs *)0)->image) == MTVM_DIGITS_IMAGE_SIZE,
                   mtvm_digits_inputs_image_size);
MTVM_STATIC_ASSERT(offsetof(struct mtvm_digits_inputs, image) % MTVM_ALIGNMENT == 0,
                   mtvm_digits_inputs_image_alignment);
MTVM_STATIC_ASSERT(sizeof(((struct mtvm_digits_outputs *)0)->logits) == MTVM_DIGITS_LOGITS_SIZE,
                   mtvm_digits_outputs_logits_size);
MTVM_STATIC_ASSERT(offsetof(struct mtvm_digits_outputs, logits) % MTVM_ALIGNMENT == 0,
                   mtvm_digits_outputs_logits_alignment);

/* Runs the model. MTVM_OK, or why not (mtvm_model.h); then `outputs` are undefined. */
mtvm_status_t mtvm_digits_run(
    const struct mtvm_digits_inputs *inputs,
    struct mtvm_digits_outputs *outputs);

/* The same on memory of your own, without a copy: every pointer aligned to MTVM_ALIGNMENT and as
 * large as its tensor. */
mtvm_status_t mtvm_digits_invoke(
    const int8_t *in_image,
    int8_t *out_logits);

#ifdef __cplusplus
}
#endif
#endif
