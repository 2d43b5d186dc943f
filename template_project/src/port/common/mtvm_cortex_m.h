/* What every Cortex-M does alike: interrupts on and off, sleep, stop. */
#ifndef MTVM_CORTEX_M_H_
#define MTVM_CORTEX_M_H_

#include <stdint.h>

#include "mtvm_config.h"

/* Semihosting for AArch32 and AArch64 (Arm, IHI 0100), SYS_EXIT_EXTENDED. */
#define MTVM_SEMIHOSTING_EXIT_EXTENDED 0x20
#define MTVM_SEMIHOSTING_APPLICATION_EXIT 0x20026U

static inline void mtvm_interrupts_off(void) { __asm__ volatile("cpsid i" ::: "memory"); }

static inline void mtvm_interrupts_on(void) { __asm__ volatile("cpsie i" ::: "memory"); }

/* While they are off: those that wait come now. */
static inline void mtvm_interrupts_let_in(void) {
  __asm__ volatile("cpsie i\n\tisb\n\tcpsid i" ::: "memory");
}

/* Until an interrupt waits, also while they are off. */
static inline void mtvm_sleep(void) { __asm__ volatile("wfi" ::: "memory"); }

#define MTVM_SCB_AIRCR (*(volatile uint32_t *)0xE000ED0CU)
#define MTVM_AIRCR_RESET 0x05FA0004U /* key, SYSRESETREQ */

/* Ends the program; an emulator exits with `status`. Firmware of kernels alone starts anew, since one
 * of them crashed: nobody has to walk to the board. */
__attribute__((noreturn)) static inline void mtvm_stop(int status) {
#ifdef MTVM_SEMIHOSTING
  const uintptr_t block[2] = {MTVM_SEMIHOSTING_APPLICATION_EXIT, (uintptr_t)status};
  register int operation __asm__("r0") = MTVM_SEMIHOSTING_EXIT_EXTENDED;
  register const uintptr_t *argument __asm__("r1") = block;
  __asm__ volatile("bkpt 0xab" : "+r"(operation) : "r"(argument) : "memory");
#elif MTVM_MODEL_COUNT == 0
  (void)status;
  MTVM_SCB_AIRCR = MTVM_AIRCR_RESET;
#else
  (void)status;
#endif
  for (;;) {
    mtvm_sleep();
  }
}

#endif
