/* Every request of a host that isn't a call of a function: what is answered. Functions are not this
 * unit's; the codec is the classic one. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "calls/error.h"
#include "calls/handles.h"
#include "calls/heap.h"
#include "codec/codec.h"
#include "codec/rpc_codes.h"
#include "dispatch.h"
#include "features/features.h"
#include "features/timer.h"
#include "mtvm_config.h"
#include "port.h"

bool mtvm_may_copy(const void *data, uint32_t bytes) { return mtvm_heap_holds(data, bytes); }

uint32_t mtvm_find_global(const char *name) { return strcmp(name, "there") == 0 ? 0xA0000001U : 0; }

bool mtvm_call_function(uint32_t handle, mtvm_call_t *call) {
  call->result.code = kTVMNullptr;
  return handle == 0xA0000001U || mtvm_no_handle(handle);
}

static uint32_t freed;

bool mtvm_timer_free(uint32_t index) {
  freed = index;
  return true;
}

static uint8_t request[512];
static uint32_t request_bytes;

static void put(const void *bytes, uint32_t count) {
  memcpy(request + request_bytes, bytes, count);
  request_bytes += count;
}

static void put_u32(uint32_t number) { put(&number, sizeof number); }

static void put_u64(uint64_t number) { put(&number, sizeof number); }

static void begin(uint32_t code) {
  request_bytes = 8; /* the size, when it is known */
  put_u32(code);
}

/* A request of `count` arguments; their values follow. */
static void begin_arguments(uint32_t code, uint32_t count, const uint32_t codes[]) {
  begin(code);
  put_u32(count);
  put(codes, 4 * count);
}

static uint8_t answer[512];
static uint32_t answer_bytes;

static bool ask(void) {
  uint64_t size = request_bytes - 8;
  uint8_t buffer[sizeof request];
  memcpy(buffer, request, request_bytes);
  memcpy(buffer, &size, sizeof size);
  sent_count = 0;
  bool goes_on = mtvm_dispatch(buffer, request_bytes, buffer + sizeof buffer);
  answer_bytes = take_sent(answer, sizeof answer);
  return goes_on;
}

/* Number `i` of the answer's words: 0 its code, 1 the count of values, from 2 on their type codes. */
static uint32_t word(uint32_t i) {
  uint32_t found;
  memcpy(&found, answer + 3 + 8 + 4 * i, sizeof found);
  return found;
}

static uint64_t value(void) {
  uint64_t found;
  memcpy(&found, answer + answer_bytes - 8, sizeof found);
  return found;
}

static bool returned(uint32_t code) {
  return word(0) == RPC_RETURN && word(1) == 1 && word(2) == code;
}

static bool refused(const char *why) {
  answer[answer_bytes] = '\0';
  return word(0) == RPC_EXCEPTION && word(2) == kTVMStr &&
         strstr((const char *)answer + 3 + 8 + 4 * 3 + 8, why) != NULL;
}

static void put_device(void) {
  put_u32(kDLCPU);
  put_u32(0);
}

static void put_tensor(const void *data, uint64_t bytes) {
  put_u64((uintptr_t)data);
  put_device();
  put_u32(1);
  put_u32(kDLUInt | 8U << 8 | 1U << 16);
  put_u64(bytes);
  put_u64(0);
}

static uint8_t *allocate(uint64_t bytes) {
  const uint32_t codes[] = {kDLDevice, kTVMArgInt, kTVMArgInt, kTVMDataType};
  begin_arguments(RPC_ALLOCATE, 4, codes);
  put_device();
  put_u64(bytes);
  put_u64(16);
  put_u64(kDLUInt | 8U << 8 | 1U << 16);
  assert(ask());
  return returned(kTVMOpaqueHandle) ? (uint8_t *)(uintptr_t)value() : NULL;
}

static void the_first_request_names_the_protocol(void) {
  begin(RPC_INIT_SERVER);
  put_u64(5);
  put("0.8.0", 5);
  put_u32(0);
  assert(ask() && returned(kTVMNullptr));
  begin(RPC_INIT_SERVER);
  put_u64(5);
  put("0.9.0", 5);
  assert(ask() && refused("MTVM_RPC_E_VERSION: this device speaks 0.8.0, the host 0.9.0"));
}

