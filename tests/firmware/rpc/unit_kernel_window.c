/* Images of kernels in their window: which are started, and which are refused and why. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "calls/error.h"
#include "kernels/kernel_window.h"

#define MAGIC 0x4B56544DU

extern uint8_t mtvm_kernel_window[];

typedef struct {
  uint32_t magic;
  char host[16];
  const TVMModule *(*entry)(void);
} head_t;

static const TVMModule module = {NULL};
static char said[256];

static const TVMModule *entry(void) { return &module; }

static void say(const void *bytes, uint32_t count) { strncat(said, bytes, count); }

static bool refused(const char *why) {
  said[0] = '\0';
  (void)mtvm_error_text(say);
  return strstr(said, why) != NULL;
}

/* What kernels call. */
void *TVMBackendAllocWorkspace(int device_type, int device_id, uint64_t nbytes, int code, int bits) {
  (void)device_type, (void)device_id, (void)nbytes, (void)code, (void)bits;
  return NULL;
}

int TVMBackendFreeWorkspace(int device_type, int device_id, void *ptr) {
  (void)device_type, (void)device_id, (void)ptr;
  return 0;
}

void TVMAPISetLastError(const char *message) { (void)message; }

/* A second opinion: bit by bit over one number, the highest bit first. */
static uint32_t crc32_of(const uint8_t *bytes, uint32_t count) {
  uint32_t crc = 0xFFFFFFFFU;
  for (uint32_t bit = 0; bit < 8 * count; ++bit) {
    uint32_t next = (uint32_t)(bytes[bit / 8] >> bit % 8 & 1) ^ (crc >> 31);
    crc = crc << 1 ^ (next ? 0x04C11DB7U : 0);
  }
  uint32_t reversed = 0;
  for (uint32_t bit = 0; bit < 32; ++bit) {
    reversed |= (crc >> bit & 1) << (31 - bit);
  }
  return ~reversed;
}

static bool start(int64_t size, uint32_t crc) {
  TVMValue values[2] = {{.v_int64 = size}, {.v_int64 = crc}};
  mtvm_call_t call = {.values = values, .count = 2};
  return mtvm_kernel_window_start(&call, 0);
}

static bool write_and_start(uint32_t magic, const char *host) {
  head_t head = {magic, {0}, entry};
  memcpy(head.host, host, sizeof head.host);
  assert(mtvm_kernel_window_take(mtvm_kernel_window, sizeof head));
  memcpy(mtvm_kernel_window, &head, sizeof head);
  return start(sizeof head, crc32_of(mtvm_kernel_window, sizeof head));
}

static void a_good_image_is_started_until_it_is_overwritten(void) {
  assert(mtvm_loaded_kernels() == NULL);
  assert(write_and_start(MAGIC, MTVM_KERNEL_HOST) && mtvm_loaded_kernels() == &module);
  assert(!mtvm_kernel_window_take(&module, 1)); /* elsewhere */
  assert(mtvm_loaded_kernels() == &module);
  assert(mtvm_kernel_window_take(mtvm_kernel_window + 8, 1));
  assert(mtvm_loaded_kernels() == NULL);
}

static void what_is_no_image_for_this_firmware_is_refused(void) {
  assert(!write_and_start(MAGIC, "fedcba9876543210") && refused("against another firmware"));
  assert(!write_and_start(MAGIC + 1, MTVM_KERNEL_HOST) && refused("against another firmware"));
  assert(write_and_start(MAGIC, MTVM_KERNEL_HOST));
  assert(!start(sizeof(head_t), 0) && refused("its CRC differs"));
  assert(mtvm_loaded_kernels() == NULL);
}

static void no_size_leads_outside(void) {
  assert(!start(-1, 0) && refused("the window has 256"));
  assert(!start(8, 0) && refused("an image of 8 B"));
  assert(!start(257, 0) && refused("an image of 257 B"));
  assert(!start(INT64_MAX, 0) && refused("an image of 4294967295 B"));
}

static void it_knows_what_it_holds(void) {
  assert(mtvm_kernel_window_take(mtvm_kernel_window, 256));
  assert(mtvm_kernel_window_take(mtvm_kernel_window + 256, 0));
  assert(!mtvm_kernel_window_take(mtvm_kernel_window, 257));
  assert(!mtvm_kernel_window_take(mtvm_kernel_window + 1, 256));
  assert(!mtvm_kernel_window_take(mtvm_kernel_window, UINT32_MAX));
  assert(!mtvm_kernel_window_take(NULL, 1));
}

static void it_says_where_it_is_and_whose(void) {
  uint8_t packet[64];
  mtvm_call_t call = {.arena = {packet, packet + sizeof packet}};
  uint64_t address;
  uint32_t size;
  assert(mtvm_kernel_window_info(&call, 0) && call.result.code == kTVMBytes);
  const uint8_t *info = call.result.value.bytes.data;
  assert(call.result.value.bytes.size == 28);
  memcpy(&address, info, sizeof address);
  memcpy(&size, info + 8, sizeof size);
  assert(address == (uintptr_t)mtvm_kernel_window && size == 256);
  assert(memcmp(info + 12, MTVM_KERNEL_HOST, 16) == 0);
  call.arena.end = call.arena.at;
  assert(!mtvm_kernel_window_info(&call, 0));
}

int main(void) {
  a_good_image_is_started_until_it_is_overwritten();
  what_is_no_image_for_this_firmware_is_refused();
  no_size_leads_outside();
  it_knows_what_it_holds();
  it_says_where_it_is_and_whose();
  puts("passed");
  return 0;
}
