# Platform stellaris: TI's LM3S with arm-none-eabi-gcc and newlib.
include(${CMAKE_CURRENT_LIST_DIR}/arm_gcc.cmake)

set(MTVM_LINKER_SCRIPT src/port/stellaris/link.ld)
list(APPEND MTVM_LINK_FLAGS -T${CMAKE_CURRENT_LIST_DIR}/../${MTVM_LINKER_SCRIPT})
