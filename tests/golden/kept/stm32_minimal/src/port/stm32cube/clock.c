/* The clock of board stm32vldiscovery: HSE, then HSI through the PLL, else what runs after reset.
 * A dead crystal costs a tenth of a second, and nothing waits for ever: an emulator without clocks
 * starts, too. Dividers are chosen by microtvm_boards/platforms/stm32cube/clock.py. */
#include "mtvm_stm32.h"

/* 24000000 Hz. */
static HAL_StatusTypeDef from_hse(void) {
  RCC_OscInitTypeDef oscillator = {0};
  oscillator.OscillatorType = RCC_OSCILLATORTYPE_HSE;
  oscillator.HSEState = RCC_HSE_ON;
  oscillator.HSEPredivValue = RCC_HSE_PREDIV_DIV1;
  oscillator.PLL.PLLState = RCC_PLL_ON;
  oscillator.PLL.PLLSource = RCC_PLLSOURCE_HSE;
  oscillator.PLL.PLLMUL = RCC_PLL_MUL3;
  HAL_StatusTypeDef status = HAL_RCC_OscConfig(&oscillator);
  if (status != HAL_OK) {
    return status;
  }
  RCC_ClkInitTypeDef buses = {0};
  buses.ClockType = RCC_CLOCKTYPE_SYSCLK | RCC_CLOCKTYPE_HCLK | RCC_CLOCKTYPE_PCLK1 | RCC_CLOCKTYPE_PCLK2;
  buses.SYSCLKSource = RCC_SYSCLKSOURCE_PLLCLK;
  buses.AHBCLKDivider = RCC_SYSCLK_DIV1;
  buses.APB1CLKDivider = RCC_HCLK_DIV1;
  buses.APB2CLKDivider = RCC_HCLK_DIV1;
  return HAL_RCC_ClockConfig(&buses, FLASH_LATENCY_0);
}

/* 24000000 Hz. */
static HAL_StatusTypeDef from_hsi(void) {
  RCC_OscInitTypeDef oscillator = {0};
  oscillator.OscillatorType = RCC_OSCILLATORTYPE_HSI;
  oscillator.HSIState = RCC_HSI_ON;
  oscillator.HSICalibrationValue = RCC_HSICALIBRATION_DEFAULT;
  oscillator.PLL.PLLState = RCC_PLL_ON;
  oscillator.PLL.PLLSource = RCC_PLLSOURCE_HSI_DIV2;
  oscillator.PLL.PLLMUL = RCC_PLL_MUL6;
  HAL_StatusTypeDef status = HAL_RCC_OscConfig(&oscillator);
  if (status != HAL_OK) {
    return status;
  }
  RCC_ClkInitTypeDef buses = {0};
  buses.ClockType = RCC_CLOCKTYPE_SYSCLK | RCC_CLOCKTYPE_HCLK | RCC_CLOCKTYPE_PCLK1 | RCC_CLOCKTYPE_PCLK2;
  buses.SYSCLKSource = RCC_SYSCLKSOURCE_PLLCLK;
  buses.AHBCLKDivider = RCC_SYSCLK_DIV1;
  buses.APB1CLKDivider = RCC_HCLK_DIV1;
  buses.APB2CLKDivider = RCC_HCLK_DIV1;
  return HAL_RCC_ClockConfig(&buses, FLASH_LATENCY_0);
}

const char *mtvm_stm32_clock_init(void) {
  if (from_hse() == HAL_OK) {
    return "HSE and PLL";
  }
  if (from_hsi() == HAL_OK) {
    return "HSI and PLL";
  }
  SystemCoreClockUpdate();
  return "the clock after reset";
}
