# Settings of this project. Rendered by microtvm-boards; project.json says the same and more.
set(MTVM_PLATFORM baremetal)
set(MTVM_LANGUAGES C)
set(MTVM_LINKER_LANGUAGE C)
set(MTVM_CPU_FLAGS -mcpu=cortex-m0 -mthumb -mfloat-abi=soft)
# -O0, -Og, -Os or -O2 (option optimization)
set(MTVM_OPTIMIZATION -O0 CACHE STRING "Optimization flag")
set(MTVM_PLANNED_STACK_BYTES 2048)
set(MTVM_DEFINITIONS "ONE=1" "TWO")
set(MTVM_WARNING_FLAGS )
set(MTVM_INCLUDES "extra")
set(MTVM_RUNTIME_INCLUDES src/abi)

# Ours: compiled with all warnings.
set(MTVM_SOURCES
    src/app/c_harness.c
    src/app/mtvm_samples.c
    src/model/mtvm_check.c
    src/model/mtvm_context.c
    src/model/mtvm_foo.c
    src/model/mtvm_models.c
    src/model/mtvm_status.c
    src/port/baremetal/port.c
    src/port/baremetal/startup.c
    src/port/baremetal/uart_nrf51.c
)

# Yours (option extra_files_tar).
set(MTVM_EXTRA_SOURCES
    "extra/extra.c"
)

# Libraries and objects of yours (option extra_files_tar).
set(MTVM_EXTRA_OBJECTS
)

# TVM's own runtime, where it is used.
set(MTVM_CRT_SOURCES
)

# TVM's generated code, untouched.
set(MTVM_MODEL_SOURCES
    "model/codegen/host/src/foo_lib0.c"
    "model/codegen/host/src/foo_lib1.c"
)
set(MTVM_MODEL_OBJECTS
)

# <source>|<header to read before it: it renames symbols, sections or C keywords>
set(MTVM_FORCED_HEADERS
)

# Operators are traced.
list(APPEND MTVM_SOURCES src/trace/mtvm_trace.c src/trace/mtvm_calls.c)
list(APPEND MTVM_RUNTIME_INCLUDES src/trace)
list(APPEND MTVM_DEFINITIONS MTVM_TRACE)
