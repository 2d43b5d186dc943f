/* Rendered by microtvm-boards; see mtvm_calls.h. */
#include "mtvm_trace.h"

/* foo, call 0 */
int32_t tvmgen_foo_fused_cast_subtract(void *a0, void *a1, void *a2, void *a3);

int32_t mtvm_call_0(void *a0, void *a1, void *a2, void *a3) {
  if (!mtvm_trace_enter(0)) {
    return 0;
  }
  int32_t code = tvmgen_foo_fused_cast_subtract(a0, a1, a2, a3);
  mtvm_trace_leave(0);
  mtvm_trace_output(0, a1, 384);
  return code;
}

/* foo, call 1 */
int32_t tvmgen_foo_fused_cast_subtract_1(void *a0, void *a1, void *a2, void *a3);

int32_t mtvm_call_1(void *a0, void *a1, void *a2, void *a3) {
  if (!mtvm_trace_enter(1)) {
    return 0;
  }
  int32_t code = tvmgen_foo_fused_cast_subtract_1(a0, a1, a2, a3);
  mtvm_trace_leave(1);
  mtvm_trace_output(1, a1, 384);
  return code;
}

/* foo, call 2 */
int32_t tvmgen_foo_fused_nn_conv2d_add(void *a0, void *a1, void *a2, void *a3);

int32_t mtvm_call_2(void *a0, void *a1, void *a2, void *a3) {
  if (!mtvm_trace_enter(2)) {
    return 0;
  }
  int32_t code = tvmgen_foo_fused_nn_conv2d_add(a0, a1, a2, a3);
  mtvm_trace_leave(2);
  mtvm_trace_output(2, a1, 1024);
  return code;
}

/* foo, call 3 */
int32_t tvmgen_foo_fused_nn_conv2d_add_fixed_point_multiply_clip_cast(void *a0, void *a1, void *a2, void *a3, void *a4);

int32_t mtvm_call_3(void *a0, void *a1, void *a2, void *a3, void *a4) {
  if (!mtvm_trace_enter(3)) {
    return 0;
  }
  int32_t code = tvmgen_foo_fused_nn_conv2d_add_fixed_point_multiply_clip_cast(a0, a1, a2, a3, a4);
  mtvm_trace_leave(3);
  mtvm_trace_output(3, a2, 256);
  return code;
}

/* foo, call 4 */
int32_t tvmgen_foo_fused_nn_max_pool2d(void *a0, void *a1, void *a2, void *a3);

int32_t mtvm_call_4(void *a0, void *a1, void *a2, void *a3) {
  if (!mtvm_trace_enter(4)) {
    return 0;
  }
  int32_t code = tvmgen_foo_fused_nn_max_pool2d(a0, a1, a2, a3);
  mtvm_trace_leave(4);
  mtvm_trace_output(4, a1, 64);
  return code;
}

/* foo, call 5 */
int32_t tvmgen_foo_fused_reshape_cast(void *a0, void *a1, void *a2, void *a3);

int32_t mtvm_call_5(void *a0, void *a1, void *a2, void *a3) {
  if (!mtvm_trace_enter(5)) {
    return 0;
  }
  int32_t code = tvmgen_foo_fused_reshape_cast(a0, a1, a2, a3);
  mtvm_trace_leave(5);
  mtvm_trace_output(5, a1, 128);
  return code;
}

/* foo, call 6 */
int32_t tvmgen_foo_fused_nn_contrib_dense_pack_fixed_point_multiply_add_clip_cast(void *a0, void *a1, void *a2, void *a3);

int32_t mtvm_call_6(void *a0, void *a1, void *a2, void *a3) {
  if (!mtvm_trace_enter(6)) {
    return 0;
  }
  int32_t code = tvmgen_foo_fused_nn_contrib_dense_pack_fixed_point_multiply_add_clip_cast(a0, a1, a2, a3);
  mtvm_trace_leave(6);
  mtvm_trace_output(6, a1, 5);
  return code;
}

/* foo, call 7 */
int32_t tvmgen_foo_fused_fixed_point_multiply_add_clip_cast(void *a0, void *a1, void *a2, void *a3);

int32_t mtvm_call_7(void *a0, void *a1, void *a2, void *a3) {
  if (!mtvm_trace_enter(7)) {
    return 0;
  }
  int32_t code = tvmgen_foo_fused_fixed_point_multiply_add_clip_cast(a0, a1, a2, a3);
  mtvm_trace_leave(7);
  mtvm_trace_output(7, a1, 256);
  return code;
}

