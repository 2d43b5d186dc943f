/* The receive ring of a `packed` firmware, filled by the UART's interrupt. */
#include "mtvm_config.h"
#include "mtvm_uart.h"

/* NVIC (Armv7-M architecture reference manual, B3.4; the same on v6-M and v8-M). */
#define NVIC_ISER (((volatile uint32_t *)0xE000E100U)[MTVM_UART_IRQ / 32U])
#define NVIC_ICER (((volatile uint32_t *)0xE000E180U)[MTVM_UART_IRQ / 32U])
#define IRQ_BIT (1U << (MTVM_UART_IRQ % 32U))

static inline int ring_poll(void) { return mtvm_uart_poll(); }
static inline void ring_pause(void) { NVIC_ICER = IRQ_BIT; }
static inline void ring_resume(void) { NVIC_ISER = IRQ_BIT; }

#include "common/mtvm_cortex_m.h"
#include "common/mtvm_ring.h"

void mtvm_uart_interrupt(void) { mtvm_ring_fill(); }

void mtvm_receive_ring_init(void) { ring_resume(); }

int mtvm_receive_ring_getc(void) { return mtvm_ring_take(); }
