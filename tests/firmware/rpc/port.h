/* The units' line: what the device sends lands in `sent`. */
#ifndef PORT_H_
#define PORT_H_

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "link/link.h"
#include "mtvm_port.h"

static uint8_t sent[1 << 16];
static uint32_t sent_count;

void mtvm_port_putc(char byte) {
  if (sent_count < sizeof sent) {
    sent[sent_count++] = (uint8_t)byte;
  }
}

static uint64_t now;
static uint64_t step = 1; /* of the clock, each time that it is read */

uint64_t mtvm_port_clock(void) { return now += step; }

uint32_t mtvm_port_clock_hz(void) { return 1000000; }

uint32_t mtvm_port_ticks(void) { return (uint32_t)mtvm_port_clock(); }

/* Takes the next payload that was sent into `payload`; its length, or 0 when there is none. */
__attribute__((unused)) static uint32_t take_sent(uint8_t *payload, uint32_t capacity) {
  mtvm_link_t decoder;
  mtvm_link_init(&decoder, payload, capacity);
  for (uint32_t i = 0; i < sent_count; ++i) {
    if (mtvm_link_take(&decoder, sent[i]) == MTVM_LINK_PACKET) {
      sent_count -= i + 1;
      memmove(sent, sent + i + 1, sent_count);
      return decoder.length;
    }
  }
  sent_count = 0;
  return 0;
}

#endif
