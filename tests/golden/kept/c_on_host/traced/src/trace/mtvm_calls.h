/* A function for every call of an operator, in the order of the calls: the generated code calls them
 * instead of the operators. Rendered by microtvm-boards. */
#ifndef MTVM_CALLS_H_
#define MTVM_CALLS_H_

#include <stdint.h>

#define MTVM_CALL_COUNT 8
#define MTVM_CALL_MOST_OUTPUTS 1

#ifdef __cplusplus
extern "C" {
#endif

int32_t mtvm_call_0(void *a0, void *a1, void *a2, void *a3);
int32_t mtvm_call_1(void *a0, void *a1, void *a2, void *a3);
int32_t mtvm_call_2(void *a0, void *a1, void *a2, void *a3);
int32_t mtvm_call_3(void *a0, void *a1, void *a2, void *a3, void *a4);
int32_t mtvm_call_4(void *a0, void *a1, void *a2, void *a3);
int32_t mtvm_call_5(void *a0, void *a1, void *a2, void *a3);
int32_t mtvm_call_6(void *a0, void *a1, void *a2, void *a3);
int32_t mtvm_call_7(void *a0, void *a1, void *a2, void *a3);

/* A call of nothing, to measure what the others add. */
int32_t mtvm_call_nothing(void *a, void *b, void *c, void *d);

#ifdef __cplusplus
}
#endif
#endif
