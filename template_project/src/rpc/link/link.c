#include "link/link.h"

#include "mtvm_port.h"

#define ESCAPE 0xFFU
#define START 0xFDU
#define NOTHING 0xFEU
#define CRC_OF_START 0x2042U /* of FF FD; checked by the unit test */
#define LENGTH_BYTES 4U
#define CRC_BYTES 2U

enum { HUNT, LENGTH, PAYLOAD, CRC };

static uint16_t sending; /* CRC of the frame that is being sent */

/* One byte more into a CRC: x^16 + x^12 + x^5 + 1, most significant bit first, without a table. */
static uint16_t crc_add(uint16_t crc, uint8_t byte) {
  uint32_t x = (uint32_t)(crc >> 8) ^ byte;
  x ^= x >> 4;
  return (uint16_t)(((uint32_t)crc << 8) ^ (x << 12) ^ (x << 5) ^ x);
}

void mtvm_link_init(mtvm_link_t *link, uint8_t *packet, uint32_t capacity) {
  link->packet = packet;
  link->capacity = capacity;
  link->state = HUNT;
  link->escaped = false;
}

/* Leaves the present frame, if there is one, for a new one (LENGTH) or none (HUNT). */
static mtvm_link_event_t restart(mtvm_link_t *link, uint8_t state) {
  mtvm_link_event_t event = link->state == HUNT ? MTVM_LINK_MORE : MTVM_LINK_CUT;
  link->state = state;
  link->crc = CRC_OF_START;
  link->field = 0;
  link->received = 0;
  return event;
}

static mtvm_link_event_t take_data(mtvm_link_t *link, uint8_t byte) {
  uint32_t index = link->received++;
  if (link->state == PAYLOAD) {
    if (index < link->capacity) {
      link->packet[index] = byte;
    }
    if (link->received == link->length) {
      link->received = 0;
      link->state = CRC;
    }
    return MTVM_LINK_MORE;
  }
  link->field |= (uint32_t)byte << (8 * index);
  if (link->state == LENGTH) {
    if (link->received == LENGTH_BYTES) {
      link->length = link->field;
      link->field = 0;
      link->received = 0;
      link->state = link->length > 0 ? PAYLOAD : CRC;
    }
    return MTVM_LINK_MORE;
  }
  if (link->received < CRC_BYTES) {
    return MTVM_LINK_MORE;
  }
  link->state = HUNT;
  if (link->field != link->crc) {
    return MTVM_LINK_BAD_CRC;
  }
  return link->length > link->capacity ? MTVM_LINK_TOO_LONG : MTVM_LINK_PACKET;
}

mtvm_link_event_t mtvm_link_take(mtvm_link_t *link, uint8_t byte) {
  bool escaped = link->escaped;
  /* Between frames garbage may end with an FF right before a frame: there each FF may be the one
   * that counts. */
  link->escaped = byte == ESCAPE && (!escaped || link->state == HUNT);
  if (escaped && byte == START) {
    return restart(link, LENGTH);
  }
  if (link->state == HUNT) {
    return MTVM_LINK_MORE;
  }
  if (link->state != CRC) {
    link->crc = crc_add(link->crc, byte);
  }
  if (link->escaped || (escaped && byte == NOTHING)) {
    return MTVM_LINK_MORE;
  }
  return escaped && byte != ESCAPE ? restart(link, HUNT) : take_data(link, byte);
}

bool mtvm_link_in_frame(const mtvm_link_t *link) { return link->state != HUNT; }

static void put(uint8_t byte) {
  for (uint32_t times = byte == ESCAPE ? 2 : 1; times > 0; --times) {
    sending = crc_add(sending, byte);
    mtvm_port_putc((char)byte);
  }
}

void mtvm_link_begin(uint32_t length) {
  mtvm_port_putc((char)ESCAPE);
  mtvm_port_putc((char)START);
  sending = CRC_OF_START;
  mtvm_link_put(&length, sizeof length);
}

void mtvm_link_put(const void *bytes, uint32_t count) {
  const uint8_t *at = bytes;
  for (uint32_t i = 0; i < count; ++i) {
    put(at[i]);
  }
}

void mtvm_link_end(void) {
  uint16_t crc = sending;
  mtvm_link_put(&crc, sizeof crc);
}
