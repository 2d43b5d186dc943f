/* The RPC server: bytes in, answers out. Owns the packet buffer and the one session. */
#ifndef MTVM_SERVER_H_
#define MTVM_SERVER_H_

#include <stdint.h>

/* Tells the host that this device has started. */
void mtvm_server_start(void);

/* Takes the next byte of the line; answers the packet that it completes before it returns. */
void mtvm_server_take(uint8_t byte);

#endif
