# Platform zephyr: an ordinary Zephyr application. Kernel, drivers, compiler and its flags are
# Zephyr's; the board is that of -DBOARD= or `west build -b`, else the one of project.cmake.
if(NOT DEFINED BOARD AND NOT DEFINED ENV{BOARD})
  set(BOARD ${MTVM_ZEPHYR_BOARD})
endif()
find_package(Zephyr REQUIRED HINTS $ENV{ZEPHYR_BASE})

# The executable is Zephyr's: our sources go into its library for applications.
set(MTVM_TARGET app)
set(MTVM_INTERFACE zephyr_interface)
set(MTVM_CPU_FLAGS "")
set(MTVM_OPTIMIZATION "")
set(MTVM_CRT_FLAGS -DNDEBUG)
set(MTVM_PORT_FLAGS -Wno-pedantic -Wno-unused-parameter -Wno-sign-compare) # Zephyr's headers

# The assembler warns about the sections that TVM chooses for constants. Zephyr compiles as
# freestanding code, where each fabsf() and memcpy() would be a call.
set(MTVM_MODEL_FLAGS -Wa,--no-warn -fbuiltin)

# A model that calls expf() or the like needs no other C library for it: the compiler's libm has it.
if(CONFIG_MINIMAL_LIBC AND CONFIG_MTVM_NEEDS_LIBM)
  list(PREPEND MTVM_RUNTIME_INCLUDES src/port/zephyr/libm)
  zephyr_link_libraries(-Wl,--start-group -lm -lgcc -Wl,--end-group)
endif()

# Not every newlib lets a kernel bring its locks (Debian's doesn't), which Zephyr refuses; nothing
# here calls newlib from two threads.
if(CONFIG_NEWLIB_LIBC)
  zephyr_compile_definitions(_RETARGETABLE_LOCKING=1)
endif()

# Buffers in other memories, and those that models share.
if(EXISTS ${CMAKE_CURRENT_LIST_DIR}/../src/port/zephyr/sections.ld)
  zephyr_linker_sources(RAM_SECTIONS ${CMAKE_CURRENT_LIST_DIR}/../src/port/zephyr/sections.ld)
endif()
