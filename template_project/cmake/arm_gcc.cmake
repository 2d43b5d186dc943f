# arm-none-eabi-gcc with newlib, for platforms that link without an operating system.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

find_program(CMAKE_C_COMPILER arm-none-eabi-gcc)
if(NOT CMAKE_C_COMPILER)
  message(FATAL_ERROR "arm-none-eabi-gcc was not found. "
                      "Try: apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi")
endif()
if(CXX IN_LIST MTVM_LANGUAGES)
  find_program(CMAKE_CXX_COMPILER arm-none-eabi-g++)
  if(NOT CMAKE_CXX_COMPILER)
    message(FATAL_ERROR "arm-none-eabi-g++ was not found. "
                        "Try: apt-get install gcc-arm-none-eabi libstdc++-arm-none-eabi-newlib")
  endif()
endif()

# The assembler warns about the sections that TVM chooses for constants; the linker script places
# them.
set(MTVM_MODEL_FLAGS -Wa,--no-warn)
# GCC's own stdint.h doesn't tell newlib's inttypes.h that there are 64-bit integers; TVM's runtime
# prints some. Its assert() would bring newlib's files and signals.
set(MTVM_CRT_FLAGS -D__int64_t_defined=1 -DNDEBUG)
set(MTVM_LINK_FLAGS -nostartfiles -specs=nano.specs -Wl,-z,noexecstack)
# For the linker script. `microtvm-boards build` measures what is needed and sets it.
set(MTVM_STACK_BYTES ${MTVM_PLANNED_STACK_BYTES} CACHE STRING "Size of the stack")
list(APPEND MTVM_LINK_FLAGS -Wl,--defsym=mtvm_stack_bytes=${MTVM_STACK_BYTES})
# TVM's constants are writable by their section's flags and share a segment with code. Linkers that
# warn about it (from 2.39) can be told not to.
execute_process(COMMAND ${CMAKE_C_COMPILER} -Wl,--no-warn-rwx-segments -Wl,--version
                RESULT_VARIABLE linker_refused OUTPUT_QUIET ERROR_QUIET)
if(linker_refused EQUAL 0)
  list(APPEND MTVM_LINK_FLAGS -Wl,--no-warn-rwx-segments)
endif()
