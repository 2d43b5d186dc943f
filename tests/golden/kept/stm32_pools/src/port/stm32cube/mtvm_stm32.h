/* Board nucleo_h743zi (STM32H743ZI), rendered from its board file, and what the files of the
 * port share. */
#ifndef MTVM_STM32_H_
#define MTVM_STM32_H_

#include <stdint.h>

#include "mtvm_config.h"
#include "stm32h7xx_hal.h"

/* The UART of the port and its pins. */
#define MTVM_STM32_UART USART3
#define MTVM_STM32_UART_IRQ USART3_IRQn
#define MTVM_STM32_UART_HANDLER USART3_IRQHandler
#define MTVM_STM32_UART_CLOCK_ENABLE() __HAL_RCC_USART3_CLK_ENABLE()
#define MTVM_STM32_RECEIVE RDR
#define MTVM_STM32_TRANSMIT TDR
#define MTVM_STM32_TX_PORT GPIOD
#define MTVM_STM32_TX_PIN GPIO_PIN_8
#define MTVM_STM32_TX_CLOCK_ENABLE() __HAL_RCC_GPIOD_CLK_ENABLE()
#define MTVM_STM32_RX_PORT GPIOD
#define MTVM_STM32_RX_PIN GPIO_PIN_9
#define MTVM_STM32_RX_CLOCK_ENABLE() __HAL_RCC_GPIOD_CLK_ENABLE()
#define MTVM_STM32_RX_MODE GPIO_MODE_AF_PP
#define MTVM_STM32_ALTERNATE 7U

/* Bytes that the UART may receive unread, and a line about the clock before the greeting. */
#define MTVM_RING_BYTES 64
#define MTVM_STM32_BOOT_MESSAGE

/* Clocks the processor as fast as the board can; says from what. SystemCoreClock is the result. */
const char *mtvm_stm32_clock_init(void);

/* Finds the finest counter that runs; says which. */
const char *mtvm_stm32_timer_init(void);
void mtvm_stm32_timer_tick(void); /* each ms */

void mtvm_stm32_uart_init(void);
int mtvm_stm32_uart_ready(void); /* whether it was set up */
int mtvm_stm32_uart_getc(void);  /* waits */
void mtvm_stm32_uart_putc(char byte);
void mtvm_stm32_uart_flush(void); /* waits until all is sent */

/* Handlers in ST's vector table. */
void SysTick_Handler(void);
void HardFault_Handler(void);
void MemManage_Handler(void);
void BusFault_Handler(void);
void UsageFault_Handler(void);
void MTVM_STM32_UART_HANDLER(void);

#endif
