/* Frames on a line of bytes that may lose, change or insert some:
 *
 *   FF FD | length u32 | payload | crc u16          little-endian
 *
 * In length, payload and crc every FF is sent as FF FF. FF FE is nothing; FF FD begins a frame,
 * wherever it comes. The CRC (polynomial 0x1021, initial value 0xffff) is over the bytes as they
 * are sent, from FF FD to the end of the payload. */
#ifndef MTVM_LINK_H_
#define MTVM_LINK_H_

#include <stdbool.h>
#include <stdint.h>

#define MTVM_LINK_BYTES 8U /* of a frame, around its payload */

typedef enum mtvm_link_event {
  MTVM_LINK_MORE,     /* nothing to tell yet */
  MTVM_LINK_PACKET,   /* `packet` holds a payload of `length` bytes */
  MTVM_LINK_TOO_LONG, /* a payload of `length` bytes came whole; `packet` holds its first ones */
  MTVM_LINK_BAD_CRC,  /* a frame was damaged */
  MTVM_LINK_CUT       /* a frame broke off, or holds an escape that is none */
} mtvm_link_event_t;

/* A decoder. `packet` is the caller's memory; the decoder writes to it, and the caller may use and
 * change it from a packet's end until the next call. */
typedef struct mtvm_link {
  uint8_t *packet;
  uint32_t capacity; /* of `packet`, bytes */
  uint32_t length;
  uint32_t received; /* bytes of the present part */
  uint32_t field;    /* length or crc that is coming */
  uint16_t crc;
  uint8_t state;
  uint8_t escaped; /* the last byte was an FF that still has to be understood */
} mtvm_link_t;

void mtvm_link_init(mtvm_link_t *link, uint8_t *packet, uint32_t capacity);

/* Decodes the next byte of the line. */
mtvm_link_event_t mtvm_link_take(mtvm_link_t *link, uint8_t byte);

/* Whether the next byte goes on with a frame. */
bool mtvm_link_in_frame(const mtvm_link_t *link);

/* Sends a frame through mtvm_port_putc: its payload's length, then the payload in any number of
 * pieces, then the end. One frame at a time. */
void mtvm_link_begin(uint32_t length);
void mtvm_link_put(const void *bytes, uint32_t count);
void mtvm_link_end(void);

#endif