/* second, call 0 */
int32_t tvmgen_second_fused_cast_subtract(void *a0, void *a1, void *a2, void *a3);

int32_t mtvm_call_8(void *a0, void *a1, void *a2, void *a3) {
  if (!mtvm_trace_enter(8)) {
    return 0;
  }
  int32_t code = tvmgen_second_fused_cast_subtract(a0, a1, a2, a3);
  mtvm_trace_leave(8);
  mtvm_trace_output(8, a1, 384);
  return code;
}

/* second, call 1 */
int32_t tvmgen_second_fused_cast_subtract_1(void *a0, void *a1, void *a2, void *a3);

int32_t mtvm_call_9(void *a0, void *a1, void *a2, void *a3) {
  if (!mtvm_trace_enter(9)) {
    return 0;
  }
  int32_t code = tvmgen_second_fused_cast_subtract_1(a0, a1, a2, a3);
  mtvm_trace_leave(9);
  mtvm_trace_output(9, a1, 384);
  return code;
}

/* second, call 2 */
int32_t tvmgen_second_fused_nn_conv2d_add(void *a0, void *a1, void *a2, void *a3);

int32_t mtvm_call_10(void *a0, void *a1, void *a2, void *a3) {
  if (!mtvm_trace_enter(10)) {
    return 0;
  }
  int32_t code = tvmgen_second_fused_nn_conv2d_add(a0, a1, a2, a3);
  mtvm_trace_leave(10);
  mtvm_trace_output(10, a1, 1024);
  return code;
}

/* second, call 3 */
int32_t tvmgen_second_fused_nn_conv2d_add_fixed_point_multiply_clip_cast(void *a0, void *a1, void *a2, void *a3, void *a4);

int32_t mtvm_call_11(void *a0, void *a1, void *a2, void *a3, void *a4) {
  if (!mtvm_trace_enter(11)) {
    return 0;
  }
  int32_t code = tvmgen_second_fused_nn_conv2d_add_fixed_point_multiply_clip_cast(a0, a1, a2, a3, a4);
  mtvm_trace_leave(11);
  mtvm_trace_output(11, a2, 256);
  return code;
}

/* second, call 4 */
int32_t tvmgen_second_fused_nn_max_pool2d(void *a0, void *a1, void *a2, void *a3);

int32_t mtvm_call_12(void *a0, void *a1, void *a2, void *a3) {
  if (!mtvm_trace_enter(12)) {
    return 0;
  }
  int32_t code = tvmgen_second_fused_nn_max_pool2d(a0, a1, a2, a3);
  mtvm_trace_leave(12);
  mtvm_trace_output(12, a1, 64);
  return code;
}

/* second, call 5 */
int32_t tvmgen_second_fused_reshape_cast(void *a0, void *a1, void *a2, void *a3);

int32_t mtvm_call_13(void *a0, void *a1, void *a2, void *a3) {
  if (!mtvm_trace_enter(13)) {
    return 0;
  }
  int32_t code = tvmgen_second_fused_reshape_cast(a0, a1, a2, a3);
  mtvm_trace_leave(13);
  mtvm_trace_output(13, a1, 128);
  return code;
}

/* second, call 6 */
int32_t tvmgen_second_fused_nn_contrib_dense_pack_fixed_point_multiply_add_clip_cast(void *a0, void *a1, void *a2, void *a3);

int32_t mtvm_call_14(void *a0, void *a1, void *a2, void *a3) {
  if (!mtvm_trace_enter(14)) {
    return 0;
  }
  int32_t code = tvmgen_second_fused_nn_contrib_dense_pack_fixed_point_multiply_add_clip_cast(a0, a1, a2, a3);
  mtvm_trace_leave(14);
  mtvm_trace_output(14, a1, 5);
  return code;
}

/* second, call 7 */
int32_t tvmgen_second_fused_fixed_point_multiply_add_clip_cast(void *a0, void *a1, void *a2, void *a3);

int32_t mtvm_call_15(void *a0, void *a1, void *a2, void *a3) {
  if (!mtvm_trace_enter(15)) {
    return 0;
  }
  int32_t code = tvmgen_second_fused_fixed_point_multiply_add_clip_cast(a0, a1, a2, a3);
  mtvm_trace_leave(15);
  mtvm_trace_output(15, a1, 256);
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
