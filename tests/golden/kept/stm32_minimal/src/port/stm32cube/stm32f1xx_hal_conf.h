/* Configuration of ST's HAL for board stm32vldiscovery: the modules that the port uses. A module that
 * your own code needs: enable it here, and add it to MTVM_STM32_MODULES in cmake/stm32_board.cmake. */
#ifndef MTVM_HAL_CONF_H_
#define MTVM_HAL_CONF_H_

#include <stdint.h>

#define HAL_MODULE_ENABLED
#define HAL_RCC_MODULE_ENABLED
#define HAL_GPIO_MODULE_ENABLED
#define HAL_DMA_MODULE_ENABLED
#define HAL_CORTEX_MODULE_ENABLED
#define HAL_FLASH_MODULE_ENABLED
#define HAL_PWR_MODULE_ENABLED
#define HAL_UART_MODULE_ENABLED

/* Oscillators in Hz, time-outs in ms. */
#ifndef HSE_VALUE
#define HSE_VALUE 8000000U
#endif
#ifndef HSE_STARTUP_TIMEOUT
#define HSE_STARTUP_TIMEOUT 100U
#endif
#ifndef LSE_VALUE
#define LSE_VALUE 32768U
#endif
#ifndef LSE_STARTUP_TIMEOUT
#define LSE_STARTUP_TIMEOUT 5000U
#endif
#ifndef VDD_VALUE
#define VDD_VALUE 3300U
#endif
#ifndef TICK_INT_PRIORITY
#define TICK_INT_PRIORITY 15U
#endif
#ifndef USE_RTOS
#define USE_RTOS 0U
#endif
#ifndef HSI_VALUE
#define HSI_VALUE 8000000U
#endif
#ifndef LSI_VALUE
#define LSI_VALUE 40000U
#endif
#ifndef PREFETCH_ENABLE
#define PREFETCH_ENABLE 1U
#endif

#define assert_param(expression) ((void)0U)

#include "stm32f1xx_hal_rcc.h"
#include "stm32f1xx_hal_gpio.h"
#include "stm32f1xx_hal_dma.h"
#include "stm32f1xx_hal_cortex.h"
#include "stm32f1xx_hal_flash.h"
#include "stm32f1xx_hal_pwr.h"
#include "stm32f1xx_hal_uart.h"

#endif
