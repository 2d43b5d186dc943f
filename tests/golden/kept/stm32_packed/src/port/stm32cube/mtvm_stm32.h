/* Board netduinoplus2 (STM32F405RG), rendered from its board file, and what the files of the
 * port share. */
#ifndef MTVM_STM32_H_
#define MTVM_STM32_H_

#include <stdint.h>

#include "mtvm_config.h"
#include "stm32f4xx_hal.h"

/* The UART of the port and its pins. */
#define MTVM_STM32_UART USART1
#define MTVM_STM32_UART_IRQ USART1_IRQn
#define MTVM_STM32_UART_HANDLER USART1_IRQHandler
#define MTVM_STM32_UART_CLOCK_ENABLE() __HAL_RCC_USART1_CLK_ENABLE()
#define MTVM_STM32_RECEIVE DR
#define MTVM_STM32_TRANSMIT DR
#define MTVM_STM32_TX_PORT GPIOA
#define MTVM_STM32_TX_PIN GPIO_PIN_9
#define MTVM_STM32_TX_CLOCK_ENABLE() __HAL_RCC_GPIOA_CLK_ENABLE()
#define MTVM_STM32_RX_PORT GPIOA
#define MTVM_STM32_RX_PIN GPIO_PIN_10
#define MTVM_STM32_RX_CLOCK_ENABLE() __HAL_RCC_GPIOA_CLK_ENABLE()
#define MTVM_STM32_RX_MODE GPIO_MODE_AF_PP
#define MTVM_STM32_ALTERNATE 7U


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
