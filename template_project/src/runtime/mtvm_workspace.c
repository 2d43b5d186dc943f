#include "mtvm_workspace.h"

#include <tvm/runtime/c_backend_api.h>

#include "mtvm_config.h"
#ifdef MTVM_WORKSPACE_IN_HEAP
#include "calls/heap.h"
#endif

/* Every request is rounded up to this; TVM counts workspace the same way
 * (workspace-byte-alignment, 16 unless the target says otherwise). */
#define ROUND_UP(n) (((n) + (MTVM_ALIGNMENT - 1U)) & ~(uint64_t)(MTVM_ALIGNMENT - 1U))

#ifdef MTVM_WORKSPACE_IN_HEAP
static uint8_t *arena;
static uint32_t arena_bytes;

#define ARENA_BYTES arena_bytes
#define FIND_ARENA() arena = mtvm_heap_largest(&arena_bytes)
#else
static MTVM_NOINIT_ARENA MTVM_ALIGNED uint8_t arena[MTVM_WORKSPACE_BYTES];

#define ARENA_BYTES sizeof arena
#define FIND_ARENA() (void)0
#endif

static uint32_t used;
static uint32_t overflow;

void mtvm_workspace_reset(void) {
  FIND_ARENA();
  used = 0;
  overflow = 0;
}

uint32_t mtvm_workspace_overflow(void) { return overflow; }

void *TVMBackendAllocWorkspace(int device_type, int device_id, uint64_t nbytes,
                               int dtype_code_hint, int dtype_bits_hint) {
  (void)device_type;
  (void)device_id;
  (void)dtype_code_hint;
  (void)dtype_bits_hint;
  if (nbytes > ARENA_BYTES || ROUND_UP(nbytes) > ARENA_BYTES - used) {
    overflow = nbytes < UINT32_MAX ? (uint32_t)nbytes : UINT32_MAX;
    return NULL;
  }
  void *memory = &arena[used];
  used += (uint32_t)ROUND_UP(nbytes);
  return memory;
}

int TVMBackendFreeWorkspace(int device_type, int device_id, void *ptr) {
  (void)device_type;
  (void)device_id;
  uintptr_t offset = (uintptr_t)ptr - (uintptr_t)arena;
  if (offset > used) {
    return -1; /* not ours, or given back already */
  }
  used = (uint32_t)offset;
  return 0;
}
