/* The clock of board netduinoplus2: HSE, then HSI through the PLL, else what runs after reset.
 * A dead crystal costs a tenth of a second, and nothing waits for ever: an emulator without clocks
 * starts, too. Dividers are chosen by microtvm_boards/platforms/stm32cube/clock.py. */
#include "mtvm_stm32.h"

/* 168000000 Hz. */
static HAL_StatusTypeDef from_hse(void) {
  RCC_OscInitTypeDef oscillator = {0};
  oscillator.OscillatorType = RCC_OSCILLATORTYPE_HSE;
  oscillator.HSEState = RCC_HSE_ON;
  oscillator.PLL.PLLState = RCC_PLL_ON;
  oscillator.PLL.PLLSource = RCC_PLLSOURCE_HSE;
  oscillator.PLL.PLLM = 25;
  oscillator.PLL.PLLN = 336;
  oscillator.PLL.PLLP = RCC_PLLP_DIV2;
  oscillator.PLL.PLLQ = 7;
  HAL_StatusTypeDef status = HAL_RCC_OscConfig(&oscillator);
  if (status != HAL_OK) {
    return status;
  }
  RCC_ClkInitTypeDef buses = {0};
  buses.ClockType = RCC_CLOCKTYPE_SYSCLK | RCC_CLOCKTYPE_HCLK | RCC_CLOCKTYPE_PCLK1 | RCC_CLOCKTYPE_PCLK2;
  buses.SYSCLKSource = RCC_SYSCLKSOURCE_PLLCLK;
  buses.AHBCLKDivider = RCC_SYSCLK_DIV1;
  buses.APB1CLKDivider = RCC_HCLK_DIV4;
  buses.APB2CLKDivider = RCC_HCLK_DIV2;
  return HAL_RCC_ClockConfig(&buses, FLASH_LATENCY_5);
}

/* 168000000 Hz. */
static HAL_StatusTypeDef from_hsi(void) {
  RCC_OscInitTypeDef oscillator = {0};
  oscillator.OscillatorType = RCC_OSCILLATORTYPE_HSI;
  oscillator.HSIState = RCC_HSI_ON;
  oscillator.HSICalibrationValue = RCC_HSICALIBRATION_DEFAULT;
  oscillator.PLL.PLLState = RCC_PLL_ON;
  oscillator.PLL.PLLSource = RCC_PLLSOURCE_HSI;
  oscillator.PLL.PLLM = 8;
  oscillator.PLL.PLLN = 168;
  oscillator.PLL.PLLP = RCC_PLLP_DIV2;
  oscillator.PLL.PLLQ = 7;
  HAL_StatusTypeDef status = HAL_RCC_OscConfig(&oscillator);
  if (status != HAL_OK) {
    return status;
  }
  RCC_ClkInitTypeDef buses = {0};
  buses.ClockType = RCC_CLOCKTYPE_SYSCLK | RCC_CLOCKTYPE_HCLK | RCC_CLOCKTYPE_PCLK1 | RCC_CLOCKTYPE_PCLK2;
  buses.SYSCLKSource = RCC_SYSCLKSOURCE_PLLCLK;
  buses.AHBCLKDivider = RCC_SYSCLK_DIV1;
  buses.APB1CLKDivider = RCC_HCLK_DIV4;
  buses.APB2CLKDivider = RCC_HCLK_DIV2;
  return HAL_RCC_ClockConfig(&buses, FLASH_LATENCY_5);
}

const char *mtvm_stm32_clock_init(void) {
  __HAL_RCC_PWR_CLK_ENABLE();
  __HAL_PWR_VOLTAGESCALING_CONFIG(PWR_REGULATOR_VOLTAGE_SCALE1);
  if (from_hse() == HAL_OK) {
    return "HSE and PLL";
  }
  if (from_hsi() == HAL_OK) {
    return "HSI and PLL";
  }
  SystemCoreClockUpdate();
  return "the clock after reset";
}
