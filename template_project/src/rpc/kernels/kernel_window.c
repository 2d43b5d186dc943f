#include "kernels/kernel_window.h"

#include <string.h>

#include "calls/error.h"

#define MAGIC 0x4B56544DU /* "MTVK" */
#define CRC32_POLYNOMIAL 0xEDB88320U

/* What an image begins with. */
typedef struct image {
  uint32_t magic;
  char host[sizeof MTVM_KERNEL_HOST - 1]; /* identity of the firmware that it was linked against */
  const TVMModule *(*entry)(void);
} image_t;

/* What kernels call: referred to below, so that the linker keeps it. */
static const struct {
  void *(*allocate)(int, int, uint64_t, int, int);
  int (*release)(int, int, void *);
  void (*fail)(const char *);
} calls = {TVMBackendAllocWorkspace, TVMBackendFreeWorkspace, TVMAPISetLastError};

extern uint8_t mtvm_kernel_window[]; /* its address is read from the ELF */
/* Aligned to lines of any cache. */
MTVM_NOINIT __attribute__((aligned(64))) uint8_t mtvm_kernel_window[MTVM_KERNEL_WINDOW_BYTES];
static const TVMModule *kernels;

const TVMModule *mtvm_loaded_kernels(void) { return kernels; }

bool mtvm_kernel_window_take(const void *memory, uint32_t bytes) {
  uintptr_t distance = (uintptr_t)memory - (uintptr_t)mtvm_kernel_window;
  if (distance > MTVM_KERNEL_WINDOW_BYTES || bytes > MTVM_KERNEL_WINDOW_BYTES - distance) {
    return false;
  }
  kernels = NULL;
  return true;
}

bool mtvm_kernel_window_info(mtvm_call_t *call, uint32_t index) {
  static const char host[] = MTVM_KERNEL_HOST;
  const uint64_t address = (uintptr_t)mtvm_kernel_window;
  const uint32_t size = MTVM_KERNEL_WINDOW_BYTES;
  uint32_t bytes = (uint32_t)(sizeof address + sizeof size + sizeof host - 1);
  uint8_t *info = mtvm_arena_take(&call->arena, bytes);
  (void)index;
  if (info == NULL) {
    return false;
  }
  memcpy(info, &address, sizeof address);
  memcpy(info + sizeof address, &size, sizeof size);
  memcpy(info + sizeof address + sizeof size, host, sizeof host - 1);
  return mtvm_return_bytes(call, kTVMBytes, info, bytes);
}

static uint32_t crc32(const uint8_t *bytes, uint32_t count) {
  uint32_t crc = UINT32_MAX;
  for (uint32_t i = 0; i < count; ++i) {
    crc ^= bytes[i];
    for (uint32_t bit = 0; bit < 8; ++bit) {
      crc = crc >> 1 ^ (-(crc & 1U) & CRC32_POLYNOMIAL);
    }
  }
  return ~crc;
}

bool mtvm_tensor_crc32(mtvm_call_t *call, uint32_t index) {
  const DLTensor *tensor = call->values[0].v_handle;
  (void)index;
  return mtvm_return_int(call, crc32(mtvm_tensor_data(tensor), mtvm_tensor_bytes(tensor)));
}

#if defined(__arm__) && !defined(__unix__)
#define SCB_CCR (*(volatile uint32_t *)0xE000ED14U)
#define SCB_ICIALLU (*(volatile uint32_t *)0xE000EF50U)
#define SCB_DCCMVAU (*(volatile uint32_t *)0xE000EF64U)
#define CCR_CACHES (3U << 16) /* data and instructions; they are 0 where there are none */
#define LEAST_LINE 16U

/* What was written is what will be fetched. */
static void synchronize(uint32_t bytes) {
  __asm__ volatile("dsb 0xf" ::: "memory");
  if ((SCB_CCR & CCR_CACHES) != 0) {
    for (uint32_t at = 0; at < bytes; at += LEAST_LINE) {
      SCB_DCCMVAU = (uint32_t)(uintptr_t)&mtvm_kernel_window[at];
    }
    __asm__ volatile("dsb 0xf" ::: "memory");
    SCB_ICIALLU = 0;
  }
  __asm__ volatile("dsb 0xf\n isb 0xf" ::: "memory");
}
#else
static void synchronize(uint32_t bytes) {
  __builtin___clear_cache((char *)mtvm_kernel_window, (char *)mtvm_kernel_window + bytes);
}
#endif

bool mtvm_kernel_window_start(mtvm_call_t *call, uint32_t index) {
  int64_t size = call->values[0].v_int64;
  image_t image;
  (void)index;
  kernels = NULL;
  if (size < (int64_t)sizeof image || size > (int64_t)MTVM_KERNEL_WINDOW_BYTES) {
    return mtvm_fail_numbers("VALUE: an image of % B; the window has %",
                             size < UINT32_MAX ? (uint32_t)size : UINT32_MAX,
                             MTVM_KERNEL_WINDOW_BYTES, 0);
  }
  if (crc32(mtvm_kernel_window, (uint32_t)size) != (uint32_t)call->values[1].v_int64) {
    return mtvm_fail("VALUE: the image in the window isn't what was meant: its CRC differs");
  }
  memcpy(&image, mtvm_kernel_window, sizeof image);
  if (image.magic != MAGIC || memcmp(image.host, MTVM_KERNEL_HOST, sizeof image.host) != 0) {
    return mtvm_fail("VALUE: the image was linked against another firmware");
  }
  __asm__ volatile("" : : "r"(&calls));
  synchronize((uint32_t)size);
  kernels = image.entry();
  return true;
}
