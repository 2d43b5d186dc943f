# Board stm32vldiscovery: what cmake/stm32cube.cmake takes from ST's package. Rendered.
set(MTVM_STM32_FAMILY F1)
set(MTVM_STM32_HAL STM32F1xx)
set(MTVM_STM32_DEVICE STM32F100xB)
set(MTVM_STM32_MODULES rcc gpio dma cortex flash pwr uart)
# Option stm32cube_path; empty: looked for.
set(MTVM_STM32CUBE_PATH "")
