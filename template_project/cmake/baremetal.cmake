# Platform baremetal: Arm Cortex-M with arm-none-eabi-gcc and newlib, no vendor code.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

find_program(CMAKE_C_COMPILER arm-none-eabi-gcc)
if(NOT CMAKE_C_COMPILER)
  message(FATAL_ERROR "arm-none-eabi-gcc was not found. "
                      "Try: apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi")
endif()
find_program(CMAKE_CXX_COMPILER arm-none-eabi-g++)

# The assembler warns about the sections that TVM chooses for constants; the linker script places
# them.
set(MTVM_MODEL_FLAGS -Wa,--no-warn)
set(MTVM_LINK_FLAGS -nostartfiles -specs=nano.specs -Wl,--no-warn-rwx-segments
                    -T${CMAKE_CURRENT_LIST_DIR}/../${MTVM_LINKER_SCRIPT})
