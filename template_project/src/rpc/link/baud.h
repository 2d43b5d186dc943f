/* A higher rate of the UART, from the host's request to the way back.
 *
 * The answer to the request still goes out at the old rate. The boot rate returns when the session
 * ends, and on whatever looks like a host at another rate: no good frame within a second of the
 * switch, a frame that stands still for a second, or bytes and frames that make no sense, without a
 * good frame between them. All of it is judged when a byte comes: whoever is silent needs no rate. */
#ifndef MTVM_BAUD_H_
#define MTVM_BAUD_H_

#include <stdbool.h>
#include <stdint.h>

#include "link/link.h"

/* Takes a request: from `mtvm_baud_answered` on the rate is `rate` bits per second. False with the
 * error set for one below the boot rate. */
bool mtvm_baud_ask(int64_t rate);

/* The answer is with the UART: switches where it was asked for. */
void mtvm_baud_answered(void);

/* Back to the boot rate; harmless when it is that. */
void mtvm_baud_reset(void);

/* Before a byte is decoded; `in_frame`: it would go on with a frame. True: the boot rate is back, and
 * that frame is to be forgotten. */
bool mtvm_baud_before(bool in_frame);

/* After a byte was decoded to `event`; `in_frame`: a frame is going on. True as above. */
bool mtvm_baud_after(mtvm_link_event_t event, bool in_frame);

#endif
