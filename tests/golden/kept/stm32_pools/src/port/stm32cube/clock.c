/* The clock of board nucleo_h743zi: HSE, then HSI through the PLL, else what runs after reset.
 * A dead crystal costs a tenth of a second, and nothing waits for ever: an emulator without clocks
 * starts, too. Dividers are chosen by microtvm_boards/platforms/stm32cube/clock.py. */
#include "mtvm_stm32.h"

/* 400000000 Hz. */
static HAL_StatusTypeDef from_hse(void) {
  RCC_OscInitTypeDef oscillator = {0};
  oscillator.OscillatorType = RCC_OSCILLATORTYPE_HSE;
  oscillator.HSEState = RCC_HSE_BYPASS;
  oscillator.PLL.PLLState = RCC_PLL_ON;
  oscillator.PLL.PLLSource = RCC_PLLSOURCE_HSE;
  oscillator.PLL.PLLM = 1;
  oscillator.PLL.PLLN = 100;
  oscillator.PLL.PLLP = 2;
  oscillator.PLL.PLLQ = 4;
  oscillator.PLL.PLLR = 2;
  oscillator.PLL.PLLRGE = RCC_PLL1VCIRANGE_2;
  oscillator.PLL.PLLVCOSEL = RCC_PLL1VCOWIDE;
  oscillator.PLL.PLLFRACN = 0;
  HAL_StatusTypeDef status = HAL_RCC_OscConfig(&oscillator);
  if (status != HAL_OK) {
    return status;
  }
  RCC_ClkInitTypeDef buses = {0};
  buses.ClockType = RCC_CLOCKTYPE_SYSCLK | RCC_CLOCKTYPE_HCLK | RCC_CLOCKTYPE_D1PCLK1 | RCC_CLOCKTYPE_PCLK1 | RCC_CLOCKTYPE_PCLK2 | RCC_CLOCKTYPE_D3PCLK1;
  buses.SYSCLKSource = RCC_SYSCLKSOURCE_PLLCLK;
  buses.SYSCLKDivider = RCC_SYSCLK_DIV1;
  buses.AHBCLKDivider = RCC_HCLK_DIV2;
  buses.APB3CLKDivider = RCC_APB3_DIV2;
  buses.APB1CLKDivider = RCC_APB1_DIV2;
  buses.APB2CLKDivider = RCC_APB2_DIV2;
  buses.APB4CLKDivider = RCC_APB4_DIV2;
  return HAL_RCC_ClockConfig(&buses, FLASH_LATENCY_2);
}

/* 400000000 Hz. */
static HAL_StatusTypeDef from_hsi(void) {
  RCC_OscInitTypeDef oscillator = {0};
  oscillator.OscillatorType = RCC_OSCILLATORTYPE_HSI;
  oscillator.HSIState = RCC_HSI_ON;
  oscillator.HSICalibrationValue = RCC_HSICALIBRATION_DEFAULT;
  oscillator.PLL.PLLState = RCC_PLL_ON;
  oscillator.PLL.PLLSource = RCC_PLLSOURCE_HSI;
  oscillator.PLL.PLLM = 8;
  oscillator.PLL.PLLN = 100;
  oscillator.PLL.PLLP = 2;
  oscillator.PLL.PLLQ = 4;
  oscillator.PLL.PLLR = 2;
  oscillator.PLL.PLLRGE = RCC_PLL1VCIRANGE_2;
  oscillator.PLL.PLLVCOSEL = RCC_PLL1VCOWIDE;
  oscillator.PLL.PLLFRACN = 0;
  HAL_StatusTypeDef status = HAL_RCC_OscConfig(&oscillator);
  if (status != HAL_OK) {
    return status;
  }
  RCC_ClkInitTypeDef buses = {0};
  buses.ClockType = RCC_CLOCKTYPE_SYSCLK | RCC_CLOCKTYPE_HCLK | RCC_CLOCKTYPE_D1PCLK1 | RCC_CLOCKTYPE_PCLK1 | RCC_CLOCKTYPE_PCLK2 | RCC_CLOCKTYPE_D3PCLK1;
  buses.SYSCLKSource = RCC_SYSCLKSOURCE_PLLCLK;
  buses.SYSCLKDivider = RCC_SYSCLK_DIV1;
  buses.AHBCLKDivider = RCC_HCLK_DIV2;
  buses.APB3CLKDivider = RCC_APB3_DIV2;
  buses.APB1CLKDivider = RCC_APB1_DIV2;
  buses.APB2CLKDivider = RCC_APB2_DIV2;
  buses.APB4CLKDivider = RCC_APB4_DIV2;
  return HAL_RCC_ClockConfig(&buses, FLASH_LATENCY_2);
}

const char *mtvm_stm32_clock_init(void) {
  HAL_PWREx_ConfigSupply(PWR_LDO_SUPPLY);
  HAL_PWREx_ControlVoltageScaling(PWR_REGULATOR_VOLTAGE_SCALE1);
  SCB_EnableICache();
  SCB_EnableDCache();
  if (from_hse() == HAL_OK) {
    return "HSE and PLL";
  }
  if (from_hsi() == HAL_OK) {
    return "HSI and PLL";
  }
  SystemCoreClockUpdate();
  return "the clock after reset";
}
