/* Why a request failed: a text that starts with a named status, MTVM_RPC_E_..., sent to the host as
 * an Exception.
 *
 * One error at a time, in static memory. Texts aren't copied: they must be constants, and live until
 * the error was sent. */
#ifndef MTVM_ERROR_H_
#define MTVM_ERROR_H_

#include <stdbool.h>
#include <stdint.h>

/* The statuses:
 *   MTVM_RPC_E_PACKET     a packet ends too early, or isn't what its code says
 *   MTVM_RPC_E_LENGTH     a packet is longer than the packet buffer
 *   MTVM_RPC_E_BUFFER     its arguments, decoded, don't fit beside it in the packet buffer
 *   MTVM_RPC_E_CODE       an RPC code that a device doesn't serve
 *   MTVM_RPC_E_VERSION    another protocol version
 *   MTVM_RPC_E_TYPE       an argument has another type than the function takes, or isn't served
 *   MTVM_RPC_E_DEVICE     a device that isn't cpu(0)
 *   MTVM_RPC_E_HANDLE     a handle that this firmware didn't give
 *   MTVM_RPC_E_POINTER    memory that isn't inside a tensor of this session
 *   MTVM_RPC_E_SIZE       a tensor has another size than it needs
 *   MTVM_RPC_E_INDEX      there is no tensor of this number
 *   MTVM_RPC_E_HEAP       the tensor heap is full
 *   MTVM_RPC_E_FULL       all time evaluators are in use
 *   MTVM_RPC_E_FUNCTION   there is no function of this name, or it can't be called from a host
 *   MTVM_RPC_E_VALUE      an argument is out of its range
 *   MTVM_RPC_E_MODEL      the model or kernel failed
 * And in log messages: MTVM_RPC_E_CRC, MTVM_RPC_E_FRAME, MTVM_RPC_E_SESSION. */

/* Sets the error. `text` is the status without MTVM_RPC_E_, ": ", and what is wrong. Returns false. */
bool mtvm_fail(const char *text);

/* The same; the '%' in `text` stands for the number. */
bool mtvm_fail_number(const char *text, uint32_t number);

/* The same; each '%' in `text` stands for the next of the numbers. */
bool mtvm_fail_numbers(const char *text, uint32_t a, uint32_t b, uint32_t c);

/* The same; `more` follows `text`. */
bool mtvm_fail_with(const char *text, const char *more);

/* Calls `put` with the pieces of the error's text. Returns its length in bytes; `put` NULL: only
 * that. */
uint32_t mtvm_error_text(void (*put)(const void *bytes, uint32_t count));

#endif
