/* What TVM's own RPC server asks of its platform (runtime=standalone_crt, entry point packed): its
 * page allocator over a static array, a clock, random numbers, text. */
#include <stddef.h>
#include <stdio.h>
#include <tvm/runtime/c_runtime_api.h>
#include <tvm/runtime/crt/internal/memory/page_allocator.h>
#include <tvm/runtime/crt/page_allocator.h>
#include <tvm/runtime/crt/platform.h>

#include "mtvm_config.h"
#include "mtvm_crt.h"
#include "mtvm_port.h"

#define PAGE_BYTES (1U << MTVM_CRT_PAGE_BITS)
#define PAGE_STATE (sizeof(Page) + sizeof(PageEntry) + sizeof(IndexedEntry))

/* Pages, and behind them what the allocator notes of each. Everything of the server is in it. */
static MTVM_NOINIT MTVM_ALIGNED uint8_t
    heap[MTVM_CRT_PAGES * (PAGE_BYTES + PAGE_STATE) + sizeof(MemoryManager)];
static MemoryManagerInterface *manager;
static uint64_t timer_start;

tvm_crt_error_t TVMPlatformInitialize(void) {
  return PageMemoryManagerCreate(&manager, heap, sizeof heap, MTVM_CRT_PAGE_BITS);
}

/* Pages that were never handed out are one block; those that came back stay apart. */
mtvm_crt_heap_t mtvm_crt_heap(void) {
  const MemoryManager *pages = (const MemoryManager *)manager;
  uint32_t largest = (uint32_t)(pages->ptable.max_pages - pages->ptable.num_pages);
  uint32_t free = largest;
  for (size_t i = 0; i < pages->free_map.num_entries; ++i) {
    uint32_t count = (uint32_t)pages->free_map.entries[i].page.num_pages;
    free += count;
    largest = count > largest ? count : largest;
  }
  mtvm_crt_heap_t info = {(uint32_t)pages->ptable.max_pages * PAGE_BYTES, free * PAGE_BYTES,
                          largest * PAGE_BYTES, (uint32_t)manager->vleak_size,
                          mtvm_port_stack_used()};
  return info;
}

tvm_crt_error_t TVMPlatformMemoryAllocate(size_t num_bytes, DLDevice dev, void **out_ptr) {
  tvm_crt_error_t error = kTvmErrorPlatformNoMemory;
  if (num_bytes <= sizeof heap) { /* the allocator's sums would wrap */
    error = manager->Allocate(manager, num_bytes, dev, out_ptr);
  }
  if (error != kTvmErrorNoError) {
    char text[80];
    (void)snprintf(text, sizeof text, "HEAP: %lu B asked for; the largest free block has %lu",
                   (unsigned long)num_bytes, (unsigned long)mtvm_crt_heap().largest);
    TVMAPISetLastError(text);
  }
  return error;
}

tvm_crt_error_t TVMPlatformMemoryFree(void *ptr, DLDevice dev) {
  return manager->Free(manager, ptr, dev);
}

size_t TVMPlatformFormatMessage(char *out_buf, size_t out_buf_size_bytes, const char *fmt,
                                va_list args) {
  int length = vsnprintf(out_buf, out_buf_size_bytes, fmt, args);
  if (length < 0) {
    return 0;
  }
  return (size_t)length < out_buf_size_bytes ? (size_t)length : out_buf_size_bytes - 1;
}

tvm_crt_error_t TVMPlatformTimerStart(void) {
  timer_start = mtvm_port_clock();
  return kTvmErrorNoError;
}

tvm_crt_error_t TVMPlatformTimerStop(double *elapsed_time_seconds) {
  uint64_t ticks = mtvm_port_clock() - timer_start;
  *elapsed_time_seconds = (double)ticks / (double)mtvm_port_clock_hz();
  return kTvmErrorNoError;
}

tvm_crt_error_t TVMPlatformGenerateRandom(uint8_t *buffer, size_t num_bytes) {
  static uint32_t state;
  state ^= mtvm_port_ticks(); /* session numbers differ from one start to the next */
  for (size_t i = 0; i < num_bytes; ++i) {
    /* Marsaglia's xorshift */
    state = state == 0 ? 1 : state;
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    buffer[i] = (uint8_t)(state >> 8);
  }
  return kTvmErrorNoError;
}

#ifdef __NEWLIB__
/* newlib links vsnprintf with its malloc, which it then doesn't call: there is no memory for it. */
__attribute__((weak)) void *_sbrk(ptrdiff_t increment);
void *_sbrk(ptrdiff_t increment) {
  (void)increment;
  return (void *)-1;
}
#endif
