#include "calls/heap.h"

#include <stddef.h>

#include "calls/error.h"
#include "mtvm_config.h"

/* Before every block; as large as the alignment, so that blocks are aligned. `size` is that of the
 * block behind it. */
typedef struct header {
  uint32_t size;
  uint32_t used;
} header_t;

#define HEADER_BYTES MTVM_ALIGN_UP(sizeof(header_t))
#define HEAP_BYTES MTVM_ALIGN_UP(MTVM_TENSOR_HEAP_BYTES)

MTVM_STATIC_ASSERT(HEADER_BYTES == MTVM_ALIGNMENT, mtvm_heap_headers_fit_between_blocks);
MTVM_STATIC_ASSERT(MTVM_TENSOR_HEAP_BYTES >= 2 * HEADER_BYTES, mtvm_heap_holds_a_block);
MTVM_STATIC_ASSERT(MTVM_TENSOR_HEAP_BYTES < 0x80000000U, mtvm_heap_sizes_fit);

static MTVM_NOINIT_HEAP MTVM_ALIGNED uint8_t memory[HEAP_BYTES];

static header_t *header_at(uint32_t offset) { return (header_t *)(void *)&memory[offset]; }

/* The offset of the header after the one at `offset`; HEAP_BYTES after the last. A kernel that wrote
 * past its tensor can't lead us outside: what follows damage counts as the last block. */
static uint32_t next(uint32_t offset) {
  uint32_t size = header_at(offset)->size;
  uint32_t room = HEAP_BYTES - HEADER_BYTES - offset;
  if (size > room || size % MTVM_ALIGNMENT != 0) {
    header_at(offset)->size = size = room;
  }
  return offset + HEADER_BYTES + size;
}

void mtvm_heap_reset(void) {
  header_at(0)->size = HEAP_BYTES - HEADER_BYTES;
  header_at(0)->used = false;
}

/* Takes free neighbours after the free block at `offset` into it. */
static void join(uint32_t offset) {
  for (uint32_t after = next(offset); after < HEAP_BYTES && !header_at(after)->used;
       after = next(offset)) {
    header_at(offset)->size = next(after) - offset - HEADER_BYTES;
  }
}

void *mtvm_heap_allocate(uint32_t bytes) {
  uint32_t wanted = bytes < HEAP_BYTES ? MTVM_ALIGN_UP(bytes) : HEAP_BYTES;
  if (wanted == 0) {
    wanted = MTVM_ALIGNMENT; /* no two blocks have the same address */
  }
  for (uint32_t offset = 0; offset < HEAP_BYTES; offset = next(offset)) {
    header_t *block = header_at(offset);
    if (block->used) {
      continue;
    }
    join(offset);
    if (block->size < wanted) {
      continue;
    }
    uint32_t rest = block->size - wanted;
    if (rest >= HEADER_BYTES) {
      block->size = wanted;
      header_at(offset + HEADER_BYTES + wanted)->size = rest - HEADER_BYTES;
      header_at(offset + HEADER_BYTES + wanted)->used = false;
    }
    block->used = true;
    return &memory[offset + HEADER_BYTES];
  }
  mtvm_heap_info_t info;
  mtvm_heap_info(&info);
  (void)mtvm_fail_numbers("HEAP: asked for % B; % B are free, % in one piece", bytes, info.free,
                          info.largest);
  return NULL;
}

bool mtvm_heap_free(const void *block) {
  for (uint32_t offset = 0; offset < HEAP_BYTES; offset = next(offset)) {
    if (&memory[offset + HEADER_BYTES] == block && header_at(offset)->used) {
      header_at(offset)->used = false;
      return true;
    }
  }
  return mtvm_fail("POINTER: freed, but not allocated");
}

bool mtvm_heap_holds(const void *at, uint32_t bytes) {
  uintptr_t distance = (uintptr_t)at - (uintptr_t)memory;
  if (distance < HEAP_BYTES) {
    uint32_t offset;
    uint32_t end = 0;
    do {
      offset = end;
      end = next(offset);
    } while (distance > end);
    if (header_at(offset)->used && distance >= offset + HEADER_BYTES && bytes <= end - distance) {
      return true;
    }
  }
  return mtvm_fail_numbers("POINTER: % B at % are not inside a tensor", bytes,
                           (uint32_t)(uintptr_t)at, 0);
}

void mtvm_heap_info(mtvm_heap_info_t *info) {
  *info = (mtvm_heap_info_t){.size = HEAP_BYTES};
  for (uint32_t offset = 0; offset < HEAP_BYTES; offset = next(offset)) {
    if (header_at(offset)->used) {
      ++info->blocks;
      continue;
    }
    join(offset);
    uint32_t size = header_at(offset)->size;
    info->free += size;
    info->largest = size > info->largest ? size : info->largest;
  }
}

void *mtvm_heap_largest(uint32_t *bytes) {
  void *found = NULL;
  *bytes = 0;
  for (uint32_t offset = 0; offset < HEAP_BYTES; offset = next(offset)) {
    if (header_at(offset)->used) {
      continue;
    }
    join(offset);
    if (header_at(offset)->size > *bytes) {
      *bytes = header_at(offset)->size;
      found = &memory[offset + HEADER_BYTES];
    }
  }
  return found;
}
