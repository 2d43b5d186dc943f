/* Requests of the host: reads a packet, does what it asks, sends the answer. */
#ifndef MTVM_DISPATCH_H_
#define MTVM_DISPATCH_H_

#include <stdbool.h>
#include <stdint.h>

/* Serves the RPC packet of `length` bytes at `packet`, in memory that goes on up to `end`: what lies
 * behind the packet holds its decoded arguments, and the packet itself is changed. Sends one answer;
 * whatever is wrong with the packet, that is an Exception. Returns false, without an answer, when the
 * host shut its session down. */
bool mtvm_dispatch(uint8_t *packet, uint32_t length, uint8_t *end);

#endif
