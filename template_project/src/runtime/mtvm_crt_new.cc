// Operators new and delete for TVM's own RPC server, which makes two small objects when it starts:
// they come from its heap, and the C++ library isn't needed.
#include <stddef.h>
#include <tvm/runtime/crt/platform.h>

void *operator new(size_t size) {
  void *memory;
  tvm_crt_error_t error = TVMPlatformMemoryAllocate(size, DLDevice{kDLCPU, 0}, &memory);
  if (error != kTvmErrorNoError) {
    TVMPlatformAbort(error);
  }
  return memory;
}

void operator delete(void *memory) noexcept {
  (void)TVMPlatformMemoryFree(memory, DLDevice{kDLCPU, 0});
}

void operator delete(void *memory, size_t) noexcept { operator delete(memory); }
