/* The template's server with nothing to serve: it answers each packet with the packet's bytes, each
 * xored with its place. For tests that push bytes in and take bytes out. */
#include <stddef.h>
#include <stdint.h>

#include "codec/codec.h"
#include "dispatch.h"
#include "features/features.h"
#include "link/link.h"
#include "link/session.h"
#include "mtvm_config.h"
#include "mtvm_port.h"
#include "server.h"

#define SENT 65536U

static uint32_t ticks;

uint8_t device_sent[SENT];
uint32_t device_sent_count; /* of bytes in device_sent; whoever takes them sets it to 0 */

void mtvm_port_putc(char byte) {
  if (device_sent_count < SENT) {
    device_sent[device_sent_count++] = (uint8_t)byte;
  }
}

uint32_t mtvm_port_ticks(void) { return ticks += 97; }

void mtvm_features_reset(void) {}

void mtvm_reply_error(void) { mtvm_session_log_error(); }

bool mtvm_dispatch(uint8_t *packet, uint32_t length, uint8_t *end) {
  (void)end;
  for (uint32_t i = 0; i < length; ++i) {
    packet[i] = (uint8_t)(packet[i] ^ (i * 7U + 1U));
  }
  mtvm_session_begin(length);
  mtvm_link_put(packet, length);
  mtvm_link_end();
  return true;
}

void device_boot(void) {
  device_sent_count = 0;
  mtvm_server_start();
}

void device_feed(const uint8_t *bytes, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    mtvm_server_take(bytes[i]);
  }
}

/* Payloads alone: decodes `count` bytes with a decoder of its own and writes each whole payload as
 * length u32 and bytes into `found`. Returns how many bytes that are. */
size_t decode(const uint8_t *bytes, size_t count, uint8_t *found) {
  static uint8_t memory[MTVM_PACKET_BYTES];
  mtvm_link_t decoder;
  size_t size = 0;
  mtvm_link_init(&decoder, memory, sizeof memory);
  for (size_t i = 0; i < count; ++i) {
    if (mtvm_link_take(&decoder, bytes[i]) == MTVM_LINK_PACKET) {
      for (uint32_t k = 0; k < 4; ++k) {
        found[size++] = (uint8_t)(decoder.length >> (8 * k));
      }
      for (uint32_t k = 0; k < decoder.length; ++k) {
        found[size++] = memory[k];
      }
    }
  }
  return size;
}
