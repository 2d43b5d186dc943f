/* The only door to the hardware: bytes in, bytes out, time, halt. One folder a platform. */
#ifndef MTVM_PORT_H_
#define MTVM_PORT_H_

#include <stdint.h>

/* Sets up the UART and the clock. Call it first. */
void mtvm_port_init(void);

/* The next byte, 0 to 255; waits for it. -1: the other side is gone for good (host only). */
int mtvm_port_getc(void);

/* Sends one byte; waits until there is room. */
void mtvm_port_putc(char byte);

#ifdef MTVM_HAS_BAUD
/* Sends and receives at `baud` bits per second, once all that was put has gone out. Not 0: the UART
 * can't, and keeps its rate. For RPC, on platforms whose mtvm_config.h defines MTVM_HAS_BAUD. */
int mtvm_port_set_baud(uint32_t baud);
#endif

/* A free-running clock: processor cycles on bare metal, microseconds on the host. Wraps. */
uint32_t mtvm_port_ticks(void);

/* The same, fine and wide enough to measure anything: mtvm_port_clock_hz() steps a second. */
uint64_t mtvm_port_clock(void);
uint32_t mtvm_port_clock_hz(void);

/* The most stack that was in use since reset, in bytes; 0 where it isn't measured. */
uint32_t mtvm_port_stack_used(void);

/* Stops for good. An emulator or the host exits with `status`. */
void mtvm_port_halt(int status) __attribute__((noreturn));

#endif
