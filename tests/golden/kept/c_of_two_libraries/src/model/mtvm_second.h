/* Model "second". Rendered from its model library.
 *
 * Declare one struct of inputs and one of outputs, static or wherever fast memory is, fill the
 * inputs in and call mtvm_second_run. You own both structs; the model keeps no pointer. */
#ifndef MTVM_SECOND_H_
#define MTVM_SECOND_H_

#include <stddef.h>
#include <stdint.h>

#include "mtvm_model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes. */
#define MTVM_SECOND_ZETA_SIZE 192
#define MTVM_SECOND_ALPHA_SIZE 192
#define MTVM_SECOND_SCORES_SIZE 5
#define MTVM_SECOND_FEATURES_SIZE 256
/* Workspace as TVM counts it; static memory, already part of the firmware. */
#define MTVM_SECOND_WORKSPACE_SIZE 2784

struct mtvm_second_inputs {
  MTVM_ALIGNED int8_t zeta[1 * 8 * 8 * 3]; /* real = 0.5 * (stored - 3) */
  MTVM_ALIGNED int8_t alpha[1 * 8 * 8 * 3]; /* real = 0.25 * (stored + 7) */
};

struct mtvm_second_outputs {
  MTVM_ALIGNED int8_t scores[1 * 5]; /* real = 0.125 * (stored + 5) */
  MTVM_ALIGNED int8_t features[1 * 8 * 8 * 4]; /* real = 2.0 * (stored - 11) */
};

MTVM_STATIC_ASSERT(sizeof(((struct mtvm_second_inputs *)0)->zeta) == MTVM_SECOND_ZETA_SIZE,
                   mtvm_second_inputs_zeta_size);
MTVM_STATIC_ASSERT(offsetof(struct mtvm_second_inputs, zeta) % MTVM_ALIGNMENT == 0,
                   mtvm_second_inputs_zeta_alignment);
MTVM_STATIC_ASSERT(sizeof(((struct mtvm_second_inputs *)0)->alpha) == MTVM_SECOND_ALPHA_SIZE,
                   mtvm_second_inputs_alpha_size);
MTVM_STATIC_ASSERT(offsetof(struct mtvm_second_inputs, alpha) % MTVM_ALIGNMENT == 0,
                   mtvm_second_inputs_alpha_alignment);
MTVM_STATIC_ASSERT(sizeof(((struct mtvm_second_outputs *)0)->scores) == MTVM_SECOND_SCORES_SIZE,
                   mtvm_second_outputs_scores_size);
MTVM_STATIC_ASSERT(offsetof(struct mtvm_second_outputs, scores) % MTVM_ALIGNMENT == 0,
                   mtvm_second_outputs_scores_alignment);
MTVM_STATIC_ASSERT(sizeof(((struct mtvm_second_outputs *)0)->features) == MTVM_SECOND_FEATURES_SIZE,
                   mtvm_second_outputs_features_size);
MTVM_STATIC_ASSERT(offsetof(struct mtvm_second_outputs, features) % MTVM_ALIGNMENT == 0,
                   mtvm_second_outputs_features_alignment);

/* Runs the model. MTVM_OK, or why not (mtvm_model.h); then `outputs` are undefined. */
mtvm_status_t mtvm_second_run(
    const struct mtvm_second_inputs *inputs,
    struct mtvm_second_outputs *outputs);

/* The same on memory of your own, without a copy: every pointer aligned to MTVM_ALIGNMENT and as
 * large as its tensor. */
mtvm_status_t mtvm_second_invoke(
    const int8_t *in_zeta,
    const int8_t *in_alpha,
    int8_t *out_scores,
    int8_t *out_features);

#ifdef __cplusplus
}
#endif
#endif
