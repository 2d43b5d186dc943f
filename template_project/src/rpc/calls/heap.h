/* Memory for tensors of the host: one static array of MTVM_TENSOR_HEAP_BYTES, first fit, neighbours
 * that are free become one. The array is this file's; a block belongs to the host until it frees it
 * or its session ends. */
#ifndef MTVM_HEAP_H_
#define MTVM_HEAP_H_

#include <stdbool.h>
#include <stdint.h>

typedef struct mtvm_heap_info {
  uint32_t size;    /* all of it, bytes */
  uint32_t free;    /* together */
  uint32_t largest; /* what one request can get at most */
  uint32_t blocks;  /* in use */
} mtvm_heap_info_t;

/* Frees everything. Call it before the first request. */
void mtvm_heap_reset(void);

/* `bytes` at a multiple of MTVM_ALIGNMENT, or NULL with the error set. */
void *mtvm_heap_allocate(uint32_t bytes);

/* False, with the error set, when `block` wasn't allocated. */
bool mtvm_heap_free(const void *block);

/* True when `bytes` at `memory` are all inside one allocated block; else false, with the error set. */
bool mtvm_heap_holds(const void *memory, uint32_t bytes);

/* The largest free piece, at a multiple of MTVM_ALIGNMENT: free to write to until the next request.
 * NULL when nothing is free. */
void *mtvm_heap_largest(uint32_t *bytes);

void mtvm_heap_info(mtvm_heap_info_t *info);

#endif
