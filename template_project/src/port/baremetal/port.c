/* Bare-metal Cortex-M: a UART, SysTick as the clock, a painted stack. */
#include "mtvm_port.h"

#include "common/mtvm_cortex_m.h"
#include "common/mtvm_stack.h"
#include "mtvm_config.h"
#include "mtvm_startup.h"
#include "mtvm_uart.h"

/* SysTick (Armv7-M architecture reference manual, B3.3; the same on v6-M and v8-M). */
#define SYST_CSR (*(volatile uint32_t *)0xE000E010U)
#define SYST_RVR (*(volatile uint32_t *)0xE000E014U)
#define SYST_CVR (*(volatile uint32_t *)0xE000E018U)
#define SYST_RUN_AT_CPU_CLOCK_WITH_INTERRUPT 7U
#define SYST_BITS 24
#define SYST_MAX 0xFFFFFFU

static volatile uint32_t wraps;

void mtvm_systick(void) { ++wraps; }

void mtvm_port_init(void) {
  /* The UART first: QEMU 7.2 looks for input again when the timer starts, else up to 1 s later. */
  mtvm_uart_init();
#ifdef MTVM_RING_BYTES
  mtvm_receive_ring_init();
#endif
  SYST_RVR = SYST_MAX;
  SYST_CVR = 0;
  SYST_CSR = SYST_RUN_AT_CPU_CLOCK_WITH_INTERRUPT;
}

int mtvm_port_getc(void) {
#ifdef MTVM_RING_BYTES
  return mtvm_receive_ring_getc();
#else
  int byte;
  do {
    byte = mtvm_uart_poll();
  } while (byte < 0);
  return byte;
#endif
}

void mtvm_port_putc(char byte) { mtvm_uart_putc(byte); }

uint64_t mtvm_port_clock(void) {
  uint32_t high;
  uint32_t low;
  do { /* again when the interrupt came between the two reads */
    high = wraps;
    low = SYST_CVR;
  } while (high != wraps);
  return ((uint64_t)high << SYST_BITS) + (SYST_MAX - low);
}

#ifdef MTVM_CLOCK_HZ
uint32_t mtvm_port_clock_hz(void) { return MTVM_CLOCK_HZ; }
#endif

uint32_t mtvm_port_ticks(void) { return (uint32_t)mtvm_port_clock(); }

uint32_t mtvm_port_stack_used(void) { return mtvm_stack_used(mtvm_stack_limit, mtvm_stack_top); }

void mtvm_port_halt(int status) { mtvm_stop(status); }
