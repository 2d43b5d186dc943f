# Platform baremetal: Arm Cortex-M with arm-none-eabi-gcc and newlib, no vendor code.
include(${CMAKE_CURRENT_LIST_DIR}/arm_gcc.cmake)

set(MTVM_LINKER_SCRIPT src/port/baremetal/link.ld)
list(APPEND MTVM_LINK_FLAGS -T${CMAKE_CURRENT_LIST_DIR}/../${MTVM_LINKER_SCRIPT})
