# Settings of this project. Rendered by microtvm-boards; project.json says the same and more.
set(MTVM_PLATFORM baremetal)
set(MTVM_LANGUAGES C)
set(MTVM_LINKER_LANGUAGE C)
set(MTVM_CPU_FLAGS -mcpu=cortex-m33 -mthumb -mfloat-abi=hard -mfpu=fpv5-sp-d16)
# -O0, -Og, -Os or -O2 (option optimization)
set(MTVM_OPTIMIZATION -Os CACHE STRING "Optimization flag")
set(MTVM_PLANNED_STACK_BYTES 480)
set(MTVM_DEFINITIONS )
set(MTVM_WARNING_FLAGS )
set(MTVM_INCLUDES )
set(MTVM_RUNTIME_INCLUDES src/abi)

# Ours: compiled with all warnings.
set(MTVM_SOURCES
    src/app/c_harness.c
    src/model/mtvm_check.c
    src/model/mtvm_context.c
    src/model/mtvm_foo.c
    src/model/mtvm_models.c
    src/model/mtvm_second.c
    src/model/mtvm_status.c
    src/port/baremetal/port.c
    src/port/baremetal/startup.c
    src/port/baremetal/uart_cmsdk.c
)

# Yours (option extra_files_tar).
set(MTVM_EXTRA_SOURCES
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
    "model/codegen/host/src/foo_lib0.c|src/model/mtvm_foo_sections.h"
    "model/codegen/host/src/foo_lib1.c|src/model/mtvm_foo_sections.h"
    "models/second/codegen/host/src/foo_lib0.c|src/model/mtvm_second_symbols.h"
    "models/second/codegen/host/src/foo_lib0.c|src/model/mtvm_second_sections.h"
    "models/second/codegen/host/src/foo_lib1.c|src/model/mtvm_second_symbols.h"
    "models/second/codegen/host/src/foo_lib1.c|src/model/mtvm_second_sections.h"
)

# Further model libraries (option more_models).
set(MTVM_MORE_MODELS second)
set(MTVM_MODEL_second_FOLDER models/second)
set(MTVM_MODEL_second_SOURCES "models/second/codegen/host/src/foo_lib0.c" "models/second/codegen/host/src/foo_lib1.c")
set(MTVM_MODEL_second_OBJECTS )
set(MTVM_MODEL_second_SYMBOLS )

# Operators are traced.
list(APPEND MTVM_SOURCES src/trace/mtvm_trace.c src/trace/mtvm_calls.c)
list(APPEND MTVM_RUNTIME_INCLUDES src/trace)
list(APPEND MTVM_DEFINITIONS MTVM_TRACE)