static void names_become_handles_and_handles_are_freed(void) {
  const uint32_t name[] = {kTVMStr};
  begin_arguments(RPC_GET_GLOBAL_FUNCTION, 1, name);
  put_u64(5);
  put("there", 5);
  assert(ask() && returned(kTVMOpaqueHandle) && value() == 0xA0000001U);
  begin_arguments(RPC_GET_GLOBAL_FUNCTION, 1, name);
  put_u64(4);
  put("none", 4);
  assert(ask() && returned(kTVMOpaqueHandle) && value() == 0);
  const uint32_t codes[] = {kTVMOpaqueHandle, kTVMArgInt};
  const struct {
    uint32_t handle;
    uint32_t code;
    bool good;
  } tries[] = {
      {0xA0000001U, kTVMPackedFuncHandle, true},
      {0xA0000001U, kTVMModuleHandle, false},
      {MTVM_FUNCTION_HANDLE(MTVM_MODULE_TIMER, 3), kTVMPackedFuncHandle, true},
      {MTVM_MODULE_HANDLE(MTVM_MODULE_TIMER), kTVMModuleHandle, true},
      {0, 0, false},
  };
  for (uint32_t i = 0; i < sizeof tries / sizeof tries[0]; ++i) {
    freed = 99;
    begin_arguments(RPC_FREE_HANDLE, 2, codes);
    put_u64(tries[i].handle);
    put_u64(tries[i].code);
    assert(ask());
    assert(tries[i].good ? returned(kTVMNullptr) : refused("MTVM_RPC_E_HANDLE"));
    assert(freed == (i == 2 ? 3U : 99U)); /* only time evaluators hold something */
  }
}

static void a_device_exists_and_that_is_all_there_is_to_know(void) {
  const uint32_t codes[] = {kDLDevice, kTVMArgInt};
  for (uint32_t type = 1; type <= 2; ++type) {
    begin_arguments(RPC_GET_ATTRIBUTE, 2, codes);
    put_u32(type);
    put_u32(0);
    put_u64(0);
    assert(ask() && returned(kTVMArgInt) && value() == (type == kDLCPU));
  }
  begin_arguments(RPC_GET_ATTRIBUTE, 2, codes);
  put_device();
  put_u64(1);
  assert(ask() && returned(kTVMNullptr));
  const uint32_t device[] = {kDLDevice};
  begin_arguments(RPC_SET_DEVICE, 1, device);
  put_device();
  assert(ask() && returned(kTVMNullptr));
  begin_arguments(RPC_SET_DEVICE, 1, device);
  put_u32(2);
  put_u32(0);
  assert(ask() && refused("MTVM_RPC_E_DEVICE: type 2 id 0"));
}

/* A host waits for its copies by this; TVM's own asks for streams, too. */
static void streams_are_done_at_once(void) {
  const uint32_t codes[] = {kDLDevice, kTVMOpaqueHandle};
  for (uint32_t code = RPC_CREATE_STREAM; code <= RPC_GET_STREAM; ++code) {
    begin_arguments(code, 2, codes);
    put_device();
    put_u64(0);
    assert(ask());
    bool stream = code == RPC_CREATE_STREAM || code == RPC_GET_STREAM;
    assert(returned(stream ? kTVMOpaqueHandle : kTVMNullptr) && (!stream || value() == 0));
  }
  begin_arguments(RPC_SYNCHRONIZE, 2, codes);
  put_device();
  put_u64(0);
  assert(ask() && returned(kTVMNullptr));
  begin_arguments(RPC_SYNCHRONIZE, 2, codes);
  put_u32(kDLCPU);
  put_u32(1);
  put_u64(0);
  assert(ask() && refused("MTVM_RPC_E_DEVICE: type 1 id 1"));
  begin_arguments(RPC_GET_STREAM + 1, 0, codes);
  assert(ask() && refused("MTVM_RPC_E_CODE: 22 isn't served"));
}

static void memory_is_taken_copied_and_given_back(void) {
  const uint32_t tensors[] = {kTVMDLTensorHandle, kTVMDLTensorHandle, kTVMOpaqueHandle};
  uint8_t *from = allocate(32);
  uint8_t *to = allocate(32);
  assert(from != NULL && to != NULL && from != to);
  begin(RPC_COPY_TO_DEVICE);
  put_tensor(from, 32);
  put_u64(32);
  put("0123456789abcdef0123456789ABCDEF", 32);
  assert(ask() && returned(kTVMNullptr) && memcmp(from, "0123456789abcdef0123456789ABCDEF", 32) == 0);
  --request_bytes;
  assert(ask() && refused("MTVM_RPC_E_PACKET: a copy of 32 B came with 31"));
  begin_arguments(RPC_COPY_ON_DEVICE, 3, tensors);
  put_tensor(from, 32);
  put_tensor(to, 32);
  put_u64(0);
  assert(ask() && returned(kTVMNullptr) && memcmp(from, to, 32) == 0);
  begin_arguments(RPC_COPY_ON_DEVICE, 3, tensors);
  put_tensor(from, 32);
  put_tensor(to, 31);
  put_u64(0);
  assert(ask() && refused("MTVM_RPC_E_SIZE: tensors of two sizes"));
  begin(RPC_COPY_FROM_DEVICE);
  put_tensor(to, 32);
  put_u64(32);
  assert(ask() && word(0) == RPC_COPY_ACK && answer_bytes == 3 + 8 + 4 + 32);
  assert(memcmp(answer + 15, from, 32) == 0);
  const uint32_t codes[] = {kDLDevice, kTVMOpaqueHandle};
  for (uint32_t i = 0; i < 2; ++i) {
    begin_arguments(RPC_FREE, 2, codes);
    put_device();
    put_u64((uintptr_t)to);
    assert(ask());
    assert(i == 0 ? returned(kTVMNullptr) : refused("MTVM_RPC_E_POINTER: freed, but not allocated"));
  }
  assert(allocate(UINT64_C(1) << 40) == NULL && refused("MTVM_RPC_E_HEAP: asked for 4294967295 B"));
}

