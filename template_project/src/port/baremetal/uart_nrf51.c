/* nRF51 UART (nRF51 Series Reference Manual v3.0, chapter 29). */
#include "mtvm_uart.h"

#define STARTRX MTVM_UART_REGISTER(0x000)
#define STARTTX MTVM_UART_REGISTER(0x008)
#define RXDRDY MTVM_UART_REGISTER(0x108)
#define TXDRDY MTVM_UART_REGISTER(0x11C)
#define INTENSET MTVM_UART_REGISTER(0x304)
#define ENABLE MTVM_UART_REGISTER(0x500)
#define PSELTXD MTVM_UART_REGISTER(0x50C)
#define PSELRXD MTVM_UART_REGISTER(0x514)
#define RXD MTVM_UART_REGISTER(0x518)
#define TXD MTVM_UART_REGISTER(0x51C)
#define BAUDRATE MTVM_UART_REGISTER(0x524)

#define ENABLE_UART 4U
#define INTERRUPT_RXDRDY 4U
/* The register counts in steps of 16 MHz / 2^32, rounded as the manual's table of rates. */
#define BAUDRATE_OF(baud) ((uint32_t)((((uint64_t)(baud) << 32) / 16000000U + 0x800U) & 0xFFFFF000U))
/* micro:bit: the USB interface chip is on P0.24 (TX) and P0.25 (RX). */
#define PIN_TX 24U
#define PIN_RX 25U

void mtvm_uart_init(void) {
  PSELTXD = PIN_TX;
  PSELRXD = PIN_RX;
  BAUDRATE = BAUDRATE_OF(MTVM_UART_BAUD);
  ENABLE = ENABLE_UART;
  INTENSET = INTERRUPT_RXDRDY;
  STARTTX = 1;
  STARTRX = 1;
}

int mtvm_uart_poll(void) {
  if (RXDRDY == 0) {
    return -1;
  }
  RXDRDY = 0;
  return (int)(RXD & 0xFFU);
}

void mtvm_uart_putc(char byte) {
  TXD = (uint8_t)byte;
  while (TXDRDY == 0) {
  }
  TXDRDY = 0;
}
