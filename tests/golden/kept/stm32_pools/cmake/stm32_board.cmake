# Board nucleo_h743zi: what cmake/stm32cube.cmake takes from ST's package. Rendered.
set(MTVM_STM32_FAMILY H7)
set(MTVM_STM32_HAL STM32H7xx)
set(MTVM_STM32_DEVICE STM32H743xx)
set(MTVM_STM32_MODULES rcc gpio dma cortex flash pwr uart)
# Option stm32cube_path; empty: looked for.
set(MTVM_STM32CUBE_PATH "")
