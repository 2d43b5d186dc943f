/* Workspace for kernels from TVM's own C runtime (runtime=standalone_crt): its stack allocator
 * over our static array. Only what crt_backend_api.c and stack_allocator.c ask for. */
#include <tvm/runtime/crt/page_allocator.h>
#include <tvm/runtime/crt/platform.h>
#include <tvm/runtime/crt/stack_allocator.h>

#include "mtvm_config.h"
#include "mtvm_port.h"
#include "mtvm_workspace.h"

/* The allocator rounds every request up to 16 B (TVM_RUNTIME_ALLOC_ALIGNMENT_BYTES). */
static MTVM_NOINIT_ARENA MTVM_ALIGNED uint8_t arena[MTVM_WORKSPACE_BYTES];
static tvm_workspace_t workspace;
static uint32_t overflow;

void mtvm_workspace_reset(void) {
  overflow = 0;
  (void)StackMemoryManager_Init(&workspace, arena, sizeof arena);
}

uint32_t mtvm_workspace_overflow(void) { return overflow; }

tvm_crt_error_t TVMPlatformMemoryAllocate(size_t num_bytes, DLDevice dev, void **out_ptr) {
  (void)dev;
  tvm_crt_error_t error = StackMemoryManager_Allocate(&workspace, (int32_t)num_bytes, out_ptr);
  if (error != kTvmErrorNoError) {
    overflow = (uint32_t)num_bytes;
  }
  return error;
}

tvm_crt_error_t TVMPlatformMemoryFree(void *ptr, DLDevice dev) {
  (void)dev;
  return StackMemoryManager_Free(&workspace, ptr);
}

void TVMPlatformAbort(tvm_crt_error_t code) { mtvm_port_halt((int)code); }

void TVMLogf(const char *format, ...) { (void)format; }
