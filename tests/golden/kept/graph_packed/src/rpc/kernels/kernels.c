/* What each operator of the graphs takes, for kernels.h. */
#include "kernels/kernels.h"

int32_t tvmgen_foo_fused_cast_subtract(
    TVMValue *args, int *type_codes, int num_args, TVMValue *out_value, int *out_type_code,
    void *resource);
int32_t tvmgen_foo_fused_nn_conv2d_add(
    TVMValue *args, int *type_codes, int num_args, TVMValue *out_value, int *out_type_code,
    void *resource);
int32_t tvmgen_foo_fused_nn_conv2d_add_fixed_point_multiply_clip_cast(
    TVMValue *args, int *type_codes, int num_args, TVMValue *out_value, int *out_type_code,
    void *resource);
int32_t tvmgen_foo_fused_nn_max_pool2d(
    TVMValue *args, int *type_codes, int num_args, TVMValue *out_value, int *out_type_code,
    void *resource);
int32_t tvmgen_foo_fused_reshape_cast(
    TVMValue *args, int *type_codes, int num_args, TVMValue *out_value, int *out_type_code,
    void *resource);
int32_t tvmgen_foo_fused_nn_contrib_dense_pack_fixed_point_multiply_add_clip_cast(
    TVMValue *args, int *type_codes, int num_args, TVMValue *out_value, int *out_type_code,
    void *resource);
int32_t tvmgen_foo_fused_fixed_point_multiply_add_clip_cast(
    TVMValue *args, int *type_codes, int num_args, TVMValue *out_value, int *out_type_code,
    void *resource);

static const uint32_t bytes_0[] = {192, 2, 384};
static const uint32_t bytes_1[] = {384, 216, 16, 1024};
static const uint32_t bytes_2[] = {384, 216, 1024, 256};
static const uint32_t bytes_3[] = {256, 64};
static const uint32_t bytes_4[] = {64, 128};
static const uint32_t bytes_5[] = {128, 640, 5};
static const uint32_t bytes_6[] = {1024, 256};

const mtvm_kernel_t mtvm_kernels[] = {
    {(TVMBackendPackedCFunc)tvmgen_foo_fused_cast_subtract, bytes_0, 3},
    {(TVMBackendPackedCFunc)tvmgen_foo_fused_nn_conv2d_add, bytes_1, 4},
    {(TVMBackendPackedCFunc)tvmgen_foo_fused_nn_conv2d_add_fixed_point_multiply_clip_cast, bytes_2, 4},
    {(TVMBackendPackedCFunc)tvmgen_foo_fused_nn_max_pool2d, bytes_3, 2},
    {(TVMBackendPackedCFunc)tvmgen_foo_fused_reshape_cast, bytes_4, 2},
    {(TVMBackendPackedCFunc)tvmgen_foo_fused_nn_contrib_dense_pack_fixed_point_multiply_add_clip_cast, bytes_5, 3},
    {(TVMBackendPackedCFunc)tvmgen_foo_fused_fixed_point_multiply_add_clip_cast, bytes_6, 2},
};

const uint32_t mtvm_kernel_count = 7;
