/* STM32 with ST's HAL: start, stop, faults, the painted stack. */
#include "mtvm_port.h"

#include "common/mtvm_cortex_m.h"
#include "common/mtvm_fault.h"
#include "common/mtvm_stack.h"
#include "mtvm_stm32.h"

/* ST's start-up code calls main(), which the linker turns into this (-Wl,--wrap=main). */
int __wrap_main(void) __attribute__((noreturn));
int __real_main(void);

int __wrap_main(void) {
  mtvm_stack_paint_unused();
  mtvm_port_halt(__real_main());
}

/* newlib's __libc_init_array calls it before constructors; it is for a section that isn't used. */
void _init(void);
void _init(void) {}

#ifdef MTVM_STM32_BOOT_MESSAGE
static void put_text(const char *text) {
  while (*text != '\0') {
    mtvm_port_putc(*text++);
  }
}

static void put_number(uint32_t number) {
  char text[11]; /* 2^32 - 1 has ten digits */
  char *digit = &text[sizeof text - 1];
  *digit = '\0';
  do {
    *--digit = (char)('0' + number % 10);
    number /= 10;
  } while (number > 0);
  put_text(digit);
}
#endif

void mtvm_port_init(void) {
  (void)HAL_Init();
  const char *clock = mtvm_stm32_clock_init();
  mtvm_stm32_uart_init();
  const char *timer = mtvm_stm32_timer_init();
#ifdef MTVM_STM32_BOOT_MESSAGE
  put_text("clock ");
  put_number(SystemCoreClock);
  put_text(" Hz from ");
  put_text(clock);
  put_text(", timer ");
  put_text(timer);
  mtvm_port_putc('\n');
#else
  (void)clock;
  (void)timer;
#endif
}

int mtvm_port_getc(void) { return mtvm_stm32_uart_getc(); }

void mtvm_port_putc(char byte) { mtvm_stm32_uart_putc(byte); }

uint32_t mtvm_port_stack_used(void) { return mtvm_stack_used(mtvm_stack_limit, mtvm_stack_top); }

void mtvm_port_halt(int status) {
  if (mtvm_stm32_uart_ready()) {
    mtvm_stm32_uart_flush();
  }
  mtvm_stop(status);
}

static void fault(const uint32_t *frame) __attribute__((noreturn, used));

static void fault(const uint32_t *frame) {
  if (mtvm_stm32_uart_ready()) {
    mtvm_fault_say(frame);
  }
  mtvm_port_halt(1);
}

MTVM_FAULT_HANDLER(HardFault_Handler)

void MemManage_Handler(void) __attribute__((alias("HardFault_Handler")));
void BusFault_Handler(void) __attribute__((alias("HardFault_Handler")));
void UsageFault_Handler(void) __attribute__((alias("HardFault_Handler")));
