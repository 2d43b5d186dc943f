/* The workspace arena: stack discipline, exact fit, named overflow. MTVM_WORKSPACE_BYTES is 256. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "mtvm_workspace.h"
#include "tvm/runtime/c_backend_api.h"

static void *take(uint64_t bytes) { return TVMBackendAllocWorkspace(kDLCPU, 0, bytes, 0, 8); }
static int give(void *memory) { return TVMBackendFreeWorkspace(kDLCPU, 0, memory); }

static void memory_is_aligned_and_separate(void) {
  mtvm_workspace_reset();
  uint8_t *first = take(1);
  uint8_t *second = take(17);
  assert(first != NULL && second != NULL);
  assert((uintptr_t)first % 16 == 0 && (uintptr_t)second % 16 == 0);
  assert(second >= first + 16);
  memset(first, 1, 1);
  memset(second, 2, 17);
  assert(first[0] == 1);
}

static void it_can_be_used_to_the_last_byte(void) {
  mtvm_workspace_reset();
  uint8_t *all = take(256);
  assert(all != NULL);
  memset(all, 0xff, 256);
  assert(mtvm_workspace_overflow() == 0);
  assert(give(all) == 0);
  assert(take(256) == all);
}

static void what_was_given_back_is_taken_again(void) {
  mtvm_workspace_reset();
  void *outer = take(100);
  void *inner = take(100);
  assert(give(inner) == 0);
  assert(take(100) == inner);
  assert(give(inner) == 0);
  assert(give(outer) == 0);
  assert(take(1) == outer);
}

static void overflow_is_null_and_says_how_much_was_asked(void) {
  mtvm_workspace_reset();
  void *most = take(240);
  assert(most != NULL);
  assert(take(17) == NULL);
  assert(mtvm_workspace_overflow() == 17);
  mtvm_workspace_reset();
  assert(mtvm_workspace_overflow() == 0);
  assert(take(257) == NULL);
  assert(take(UINT64_MAX) == NULL);
  assert(mtvm_workspace_overflow() == UINT32_MAX);
  assert(take(UINT64_MAX - 15) == NULL);
}

static void foreign_memory_is_refused(void) {
  mtvm_workspace_reset();
  uint8_t *memory = take(32);
  uint8_t foreign;
  assert(give(&foreign) != 0);
  assert(give(memory + 64) != 0);
  assert(give(memory) == 0);
}

int main(void) {
  memory_is_aligned_and_separate();
  it_can_be_used_to_the_last_byte();
  what_was_given_back_is_taken_again();
  overflow_is_null_and_says_how_much_was_asked();
  foreign_memory_is_refused();
  puts("passed");
  return 0;
}
