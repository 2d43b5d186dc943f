/* The tensor heap against a plain model of one: what is handed out never overlaps, is aligned, and
 * can be had again. MTVM_TENSOR_HEAP_BYTES is 1024. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "calls/error.h"
#include "calls/heap.h"
#include "mtvm_config.h"
#include "port.h"

#define MOST 64

static struct {
  uint8_t *data;
  uint32_t size;
  uint8_t mark;
} blocks[MOST];

static char said[128];

static void say(const void *bytes, uint32_t count) { strncat(said, bytes, count); }

static const char *error_text(void) {
  said[0] = '\0';
  (void)mtvm_error_text(say);
  return said;
}

static void a_full_heap_says_what_was_asked_and_what_is_there(void) {
  mtvm_heap_reset();
  assert(mtvm_heap_allocate(1000) != NULL);
  assert(mtvm_heap_allocate(100) == NULL);
  assert(strcmp(error_text(), "MTVM_RPC_E_HEAP: asked for 100 B; 0 B are free, 0 in one piece") ==
         0);
  mtvm_heap_reset();
  assert(mtvm_heap_allocate(UINT32_MAX) == NULL);
  assert(strstr(error_text(), "asked for 4294967295 B; 1008 B are free, 1008 in one piece"));
}

static void free_neighbours_become_one(void) {
  void *three[3];
  mtvm_heap_info_t info;
  mtvm_heap_reset();
  for (uint32_t i = 0; i < 3; ++i) {
    three[i] = mtvm_heap_allocate(320);
    assert(three[i] != NULL);
  }
  assert(mtvm_heap_free(three[0]) && mtvm_heap_free(three[2]) && mtvm_heap_free(three[1]));
  mtvm_heap_info(&info);
  assert(info.size == 1024 && info.free == 1008 && info.largest == 1008 && info.blocks == 0);
  assert(mtvm_heap_allocate(1008) != NULL);
}

static void nothing_is_freed_twice_or_from_its_middle(void) {
  mtvm_heap_reset();
  uint8_t *block = mtvm_heap_allocate(64);
  assert(!mtvm_heap_free(block + 16) && !mtvm_heap_free(&block) && !mtvm_heap_free(NULL));
  assert(mtvm_heap_free(block) && !mtvm_heap_free(block));
}

static void it_knows_what_it_holds(void) {
  mtvm_heap_reset();
  uint8_t *block = mtvm_heap_allocate(64);
  uint8_t *next = mtvm_heap_allocate(64);
  assert(mtvm_heap_holds(block, 64) && mtvm_heap_holds(block + 63, 1));
  assert(mtvm_heap_holds(block + 64, 0) && !mtvm_heap_holds(block, 65));
  assert(!mtvm_heap_holds(block - 1, 1) && !mtvm_heap_holds(block + 64, 1));
  assert(!mtvm_heap_holds(NULL, 0) && !mtvm_heap_holds(&block, 1));
  assert(!mtvm_heap_holds(block, UINT32_MAX));
  assert(mtvm_heap_free(block) && !mtvm_heap_holds(block, 1) && mtvm_heap_holds(next, 64));
}

static void the_largest_free_piece_is_lent_without_being_taken(void) {
  uint32_t bytes;
  mtvm_heap_info_t info;
  mtvm_heap_reset();
  void *first = mtvm_heap_allocate(300);
  void *second = mtvm_heap_allocate(64);
  assert(first != NULL && second != NULL);
  uint8_t *lent = mtvm_heap_largest(&bytes);
  assert(bytes == 1024 - 16 - 304 - 16 - 64 - 16 && (uintptr_t)lent % MTVM_ALIGNMENT == 0);
  memset(lent, 0xFF, bytes);
  assert(mtvm_heap_free(first) && mtvm_heap_largest(&bytes) == lent);
  assert(mtvm_heap_free(second));
  mtvm_heap_info(&info);
  assert(info.blocks == 0 && info.largest == 1008);
  assert(mtvm_heap_allocate(1008) != NULL);
  assert(mtvm_heap_largest(&bytes) == NULL && bytes == 0);
}

static void overwritten_headers_lead_nowhere(void) {
  mtvm_heap_info_t info;
  for (uint32_t seed = 0; seed < 1200; ++seed) {
    mtvm_heap_reset();
    srand(seed);
    uint8_t *block = mtvm_heap_allocate(64);
    (void)mtvm_heap_allocate(64);
    for (uint32_t i = 0; i < 16; ++i) {
      block[64 + i] = (uint8_t)rand(); /* a kernel wrote past its tensor */
    }
    if (seed >= 200) { /* a size that there could be */
      uint32_t size = seed - 200;
      memcpy(block + 64, &size, sizeof size);
    }
    mtvm_heap_info(&info);
    (void)mtvm_heap_allocate(32);
    (void)mtvm_heap_holds(block + 100, 10);
    (void)mtvm_heap_free(block);
  }
}

static void any_order_of_requests(void) {
  mtvm_heap_reset();
  srand(1);
  for (uint32_t round = 0; round < 20000; ++round) {
    uint32_t i = (uint32_t)rand() % MOST;
    if (blocks[i].data != NULL) {
      for (uint32_t b = 0; b < blocks[i].size; ++b) {
        assert(blocks[i].data[b] == blocks[i].mark);
      }
      assert(mtvm_heap_free(blocks[i].data));
      blocks[i].data = NULL;
      continue;
    }
    blocks[i].size = (uint32_t)rand() % 200;
    blocks[i].mark = (uint8_t)rand();
    blocks[i].data = mtvm_heap_allocate(blocks[i].size);
    if (blocks[i].data != NULL) {
      assert((uintptr_t)blocks[i].data % MTVM_ALIGNMENT == 0);
      memset(blocks[i].data, blocks[i].mark, blocks[i].size);
    }
  }
}

int main(void) {
  a_full_heap_says_what_was_asked_and_what_is_there();
  free_neighbours_become_one();
  nothing_is_freed_twice_or_from_its_middle();
  it_knows_what_it_holds();
  the_largest_free_piece_is_lent_without_being_taken();
  overwritten_headers_lead_nowhere();
  any_order_of_requests();
  puts("passed");
  return 0;
}
