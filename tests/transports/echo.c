/* Firmware for mps2-an385: says "hi\n" at once, then echoes; byte 4 ends with status 5. */
#include <stdint.h>

#define UART(offset) (*(volatile uint32_t *)(0x40004000U + (offset)))

static void put(uint32_t byte) {
  while (UART(4) & 1U) {
  }
  UART(0) = byte;
}

static void reset(void) {
  UART(0x10) = 16; /* BAUDDIV */
  UART(0x08) = 3;  /* CTRL: transmit, receive */
  (void)UART(0);   /* makes QEMU 7.2 look for input now and not only after up to a second */
  put('h');
  put('i');
  put('\n');
  for (;;) {
    while (!(UART(4) & 2U)) {
    }
    uint32_t byte = UART(0);
    if (byte == 4U) {
      volatile uint32_t block[2];
      block[0] = 0x20026U; /* ADP_Stopped_ApplicationExit */
      block[1] = 5;
      register uint32_t operation __asm__("r0") = 0x20U; /* SYS_EXIT_EXTENDED */
      register volatile uint32_t *argument __asm__("r1") = block;
      __asm__ volatile("bkpt 0xab" : "+r"(operation) : "r"(argument) : "memory");
    }
    put(byte);
  }
}

__attribute__((section(".vectors"), used)) static void (*const vectors[])(void) = {
    (void (*)(void))0x20001000, reset};
