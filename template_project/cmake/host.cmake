# Platform host: this machine's own compiler; standard input and output are the UART.
set(MTVM_LINK_FLAGS "")
set(MTVM_MODEL_FLAGS "")
set(MTVM_CRT_FLAGS "")

# Models that share their activations.
if(EXISTS ${CMAKE_CURRENT_LIST_DIR}/../src/port/host/sections.ld)
  set(MTVM_LINKER_SCRIPT src/port/host/sections.ld)
  list(APPEND MTVM_LINK_FLAGS -T${CMAKE_CURRENT_LIST_DIR}/../${MTVM_LINKER_SCRIPT})
endif()

# Kernels that come as shared libraries: they call functions of the firmware.
if(EXISTS ${CMAKE_CURRENT_LIST_DIR}/../src/rpc/kernels/kernel_library.c)
  list(APPEND MTVM_LINK_FLAGS -rdynamic)
  link_libraries(dl)
endif()
