/* What mtvm_calls.h.j2 is rendered to for a model of three operators. */
#ifndef MTVM_CALLS_H_
#define MTVM_CALLS_H_

#include <stdint.h>

#define MTVM_CALL_COUNT 3
#define MTVM_CALL_MOST_OUTPUTS 2

int32_t mtvm_call_nothing(void *a, void *b, void *c, void *d);

#endif
