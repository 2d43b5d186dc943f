/* The UART. The HAL sets it up; bytes go through its registers. Where there is a ring
 * (MTVM_RING_BYTES) the interrupt fills it. */
#include "mtvm_stm32.h"

#include "common/mtvm_cortex_m.h"
#include "mtvm_port.h"

static UART_HandleTypeDef uart;

static void pins_init(void) {
  GPIO_InitTypeDef pin = {0};
#ifdef MTVM_STM32_PORT_POWER
  MTVM_STM32_PORT_POWER();
#endif
  MTVM_STM32_TX_CLOCK_ENABLE();
  MTVM_STM32_RX_CLOCK_ENABLE();
  pin.Pull = GPIO_PULLUP;
  pin.Speed = GPIO_SPEED_FREQ_HIGH;
#ifdef MTVM_STM32_ALTERNATE
  pin.Alternate = MTVM_STM32_ALTERNATE;
#endif
  pin.Mode = GPIO_MODE_AF_PP;
  pin.Pin = MTVM_STM32_TX_PIN;
  HAL_GPIO_Init(MTVM_STM32_TX_PORT, &pin);
  pin.Mode = MTVM_STM32_RX_MODE;
  pin.Pin = MTVM_STM32_RX_PIN;
  HAL_GPIO_Init(MTVM_STM32_RX_PORT, &pin);
}

void mtvm_stm32_uart_init(void) {
  pins_init();
  MTVM_STM32_UART_CLOCK_ENABLE();
  uart.Instance = MTVM_STM32_UART;
  uart.Init.BaudRate = MTVM_UART_BAUD;
  uart.Init.WordLength = UART_WORDLENGTH_8B;
  uart.Init.StopBits = UART_STOPBITS_1;
  uart.Init.Parity = UART_PARITY_NONE;
  uart.Init.Mode = UART_MODE_TX_RX;
  uart.Init.HwFlowCtl = UART_HWCONTROL_NONE;
  uart.Init.OverSampling = UART_OVERSAMPLING_16;
  (void)HAL_UART_Init(&uart);
#ifdef MTVM_RING_BYTES
  HAL_NVIC_SetPriority(MTVM_STM32_UART_IRQ, 0, 0); /* before SysTick: it is the one in a hurry */
  HAL_NVIC_EnableIRQ(MTVM_STM32_UART_IRQ);
  __HAL_UART_ENABLE_IT(&uart, UART_IT_RXNE);
#endif
}

int mtvm_stm32_uart_ready(void) { return uart.Instance != NULL; }

void mtvm_stm32_uart_putc(char byte) {
  while (!__HAL_UART_GET_FLAG(&uart, UART_FLAG_TXE)) {
  }
  MTVM_STM32_UART->MTVM_STM32_TRANSMIT = (uint8_t)byte;
}

void mtvm_stm32_uart_flush(void) {
  while (!__HAL_UART_GET_FLAG(&uart, UART_FLAG_TC)) {
  }
}

#ifdef MTVM_HAS_BAUD
#define LEAST_DIVIDER 16U /* of the UART's clock: so often a bit is sampled */

int mtvm_port_set_baud(uint32_t baud) {
  uint32_t before = uart.Init.BaudRate;
  mtvm_stm32_uart_flush();
  HAL_NVIC_DisableIRQ(MTVM_STM32_UART_IRQ);
  uart.Init.BaudRate = baud;
  /* Not every family's HAL refuses what the divider can't be. */
  int status = HAL_UART_Init(&uart) == HAL_OK && MTVM_STM32_UART->BRR >= LEAST_DIVIDER ? 0 : -1;
  if (status != 0) {
    uart.Init.BaudRate = before;
    (void)HAL_UART_Init(&uart);
  }
  __HAL_UART_ENABLE_IT(&uart, UART_IT_RXNE);
  HAL_NVIC_EnableIRQ(MTVM_STM32_UART_IRQ);
  return status;
}
#endif

/* The next byte, or -1: there is none. */
static int poll(void) {
  if (__HAL_UART_GET_FLAG(&uart, UART_FLAG_RXNE)) {
    return (int)(MTVM_STM32_UART->MTVM_STM32_RECEIVE & 0xFFU);
  }
  if (__HAL_UART_GET_FLAG(&uart, UART_FLAG_ORE)) { /* bytes were lost; else it asks for ever */
    __HAL_UART_CLEAR_OREFLAG(&uart);
  }
  return -1;
}

#ifdef MTVM_RING_BYTES

static inline int ring_poll(void) { return poll(); }

/* Not RXNEIE: QEMU's UART would keep its line up, and the handler would run for ever. */
static inline void ring_pause(void) { HAL_NVIC_DisableIRQ(MTVM_STM32_UART_IRQ); }

static inline void ring_resume(void) {
  __HAL_UART_ENABLE_IT(&uart, UART_IT_RXNE); /* makes QEMU's look again for a byte that waits */
  HAL_NVIC_EnableIRQ(MTVM_STM32_UART_IRQ);
}

#include "common/mtvm_ring.h"

void MTVM_STM32_UART_HANDLER(void) { mtvm_ring_fill(); }

int mtvm_stm32_uart_getc(void) { return mtvm_ring_take(); }

#else

int mtvm_stm32_uart_getc(void) {
  int byte;
  do {
    byte = poll();
  } while (byte < 0);
  return byte;
}

#endif
