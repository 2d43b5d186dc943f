/* Reset, vector table and faults for every Cortex-M. */
#include "common/mtvm_fault.h"
#include "common/mtvm_stack.h"
#include "mtvm_config.h"
#include "mtvm_port.h"
#include "mtvm_startup.h"
#ifdef MTVM_UART_IRQ
#include "mtvm_uart.h"
#endif

extern uint32_t mtvm_data_load[];
extern uint32_t mtvm_data_start[];
extern uint32_t mtvm_data_end[];
extern uint32_t mtvm_bss_start[];
extern uint32_t mtvm_bss_end[];

static void start(void) __attribute__((noreturn, used));
static void fault(const uint32_t *frame) __attribute__((noreturn, used));
static void mtvm_fault(void);

typedef union {
  void (*handler)(void);
  uint32_t *stack;
} vector_t;

#define FAULT {.handler = mtvm_fault}
#define SYSTEM_VECTORS 16

#ifdef MTVM_UART_IRQ
#define VECTORS (SYSTEM_VECTORS + MTVM_UART_IRQ + 1)
#else
#define VECTORS SYSTEM_VECTORS
#endif

static const vector_t vectors[VECTORS] __attribute__((section(".vectors"), used)) = {
    {.stack = mtvm_stack_top}, {.handler = mtvm_reset},
    FAULT,                     FAULT, /* NMI, HardFault */
    FAULT,                     FAULT, /* MemManage, BusFault */
    FAULT,                     FAULT, /* UsageFault, SecureFault */
    FAULT,                     FAULT,
    FAULT,                     FAULT,
    FAULT,                     FAULT,
    FAULT,                     {.handler = mtvm_systick},
#ifdef MTVM_UART_IRQ
    [SYSTEM_VECTORS + MTVM_UART_IRQ] = {.handler = mtvm_uart_interrupt}, /* the only one enabled */
#endif
};

/* Without a frame of its own: the FPU (and MVE) must be on before the compiler uses them. */
__attribute__((naked)) void mtvm_reset(void) {
  __asm__ volatile(
#ifdef __ARM_FP
      "ldr r0, =0xE000ED88\n" /* CPACR: full access to CP10 and CP11 */
      "ldr r1, [r0]\n"
      "orr r1, r1, #0xF00000\n"
      "str r1, [r0]\n"
      "dsb\n"
      "isb\n"
#endif
      "ldr r0, =start\n"
      "bx r0\n");
}

static void start(void) {
  mtvm_stack_paint_unused();
  uint32_t *word;
  const uint32_t *load = mtvm_data_load;
  for (word = mtvm_data_start; word < mtvm_data_end; ++word) {
    *word = *load++;
  }
  for (word = mtvm_bss_start; word < mtvm_bss_end; ++word) {
    *word = 0;
  }
  mtvm_port_halt(main());
}

static MTVM_FAULT_HANDLER(mtvm_fault)

static void fault(const uint32_t *frame) {
  mtvm_fault_say(frame);
  mtvm_port_halt(1);
}
