#include "mtvm_calls.h"
/* Model "foo": its graph as straight calls. Intermediate tensors lie in static storage that
 * they share as TVM planned it; parameters and descriptors are constants in flash. */
#include <string.h>
#include <tvm/runtime/c_backend_api.h>

#include "mtvm_foo.h"
#include "mtvm_check.h"
#include "mtvm_workspace.h"

static MTVM_NOINIT MTVM_ALIGNED uint8_t storage_3[384];
static MTVM_NOINIT MTVM_ALIGNED uint8_t storage_6[384];
static MTVM_NOINIT MTVM_ALIGNED uint8_t storage_9[1024];

extern const uint8_t mtvm_foo_param_0[]; /* p0 */
extern const uint8_t mtvm_foo_param_1[]; /* p2 */
extern const uint8_t mtvm_foo_param_2[]; /* p3 */
extern const uint8_t mtvm_foo_param_3[]; /* p4 */
extern const uint8_t mtvm_foo_param_4[]; /* p1 */
extern const uint8_t mtvm_foo_param_5[]; /* p5 */

static const int64_t shape_1x8x8x3[] = {1, 8, 8, 3};
static const int64_t shape_3x3x3x4[] = {3, 3, 3, 4};
static const int64_t shape_1x1x1x4[] = {1, 1, 1, 4};
static const int64_t shape_1x8x8x4[] = {1, 8, 8, 4};
static const int64_t shape_1x4x4x4[] = {1, 4, 4, 4};
static const int64_t shape_1x64[] = {1, 64};
static const int64_t shape_1x64x5[] = {1, 64, 5};
static const int64_t shape_1x5[] = {1, 5};

/* One for every tensor of the graph; `data` of inputs and outputs is set for every run. */
static DLTensor tensor_0 = {.device = {kDLCPU, 0},
    .ndim = 4, .dtype = {kDLInt, 8, 1}, .shape = (int64_t *)shape_1x8x8x3};
static DLTensor tensor_1 = {.device = {kDLCPU, 0},
    .ndim = 4, .dtype = {kDLInt, 8, 1}, .shape = (int64_t *)shape_1x8x8x3};
static const DLTensor tensor_2 = {.data = (void *)mtvm_foo_param_0, .device = {kDLCPU, 0},
    .ndim = 0, .dtype = {kDLInt, 16, 1}};
static const DLTensor tensor_3 = {.data = storage_3, .device = {kDLCPU, 0},
    .ndim = 4, .dtype = {kDLInt, 16, 1}, .shape = (int64_t *)shape_1x8x8x3};
static const DLTensor tensor_4 = {.data = (void *)mtvm_foo_param_4, .device = {kDLCPU, 0},
    .ndim = 4, .dtype = {kDLInt, 16, 1}, .shape = (int64_t *)shape_3x3x3x4};
static const DLTensor tensor_5 = {.data = (void *)mtvm_foo_param_1, .device = {kDLCPU, 0},
    .ndim = 0, .dtype = {kDLInt, 16, 1}};
static const DLTensor tensor_6 = {.data = storage_6, .device = {kDLCPU, 0},
    .ndim = 4, .dtype = {kDLInt, 16, 1}, .shape = (int64_t *)shape_1x8x8x3};
static const DLTensor tensor_7 = {.data = (void *)mtvm_foo_param_2, .device = {kDLCPU, 0},
    .ndim = 4, .dtype = {kDLInt, 16, 1}, .shape = (int64_t *)shape_3x3x3x4};
static const DLTensor tensor_8 = {.data = (void *)mtvm_foo_param_3, .device = {kDLCPU, 0},
    .ndim = 4, .dtype = {kDLInt, 32, 1}, .shape = (int64_t *)shape_1x1x1x4};
static const DLTensor tensor_9 = {.data = storage_9, .device = {kDLCPU, 0},
    .ndim = 4, .dtype = {kDLInt, 32, 1}, .shape = (int64_t *)shape_1x8x8x4};
static const DLTensor tensor_10 = {.data = storage_6, .device = {kDLCPU, 0},
    .ndim = 4, .dtype = {kDLInt, 8, 1}, .shape = (int64_t *)shape_1x8x8x4};
static const DLTensor tensor_11 = {.data = storage_3, .device = {kDLCPU, 0},
    .ndim = 4, .dtype = {kDLInt, 8, 1}, .shape = (int64_t *)shape_1x4x4x4};
