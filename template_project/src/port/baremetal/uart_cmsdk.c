/* Arm CMSDK APB UART (CMSDK technical reference manual, DDI 0479, section 4.3). */
#include "mtvm_uart.h"

#define DATA MTVM_UART_REGISTER(0x00)
#define STATE MTVM_UART_REGISTER(0x04)
#define CTRL MTVM_UART_REGISTER(0x08)
#define INTSTATUS MTVM_UART_REGISTER(0x0C)
#define BAUDDIV MTVM_UART_REGISTER(0x10)

#define STATE_TX_FULL 1U
#define STATE_RX_FULL 2U
#define CTRL_TX_RX_ENABLE 3U
#define CTRL_RX_INTERRUPT 8U
#define INTSTATUS_RX 2U
#define BAUDDIV_MIN 16U /* the smallest that the block allows */

void mtvm_uart_init(void) {
  uint32_t divisor = MTVM_CLOCK_HZ / MTVM_UART_BAUD;
  BAUDDIV = divisor < BAUDDIV_MIN ? BAUDDIV_MIN : divisor;
  /* At once with the receiver: what came before its interrupt would never raise one. */
  CTRL = CTRL_TX_RX_ENABLE | CTRL_RX_INTERRUPT;
  (void)DATA; /* QEMU's read-ahead (platforms/qemu.py) starts with the first read */
}

int mtvm_uart_poll(void) {
  INTSTATUS = INTSTATUS_RX; /* before the byte is taken: the next one sets it again */
  return (STATE & STATE_RX_FULL) == 0 ? -1 : (int)(DATA & 0xFFU);
}

void mtvm_uart_putc(char byte) {
  while ((STATE & STATE_TX_FULL) != 0) {
  }
  DATA = (uint8_t)byte;
}
