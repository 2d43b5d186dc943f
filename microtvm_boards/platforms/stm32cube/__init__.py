"""STM32 with ST's HAL."""
