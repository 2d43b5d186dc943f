/* Reset and vector table of an LM3S. */
#include "common/mtvm_stack.h"
#include "mtvm_port.h"

extern uint32_t mtvm_data_load[];
extern uint32_t mtvm_data_start[];
extern uint32_t mtvm_data_end[];
extern uint32_t mtvm_bss_start[];
extern uint32_t mtvm_bss_end[];

int main(void);
void mtvm_systick(void);
void mtvm_reset(void) __attribute__((noreturn));

static void fault(void) { mtvm_port_halt(1); }

typedef union {
  void (*handler)(void);
  uint32_t *stack;
} vector_t;

/* The names are those by which microtvm-boards finds what runs when. */
static const vector_t vectors[16] __attribute__((section(".vectors"), used)) = {
    {.stack = mtvm_stack_top}, {.handler = mtvm_reset}, {.handler = fault}, {.handler = fault},
    {.handler = fault},        {.handler = fault},      {.handler = fault},
    [15] = {.handler = mtvm_systick},
};

static void start(void) __attribute__((noreturn, noinline));

static void start(void) {
  const uint32_t *load = mtvm_data_load;
  uint32_t *word;
  uint32_t *top;
  __asm__ volatile("mov %0, sp" : "=r"(top));
  mtvm_stack_paint(mtvm_stack_limit, top);
  for (word = mtvm_data_start; word < mtvm_data_end; ++word) {
    *word = *load++;
  }
  for (word = mtvm_bss_start; word < mtvm_bss_end; ++word) {
    *word = 0;
  }
  mtvm_port_halt(main());
}

void mtvm_reset(void) { start(); }
