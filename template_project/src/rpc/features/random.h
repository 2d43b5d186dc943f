/* Random tensors, for tuning. */
#ifndef MTVM_RANDOM_H_
#define MTVM_RANDOM_H_

#include "calls/call.h"

/* tvm.contrib.random.random_fill(tensor): any bytes for integers, 0 or 1 for bool, and for floats
 * ordinary positive numbers up to 2. The same sequence after every reset. */
bool mtvm_random_fill(mtvm_call_t *call, uint32_t index);

#endif
