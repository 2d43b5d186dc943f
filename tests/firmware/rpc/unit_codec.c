/* What the classic codec makes of arguments, and how much memory it takes for them. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "calls/error.h"
#include "calls/heap.h"
#include "codec/codec.h"
#include "features/features.h"
#include "mtvm_config.h"
#include "mtvm_packed.h"
#include "port.h"

static bool copies = true;

bool mtvm_may_copy(const void *data, uint32_t bytes) { return copies && mtvm_heap_holds(data, bytes); }

static uint8_t packet[256];
static uint32_t packet_bytes;

static void put(const void *bytes, uint32_t count) {
  memcpy(packet + packet_bytes, bytes, count);
  packet_bytes += count;
}

static void put_u32(uint32_t number) { put(&number, sizeof number); }

static void put_u64(uint64_t number) { put(&number, sizeof number); }

static mtvm_reader_t reader(void) { return (mtvm_reader_t){packet, packet + packet_bytes}; }

static char said[128];

static void say(const void *bytes, uint32_t count) { strncat(said, bytes, count); }

static bool refused(const char *why) {
  said[0] = '\0';
  (void)mtvm_error_text(say);
  return strstr(said, why) != NULL;
}

/* Two numbers, decoded into `bytes` of memory that held something else. */
static bool read_two(mtvm_call_t *call, uint64_t *memory, uint32_t bytes) {
  memset(memory, 0xA5, bytes);
  packet_bytes = 0;
  put_u32(2);
  put_u32(kTVMArgInt);
  put_u32(kTVMOpaqueHandle);
  put_u64(7);
  put_u64(8);
  call->arena.at = (uint8_t *)memory;
  call->arena.end = (uint8_t *)memory + bytes;
  mtvm_reader_t from = reader();
  return mtvm_read_arguments(&from, call) && from.at == from.end;
}

static void behind_the_type_codes_are_some_that_generated_code_may_read(void) {
  uint64_t memory[16];
  const uint32_t exact = 2 * sizeof(TVMValue) + (2 + MTVM_SPARE_CODES) * sizeof(int);
  mtvm_call_t call;
  assert(MTVM_SPARE_CODES == 8); /* as many pools as an entry of TVM's can carry */
  assert(read_two(&call, memory, exact));
  assert(call.count == 2 && call.values[0].v_int64 == 7);
  assert(call.codes[0] == kTVMArgInt && call.codes[1] == kTVMOpaqueHandle);
  for (int i = 0; i < MTVM_SPARE_CODES; ++i) {
    assert(call.codes[2 + i] == kTVMArgInt);
  }
  assert((uint8_t *)(call.codes + 2 + MTVM_SPARE_CODES) == call.arena.end);
  assert(!read_two(&call, memory, exact - 1) && refused("MTVM_RPC_E_BUFFER: no 40 B left"));
}

static void every_unsigned_number_is_a_signed_one(void) {
  uint64_t memory[16];
  mtvm_call_t call = {.arena = {(uint8_t *)memory, (uint8_t *)(memory + 16)}};
  packet_bytes = 0;
  put_u32(1);
  put_u32(1); /* kDLUInt */
  put_u64(UINT64_MAX);
  mtvm_reader_t from = reader();
  assert(mtvm_read_arguments(&from, &call));
  assert(call.codes[0] == kTVMArgInt && call.values[0].v_int64 == -1);
}

static void put_copy(const void *data, uint64_t offset, uint64_t size) {
  packet_bytes = 0;
  put_u64((uintptr_t)data);
  put_u32(kDLCPU);
  put_u32(0);
  put_u32(1); /* dimension */
  put_u32(kDLUInt | 8U << 8 | 1U << 16);
  put_u64(64);
  put_u64(offset);
  put_u64(size);
}

static bool read_copy(mtvm_span_t *span) {
  mtvm_reader_t from = reader();
  return mtvm_read_copy(&from, span);
}

static void a_copy_goes_where_the_host_may(void) {
  mtvm_span_t span;
  mtvm_heap_reset();
  uint8_t *tensor = mtvm_heap_allocate(64);
  put_copy(tensor, 16, 48);
  assert(read_copy(&span) && span.data == tensor + 16 && span.size == 48);
  put_copy(tensor, 17, 48);
  assert(!read_copy(&span) && refused("are not inside a tensor"));
  copies = false;
  put_copy(tensor, 16, 48);
  assert(!read_copy(&span));
  copies = true;
  put_copy(tensor, 0, UINT64_C(1) << 32);
  assert(!read_copy(&span) && refused("MTVM_RPC_E_SIZE: more than 1 GiB"));
  put_copy(tensor, UINT64_C(1) << 32, 1);
  assert(!read_copy(&span) && refused("MTVM_RPC_E_SIZE: more than 1 GiB"));
  packet_bytes -= 8;
  assert(!read_copy(&span));
}

int main(void) {
  behind_the_type_codes_are_some_that_generated_code_may_read();
  every_unsigned_number_is_a_signed_one();
  a_copy_goes_where_the_host_may();
  puts("passed");
  return 0;
}
