/* What TVM's own RPC server gets from us beside TVMPlatform*: see src/app/packed_crt.c. */
#ifndef MTVM_CRT_H_
#define MTVM_CRT_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is left of the server's heap, in bytes; as mtvm.heap_info gives it. */
typedef struct mtvm_crt_heap {
  uint32_t size; /* all of it */
  uint32_t free;
  uint32_t largest; /* what one request can get at most */
  uint32_t blocks;  /* in use */
  uint32_t stack;   /* the most that was in use */
} mtvm_crt_heap_t;

mtvm_crt_heap_t mtvm_crt_heap(void);

/* Adds our functions to the global ones; after MicroTVMRpcServerInit. */
void mtvm_crt_register(void);

#ifdef __cplusplus
}
#endif
#endif
