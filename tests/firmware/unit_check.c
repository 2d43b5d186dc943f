/* Checks of buffers and names of statuses. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "mtvm_check.h"

static const mtvm_tensor_t tensors[] = {{.name = "a", .bytes = 4}, {.name = "b", .bytes = 0}};

static void pointers(void) {
  static MTVM_ALIGNED uint8_t memory[32];
  const void *good[] = {memory, memory + 16};
  const void *null[] = {memory, NULL};
  const void *odd[] = {memory + 1, memory};
  assert(mtvm_check_pointers(good, 2) == MTVM_OK);
  assert(mtvm_check_pointers(good, 0) == MTVM_OK);
  assert(mtvm_check_pointers(null, 2) == MTVM_E_NULL);
  assert(mtvm_check_pointers(odd, 2) == MTVM_E_ALIGNMENT);
}

static void sizes(void) {
  uint8_t byte;
  mtvm_buffer_t exact[] = {{&byte, 4}, {&byte, 0}};
  mtvm_buffer_t larger[] = {{&byte, UINT32_MAX}, {&byte, 9}};
  mtvm_buffer_t smaller[] = {{&byte, 3}, {&byte, 0}};
  assert(mtvm_check_sizes(tensors, exact, 2) == MTVM_OK);
  assert(mtvm_check_sizes(tensors, larger, 2) == MTVM_OK);
  assert(mtvm_check_sizes(tensors, smaller, 2) == MTVM_E_SIZE);
  assert(mtvm_check_sizes(tensors, NULL, 2) == MTVM_E_NULL);
}

static void names(void) {
  assert(strcmp(mtvm_status_name(MTVM_OK), "MTVM_OK") == 0);
  assert(strcmp(mtvm_status_name(MTVM_E_WORKSPACE), "MTVM_E_WORKSPACE") == 0);
  assert(strcmp(mtvm_status_name((mtvm_status_t)-100), "MTVM_E_?") == 0);
  for (int status = 0; status >= MTVM_E_KERNEL; --status) {
    assert(strcmp(mtvm_status_name((mtvm_status_t)status), "MTVM_E_?") != 0);
  }
}

int main(void) {
  pointers();
  sizes();
  names();
  puts("passed");
  return 0;
}
