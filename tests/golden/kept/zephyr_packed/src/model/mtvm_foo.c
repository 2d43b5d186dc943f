/* Calls model "foo", built with the packed interface: its tensors travel with shape and
 * type. The descriptors are static, so that the stack stays small. */
#include "mtvm_foo.h"
#include "mtvm_check.h"
#include "mtvm_packed.h"

int tvmgen_foo_run(
    TVMValue *args, int *type_codes, int num_args, TVMValue *out_value, int *out_type_code,
    void *resource);

static const int64_t shape_0[] = {1, 8, 8, 3};
static const int64_t shape_1[] = {1, 8, 8, 3};
static const int64_t shape_2[] = {1, 5};
static const int64_t shape_3[] = {1, 8, 8, 4};

static DLTensor tensors[] = {
    /* zeta */
    {.device = {kDLCPU, 0},
     .ndim = 4,
     .dtype = {kDLInt, 8, 1},
     .shape = (int64_t *)shape_0},
    /* alpha */
    {.device = {kDLCPU, 0},
     .ndim = 4,
     .dtype = {kDLInt, 8, 1},
     .shape = (int64_t *)shape_1},
    /* scores */
    {.device = {kDLCPU, 0},
     .ndim = 2,
     .dtype = {kDLInt, 8, 1},
     .shape = (int64_t *)shape_2},
    /* features */
    {.device = {kDLCPU, 0},
     .ndim = 4,
     .dtype = {kDLInt, 8, 1},
     .shape = (int64_t *)shape_3},
};

static const TVMValue arguments[] = {
    {.v_handle = &tensors[0]},
    {.v_handle = &tensors[1]},
    {.v_handle = &tensors[2]},
    {.v_handle = &tensors[3]},
};

static const int type_codes[4 + MTVM_SPARE_CODES] = {
    7, 7, 7, 7};

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
  tensors[0].data = (void *)in_zeta;
  tensors[1].data = (void *)in_alpha;
  tensors[2].data = out_scores;
  tensors[3].data = out_features;
  int code = mtvm_packed_call(
      tvmgen_foo_run, (TVMValue *)arguments, (int *)type_codes, 4);
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
