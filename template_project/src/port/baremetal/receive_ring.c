/* Received bytes of a `packed` firmware: the UART's interrupt puts them into a ring, so that none is
 * lost while a model runs. When the ring is full the interrupt stays off until there is room: an
 * emulated line waits then, a real one loses bytes, which the frames' CRC tells. */
#include "mtvm_config.h"
#include "mtvm_startup.h"
#include "mtvm_uart.h"

/* NVIC (Armv7-M architecture reference manual, B3.4; the same on v6-M and v8-M). */
#define NVIC_ISER (((volatile uint32_t *)0xE000E100U)[MTVM_UART_IRQ / 32U])
#define NVIC_ICER (((volatile uint32_t *)0xE000E180U)[MTVM_UART_IRQ / 32U])
#define IRQ_BIT (1U << (MTVM_UART_IRQ % 32U))

#define WAIT_FOR_INTERRUPT() __asm__ volatile("wfi" ::: "memory")
#define INTERRUPTS_OFF() __asm__ volatile("cpsid i" ::: "memory")
#define INTERRUPTS_ON() __asm__ volatile("cpsie i" ::: "memory")

static uint8_t ring[MTVM_RING_BYTES] MTVM_NOINIT;
static volatile uint32_t head; /* written by the interrupt only */
static volatile uint32_t tail; /* read from here, by the main program only */

static uint32_t after(uint32_t index) { return index + 1 == sizeof ring ? 0 : index + 1; }

void mtvm_uart_interrupt(void) {
  for (;;) {
    uint32_t next = after(head);
    if (next == tail) {
      NVIC_ICER = IRQ_BIT;
      return;
    }
    int byte = mtvm_uart_poll();
    if (byte < 0) {
      return;
    }
    ring[head] = (uint8_t)byte;
    head = next;
  }
}

void mtvm_receive_ring_init(void) { NVIC_ISER = IRQ_BIT; }

int mtvm_receive_ring_getc(void) {
  INTERRUPTS_OFF(); /* the processor wakes up nevertheless, and none comes between check and sleep */
  while (head == tail) {
    WAIT_FOR_INTERRUPT();
    INTERRUPTS_ON();
    __asm__ volatile("isb" ::: "memory");
    INTERRUPTS_OFF();
  }
  INTERRUPTS_ON();
  int byte = ring[tail];
  tail = after(tail);
  NVIC_ISER = IRQ_BIT;
  return byte;
}
