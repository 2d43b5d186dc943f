/* A higher rate of the line, where the UART can (MTVM_HAS_BAUD). */
#ifndef MTVM_SET_BAUD_H_
#define MTVM_SET_BAUD_H_

#include "calls/call.h"

/* mtvm.set_baud(bits per second): the line's rate after this answer, see link/baud.h */
bool mtvm_set_baud(mtvm_call_t *call, uint32_t index);

#endif