static void a_scope_is_global_or_none(void) {
  const uint32_t codes[] = {kTVMDLTensorHandle, kTVMStr};
  const char *const scopes[] = {"", "global", "local"};
  for (uint32_t i = 0; i < 3; ++i) {
    begin_arguments(RPC_ALLOCATE_WITH_SCOPE, 2, codes);
    put_tensor(NULL, 16);
    put_u64(strlen(scopes[i]));
    put(scopes[i], (uint32_t)strlen(scopes[i]));
    assert(ask());
    assert(i < 2 ? returned(kTVMOpaqueHandle) : refused("MTVM_RPC_E_DEVICE: no memory of scope local"));
  }
}

static void a_function_answers_and_a_shutdown_does_not(void) {
  begin(RPC_CALL_FUNCTION);
  put_u64(0xA0000001U);
  put_u32(0);
  assert(ask() && word(0) == RPC_RETURN);
  begin(RPC_CALL_FUNCTION);
  put_u64(UINT64_C(0x1A0000001)); /* wider than any handle */
  put_u32(0);
  assert(ask() && refused("MTVM_RPC_E_HANDLE: 0 is none"));
  begin(RPC_SHUTDOWN);
  assert(!ask() && answer_bytes == 0);
}

static void what_is_not_the_hosts_is_refused(void) {
  const uint32_t device[] = {kDLDevice, kTVMOpaqueHandle};
  const uint32_t tensors[] = {kTVMDLTensorHandle, kTVMDLTensorHandle};
  uint8_t *mine = allocate(16);
  begin_arguments(RPC_FREE, 2, device);
  put_u32(2);
  put_u32(0);
  put_u64((uintptr_t)mine);
  assert(ask() && refused("MTVM_RPC_E_DEVICE: type 2 id 0"));
  begin_arguments(RPC_COPY_ON_DEVICE, 2, tensors);
  put_tensor(mine, 16);
  put_tensor(mine + 1, 16);
  assert(ask() && refused("MTVM_RPC_E_POINTER: 16 B at"));
  begin(RPC_COPY_FROM_DEVICE);
  put_tensor(mine, 16);
  put_u64(16);
  request[12 + 8] = 2; /* the device's type */
  assert(ask() && refused("MTVM_RPC_E_DEVICE: type 2 id 0"));
  begin(RPC_COPY_FROM_DEVICE);
  put_tensor(mine, 16);
  put_u64(16);
  request[12 + 16] = 65; /* dimensions */
  assert(ask() && refused("MTVM_RPC_E_PACKET: 65 dimensions"));
}

/* Where a packet ends nothing is read, whatever its numbers say. */
static void packets_end_where_they_end(void) {
  const uint32_t name[] = {kTVMStr};
  begin_arguments(RPC_GET_GLOBAL_FUNCTION, 1, name);
  put_u64(6);
  put("there", 5);
  assert(ask() && refused("MTVM_RPC_E_PACKET: it ends before its arguments do"));
  begin(RPC_GET_GLOBAL_FUNCTION);
  put_u32(2);
  put_u32(kTVMNullptr);
  assert(ask() && refused("MTVM_RPC_E_PACKET: it ends before its arguments do"));
  begin(RPC_GET_GLOBAL_FUNCTION);
  put_u32(0x40000000U); /* so many that their bytes are none, in 32 bits */
  put_u64(0);
  assert(ask() && refused("MTVM_RPC_E_PACKET: it ends before its arguments do"));
  begin(RPC_GET_GLOBAL_FUNCTION);
  request_bytes -= 1;
  assert(ask() && refused("MTVM_RPC_E_PACKET: no size and code"));
  const uint64_t size = 5; /* one more than comes */
  begin(RPC_SHUTDOWN);
  memcpy(request, &size, sizeof size);
  assert(mtvm_dispatch(request, 12, request + sizeof request));
  answer_bytes = take_sent(answer, sizeof answer);
  assert(refused("MTVM_RPC_E_PACKET: no size and code"));
}

int main(void) {
  mtvm_heap_reset();
  what_is_not_the_hosts_is_refused();
  packets_end_where_they_end();
  the_first_request_names_the_protocol();
  names_become_handles_and_handles_are_freed();
  a_device_exists_and_that_is_all_there_is_to_know();
  streams_are_done_at_once();
  memory_is_taken_copied_and_given_back();
  a_scope_is_global_or_none();
  a_function_answers_and_a_shutdown_does_not();
  puts("passed");
  return 0;
}
