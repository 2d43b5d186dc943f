/* Rendered by microtvm-boards; see mtvm_calls.h. */
#include "mtvm_trace.h"

#include <tvm/runtime/c_runtime_api.h>

/* The memory of tensor `index` of a packed call's arguments. */
static const void *tensor(void *args, int index) {
  const DLTensor *found = ((TVMValue *)args)[index].v_handle;
  return (const uint8_t *)found->data + found->byte_offset;
}

/* foo, call 0 */
int32_t tvmgen_foo_fused_cast_subtract(void *a0, void *a1, int32_t a2, void *a3, void *a4, void *a5);

int32_t mtvm_call_0(void *a0, void *a1, int32_t a2, void *a3, void *a4, void *a5) {
  if (!mtvm_trace_enter(0)) {
    return 0;
  }
  int32_t code = tvmgen_foo_fused_cast_subtract(a0, a1, a2, a3, a4, a5);
  mtvm_trace_leave(0);
  mtvm_trace_output(0, tensor(a0, 2), 384);
  return code;
}

/* foo, call 1 */
int32_t tvmgen_foo_fused_cast_subtract(void *a0, void *a1, int32_t a2, void *a3, void *a4, void *a5);

int32_t mtvm_call_1(void *a0, void *a1, int32_t a2, void *a3, void *a4, void *a5) {
  if (!mtvm_trace_enter(1)) {
    return 0;
  }
  int32_t code = tvmgen_foo_fused_cast_subtract(a0, a1, a2, a3, a4, a5);
  mtvm_trace_leave(1);
  mtvm_trace_output(1, tensor(a0, 2), 384);
  return code;
}

/* foo, call 2 */
int32_t tvmgen_foo_fused_nn_conv2d_add(void *a0, void *a1, int32_t a2, void *a3, void *a4, void *a5);

int32_t mtvm_call_2(void *a0, void *a1, int32_t a2, void *a3, void *a4, void *a5) {
  if (!mtvm_trace_enter(2)) {
    return 0;
  }
  int32_t code = tvmgen_foo_fused_nn_conv2d_add(a0, a1, a2, a3, a4, a5);
  mtvm_trace_leave(2);
  mtvm_trace_output(2, tensor(a0, 3), 1024);
  return code;
}

/* foo, call 3 */
int32_t tvmgen_foo_fused_nn_conv2d_add_fixed_point_multiply_clip_cast(void *a0, void *a1, int32_t a2, void *a3, void *a4, void *a5);

int32_t mtvm_call_3(void *a0, void *a1, int32_t a2, void *a3, void *a4, void *a5) {
  if (!mtvm_trace_enter(3)) {
    return 0;
  }
  int32_t code = tvmgen_foo_fused_nn_conv2d_add_fixed_point_multiply_clip_cast(a0, a1, a2, a3, a4, a5);
  mtvm_trace_leave(3);
  mtvm_trace_output(3, tensor(a0, 3), 256);
  return code;
}

/* foo, call 4 */
int32_t tvmgen_foo_fused_nn_max_pool2d(void *a0, void *a1, int32_t a2, void *a3, void *a4, void *a5);

int32_t mtvm_call_4(void *a0, void *a1, int32_t a2, void *a3, void *a4, void *a5) {
  if (!mtvm_trace_enter(4)) {
    return 0;
  }
  int32_t code = tvmgen_foo_fused_nn_max_pool2d(a0, a1, a2, a3, a4, a5);
  mtvm_trace_leave(4);
  mtvm_trace_output(4, tensor(a0, 1), 64);
  return code;
}

/* foo, call 5 */
int32_t tvmgen_foo_fused_reshape_cast(void *a0, void *a1, int32_t a2, void *a3, void *a4, void *a5);

int32_t mtvm_call_5(void *a0, void *a1, int32_t a2, void *a3, void *a4, void *a5) {
  if (!mtvm_trace_enter(5)) {
    return 0;
  }
  int32_t code = tvmgen_foo_fused_reshape_cast(a0, a1, a2, a3, a4, a5);
  mtvm_trace_leave(5);
  mtvm_trace_output(5, tensor(a0, 1), 128);
  return code;
}

/* foo, call 6 */
int32_t tvmgen_foo_fused_nn_contrib_dense_pack_fixed_point_multiply_add_clip_cast(void *a0, void *a1, int32_t a2, void *a3, void *a4, void *a5);

int32_t mtvm_call_6(void *a0, void *a1, int32_t a2, void *a3, void *a4, void *a5) {
  if (!mtvm_trace_enter(6)) {
    return 0;
  }
  int32_t code = tvmgen_foo_fused_nn_contrib_dense_pack_fixed_point_multiply_add_clip_cast(a0, a1, a2, a3, a4, a5);
  mtvm_trace_leave(6);
  mtvm_trace_output(6, tensor(a0, 2), 5);
  return code;
}

/* foo, call 7 */
int32_t tvmgen_foo_fused_fixed_point_multiply_add_clip_cast(void *a0, void *a1, int32_t a2, void *a3, void *a4, void *a5);

int32_t mtvm_call_7(void *a0, void *a1, int32_t a2, void *a3, void *a4, void *a5) {
  if (!mtvm_trace_enter(7)) {
    return 0;
  }
  int32_t code = tvmgen_foo_fused_fixed_point_multiply_add_clip_cast(a0, a1, a2, a3, a4, a5);
  mtvm_trace_leave(7);
  mtvm_trace_output(7, tensor(a0, 1), 256);
  return code;
}

int32_t mtvm_call_nothing(void *a, void *b, void *c, void *d) {
  if (!mtvm_trace_enter(MTVM_CALL_COUNT)) {
    return 0;
  }
  int32_t code = mtvm_trace_nothing(a, b, c, d);
  mtvm_trace_leave(MTVM_CALL_COUNT);
  mtvm_trace_output(MTVM_CALL_COUNT, a, 0);
  return code;
}
