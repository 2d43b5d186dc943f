/* A UART driver of the bare-metal port; MTVM_UART_BASE comes from the board file. */
#ifndef MTVM_UART_H_
#define MTVM_UART_H_

#include <stdint.h>

#include "mtvm_config.h"

#define MTVM_UART_REGISTER(offset) (*(volatile uint32_t *)(MTVM_UART_BASE + (offset)))

void mtvm_uart_init(void);
int mtvm_uart_getc(void); /* waits */
void mtvm_uart_putc(char byte);

#endif
