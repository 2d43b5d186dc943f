# Platform baremetal: Arm Cortex-M with arm-none-eabi-gcc and newlib, no vendor code.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

set(MTVM_LINKER_SCRIPT src/port/baremetal/link.ld)

find_program(CMAKE_C_COMPILER arm-none-eabi-gcc)
if(NOT CMAKE_C_COMPILER)
  message(FATAL_ERROR "arm-none-eabi-gcc was not found. "
                      "Try: apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi")
endif()
find_program(CMAKE_CXX_COMPILER arm-none-eabi-g++)

# The assembler warns about the sections that TVM chooses for constants; the linker script places
# them.
set(MTVM_MODEL_FLAGS -Wa,--no-warn)
# GCC's own stdint.h doesn't tell newlib's inttypes.h that there are 64-bit integers; TVM's runtime
# prints some. Its assert() would bring newlib's files and signals.
set(MTVM_CRT_FLAGS -D__int64_t_defined=1 -DNDEBUG)
set(MTVM_LINK_FLAGS -nostartfiles -specs=nano.specs -Wl,-z,noexecstack
                    -T${CMAKE_CURRENT_LIST_DIR}/../${MTVM_LINKER_SCRIPT})
# TVM's constants are writable by their section's flags and share a segment with code. Linkers that
# warn about it (from 2.39) can be told not to.
execute_process(COMMAND ${CMAKE_C_COMPILER} -Wl,--no-warn-rwx-segments -Wl,--version
                RESULT_VARIABLE linker_refused OUTPUT_QUIET ERROR_QUIET)
if(linker_refused EQUAL 0)
  list(APPEND MTVM_LINK_FLAGS -Wl,--no-warn-rwx-segments)
endif()