static const DLTensor tensor_12 = {.data = storage_6, .device = {kDLCPU, 0},
    .ndim = 2, .dtype = {kDLInt, 16, 1}, .shape = (int64_t *)shape_1x64};
static const DLTensor tensor_13 = {.data = (void *)mtvm_foo_param_5, .device = {kDLCPU, 0},
    .ndim = 3, .dtype = {kDLInt, 16, 1}, .shape = (int64_t *)shape_1x64x5};
static DLTensor tensor_14 = {.device = {kDLCPU, 0},
    .ndim = 2, .dtype = {kDLInt, 8, 1}, .shape = (int64_t *)shape_1x5};
static DLTensor tensor_15 = {.device = {kDLCPU, 0},
    .ndim = 4, .dtype = {kDLInt, 8, 1}, .shape = (int64_t *)shape_1x8x8x4};

#define ARG(tensor) {.v_handle = (void *)&(tensor)}

static const TVMValue call_0[] = {ARG(tensor_1), ARG(tensor_2), ARG(tensor_3)};
static const TVMValue call_1[] = {ARG(tensor_0), ARG(tensor_5), ARG(tensor_6)};
static const TVMValue call_2[] = {ARG(tensor_6), ARG(tensor_7), ARG(tensor_8), ARG(tensor_9)};
static const TVMValue call_3[] = {ARG(tensor_3), ARG(tensor_4), ARG(tensor_9), ARG(tensor_10)};
static const TVMValue call_4[] = {ARG(tensor_10), ARG(tensor_11)};
static const TVMValue call_5[] = {ARG(tensor_11), ARG(tensor_12)};
static const TVMValue call_6[] = {ARG(tensor_12), ARG(tensor_13), ARG(tensor_14)};
static const TVMValue call_7[] = {ARG(tensor_9), ARG(tensor_15)};

static const int32_t type_codes[] = {7, 7, 7, 7};

int32_t tvmgen_foo_fused_cast_subtract(
    void *args, int32_t *type_codes, int32_t num_args, void *out_value, int32_t *out_type_code,
    void *resource);
int32_t tvmgen_foo_fused_nn_conv2d_add(
    void *args, int32_t *type_codes, int32_t num_args, void *out_value, int32_t *out_type_code,
    void *resource);
int32_t tvmgen_foo_fused_nn_conv2d_add_fixed_point_multiply_clip_cast(
    void *args, int32_t *type_codes, int32_t num_args, void *out_value, int32_t *out_type_code,
    void *resource);
int32_t tvmgen_foo_fused_nn_max_pool2d(
    void *args, int32_t *type_codes, int32_t num_args, void *out_value, int32_t *out_type_code,
    void *resource);
int32_t tvmgen_foo_fused_reshape_cast(
    void *args, int32_t *type_codes, int32_t num_args, void *out_value, int32_t *out_type_code,
    void *resource);
int32_t tvmgen_foo_fused_nn_contrib_dense_pack_fixed_point_multiply_add_clip_cast(
    void *args, int32_t *type_codes, int32_t num_args, void *out_value, int32_t *out_type_code,
    void *resource);
int32_t tvmgen_foo_fused_fixed_point_multiply_add_clip_cast(
    void *args, int32_t *type_codes, int32_t num_args, void *out_value, int32_t *out_type_code,
    void *resource);

#define RUN(function, call)                                                                 \
  if (function((void *)(call), (int32_t *)type_codes, (int32_t)(sizeof(call) / sizeof(call)[0]), \
               &value, &value_code, NULL) != 0)                                             \
  return failure()

static mtvm_status_t failure(void) {
  return mtvm_workspace_overflow() != 0 ? MTVM_E_WORKSPACE : MTVM_E_KERNEL;
}

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
  tensor_0.data = (void *)in_zeta;
  tensor_1.data = (void *)in_alpha;
  tensor_14.data = out_scores;
  tensor_15.data = out_features;
  TVMValue value;
  int32_t value_code = kTVMNullptr;
  mtvm_workspace_reset();
  RUN(mtvm_call_0, call_0);
  RUN(mtvm_call_1, call_1);
  RUN(mtvm_call_2, call_2);
  RUN(mtvm_call_3, call_3);
  RUN(mtvm_call_4, call_4);
  RUN(mtvm_call_5, call_5);
  RUN(mtvm_call_6, call_6);
  RUN(mtvm_call_7, call_7);
  return MTVM_OK;
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
