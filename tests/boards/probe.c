/* Asks a machine what its board file claims: memories, UART, receive interrupt, clock.
 * The claims come as macros from test_boards_in_qemu.py. Needs no libc and no .data.
 * The exit status is 0 or the first claim that is wrong; a fault ends with WRONG_FAULT.
 */
#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))

enum {
  WRONG_SYSTICK = 1,
  WRONG_INTERRUPT = 2,
  WRONG_ECHO = 3,
  WRONG_FAULT = 9,
  WRONG_MEMORY = 10, /* plus its index */
};

struct memory {
  uint32_t first;
  uint32_t last;
  int is_ram;
};
static const struct memory memories[] = {MEMORIES};

extern uint32_t stack_top;

static void finish(uint32_t status) {
  volatile uint32_t block[2];
  block[0] = 0x20026U; /* ADP_Stopped_ApplicationExit */
  block[1] = status;
  register uint32_t operation __asm__("r0") = 0x20U; /* SYS_EXIT_EXTENDED */
  register volatile uint32_t *argument __asm__("r1") = block;
  __asm__ volatile("bkpt 0xab" : "+r"(operation) : "r"(argument) : "memory");
  for (;;) {
  }
}

static void fault(void) { finish(WRONG_FAULT); }

static void check_memories(void) {
  for (uint32_t i = 0; i < sizeof memories / sizeof memories[0]; ++i) {
    const uint32_t ends[2] = {memories[i].first, memories[i].last};
    for (int end = 0; end < 2; ++end) {
      const uint32_t before = REGISTER(ends[end]);
      if (memories[i].is_ram) {
        REGISTER(ends[end]) = ~before;
        if (REGISTER(ends[end]) != ~before) {
          finish(WRONG_MEMORY + i);
        }
        REGISTER(ends[end]) = before;
      }
    }
  }
}

/* -icount shift=6: one instruction, 64 ns. */
static void check_systick(void) {
  uint32_t left = 50000; /* two instructions each: 6.4 ms */
  const uint32_t expected = (uint32_t)((uint64_t)CLOCK_HZ / 10000U) * 64U;
  REGISTER(0xE000E014U) = 0xFFFFFFU;
  REGISTER(0xE000E018U) = 0;
  REGISTER(0xE000E010U) = 5; /* enabled, processor clock */
  const uint32_t start = REGISTER(0xE000E018U);
  __asm__ volatile(".syntax unified\n1: subs %0, #1\n bne 1b" : "+l"(left) : : "cc");
  const uint32_t ticks = (start - REGISTER(0xE000E018U)) & 0xFFFFFFU;
  if (ticks < expected || ticks > expected + expected / 1000U) {
    finish(WRONG_SYSTICK);
  }
}

static int interrupt_pending(void) {
  return (int)((REGISTER(0xE000E200U + 4U * (UART_IRQ / 32U)) >> (UART_IRQ % 32U)) & 1U);
}

#ifdef UART_CMSDK
static void uart_init(void) {
  REGISTER(UART_BASE + 0x10U) = 16;  /* BAUDDIV */
  REGISTER(UART_BASE + 0x08U) = 0xB; /* CTRL: transmit, receive, receive interrupt */
}
static int uart_has_byte(void) { return (REGISTER(UART_BASE + 0x04U) & 2U) != 0; }
static uint32_t uart_read(void) { return REGISTER(UART_BASE); }
static void uart_write(uint32_t byte) { REGISTER(UART_BASE) = byte; }
#endif
#ifdef UART_NRF51
static void uart_init(void) {
  REGISTER(UART_BASE + 0x500U) = 4; /* ENABLE; QEMU ignores what is written before it */
  REGISTER(UART_BASE + 0x304U) = 4; /* INTENSET: RXDRDY */
  REGISTER(UART_BASE + 0x008U) = 1; /* STARTTX */
  REGISTER(UART_BASE + 0x000U) = 1; /* STARTRX */
}
static int uart_has_byte(void) { return REGISTER(UART_BASE + 0x108U) != 0; }
static uint32_t uart_read(void) { return REGISTER(UART_BASE + 0x518U); }
static void uart_write(uint32_t byte) { REGISTER(UART_BASE + 0x51CU) = byte; }
#endif

static void check_uart(void) {
  uart_init();
  if (interrupt_pending()) {
    finish(WRONG_INTERRUPT);
  }
  uart_write('?'); /* the test sends nothing before: a byte that came early would look pending */
  while (!uart_has_byte()) {
  }
  if (!interrupt_pending()) {
    finish(WRONG_INTERRUPT);
  }
  uart_write(uart_read() + 1U);
}

static void reset(void) {
  check_memories();
  check_systick();
  check_uart();
  finish(0);
}

typedef void (*handler)(void);
/* From 4 on v7-M and v8-M; a HardFault is all that v6-M has. */
__attribute__((section(".vectors"), used)) static const handler vectors[16] = {
    (handler)&stack_top, reset, fault, fault, fault, fault, fault, fault};
