# Settings of this project. Rendered by microtvm-boards; project.json says the same and more.
set(MTVM_PLATFORM baremetal)
set(MTVM_LANGUAGES C)
set(MTVM_LINKER_LANGUAGE C)
set(MTVM_CPU_FLAGS -mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16)
# -O0, -Og, -Os or -O2 (option optimization)
set(MTVM_OPTIMIZATION -Os CACHE STRING "Optimization flag")
set(MTVM_PLANNED_STACK_BYTES 1568)
set(MTVM_DEFINITIONS )
set(MTVM_WARNING_FLAGS )
set(MTVM_INCLUDES )
set(MTVM_RUNTIME_INCLUDES src/abi)

# Ours: compiled with all warnings.
set(MTVM_SOURCES
    src/app/packed.c
    src/model/mtvm_check.c
    src/model/mtvm_context.c
    src/model/mtvm_foo.c
    src/model/mtvm_foo_params.c
    src/model/mtvm_models.c
    src/model/mtvm_status.c
    src/port/baremetal/port.c
    src/port/baremetal/receive_ring.c
    src/port/baremetal/startup.c
    src/port/baremetal/uart_cmsdk.c
    src/rpc/calls/call.c
    src/rpc/calls/error.c
    src/rpc/calls/handles.c
    src/rpc/calls/heap.c
    src/rpc/codec/codec_classic.c
    src/rpc/dispatch.c
    src/rpc/features/executor.c
    src/rpc/features/features.c
    src/rpc/features/random.c
    src/rpc/features/system.c
    src/rpc/features/timer.c
    src/rpc/kernels/graph_check.c
    src/rpc/kernels/kernel_call.c
    src/rpc/kernels/kernels.c
    src/rpc/kernels/system_functions.c
    src/rpc/link/link.c
    src/rpc/link/session.c
    src/rpc/server.c
    src/runtime/mtvm_workspace.c
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
)
