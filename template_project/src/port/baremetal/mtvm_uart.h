/* A UART driver of the bare-metal port; MTVM_UART_BASE comes from the board file. */
#ifndef MTVM_UART_H_
#define MTVM_UART_H_

#include <stdint.h>

#include "mtvm_config.h"

#define MTVM_UART_REGISTER(offset) (*(volatile uint32_t *)(MTVM_UART_BASE + (offset)))

void mtvm_uart_init(void); /* with its interrupt for received bytes on */
int mtvm_uart_poll(void); /* the next byte, or -1: there is none */
void mtvm_uart_putc(char byte);

#ifdef MTVM_RING_BYTES
/* The receive ring (receive_ring.c) and its interrupt, in the vector table. */
void mtvm_receive_ring_init(void);
int mtvm_receive_ring_getc(void); /* waits */
void mtvm_uart_interrupt(void);
#endif

#endif
