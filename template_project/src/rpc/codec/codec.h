/* How arguments and results are written into packets: one of several files behind this header.
 *
 * codec_classic.c: TVM up to 0.18. A reader walks over a packet; whatever it reads is checked against
 * the packet's end first. */
#ifndef MTVM_CODEC_H_
#define MTVM_CODEC_H_

#include <stdbool.h>
#include <stdint.h>

#include "calls/call.h"

typedef struct mtvm_reader {
  uint8_t *at; /* in the packet buffer; strings are moved to end with a NUL */
  uint8_t *end;
} mtvm_reader_t;

/* Where a copy reads or writes, and how much: the host may (mtvm_may_copy). */
typedef struct mtvm_span {
  uint8_t *data;
  uint32_t size;
} mtvm_span_t;

/* Each reads one thing, or returns false with the error set. */
bool mtvm_read_u32(mtvm_reader_t *reader, uint32_t *value);
bool mtvm_read_u64(mtvm_reader_t *reader, uint64_t *value);
bool mtvm_read_handle(mtvm_reader_t *reader, uint32_t *handle);
bool mtvm_read_text(mtvm_reader_t *reader, const char **text);
bool mtvm_read_arguments(mtvm_reader_t *reader, mtvm_call_t *call);
bool mtvm_read_copy(mtvm_reader_t *reader, mtvm_span_t *span);

/* Each sends one whole packet. A bare result is what system calls return. */
void mtvm_reply_bare(const mtvm_result_t *result);
void mtvm_reply_result(const mtvm_result_t *result);
void mtvm_reply_copy(const mtvm_span_t *span);
void mtvm_reply_error(void);

#endif
