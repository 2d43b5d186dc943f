/* libFuzzer target: link and session behind link_device.c, or, with FUZZ_FIRMWARE, all of a real
 * firmware's RPC.
 *
 * An input is a series of records: one byte says what it is, one how long it is, then its bytes.
 *   raw      comes over the line as it is
 *   frame    comes in a frame with its checksum
 *   packet   comes in a frame, as a packet of the present session
 * Whatever came, a new session has to start and to answer then. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "link/link.h"
#include "link/session.h"

#define SENT 65536U

#ifdef FUZZ_FIRMWARE
#include "mtvm_port.h"
#include "server.h"

static uint8_t device_sent[SENT];
static uint32_t device_sent_count;
static uint32_t ticks;

void mtvm_port_putc(char byte) {
  if (device_sent_count < SENT) {
    device_sent[device_sent_count++] = (uint8_t)byte;
  }
}

uint32_t mtvm_port_ticks(void) { return ticks += 97; }

/* Far apart, so that no timing takes long. */
uint64_t mtvm_port_clock(void) { return (uint64_t)(ticks += 97) * 100000U; }
uint32_t mtvm_port_clock_hz(void) { return 1000000; }

uint32_t mtvm_port_stack_used(void) { return 0; }

static void device_boot(void) {
  device_sent_count = 0;
  mtvm_server_start();
}

static void device_feed(const uint8_t *bytes, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    mtvm_server_take(bytes[i]);
  }
}

/* GetGlobalFunc of runtime.SystemLib; the answer is Return with one value, a handle. */
static const uint8_t question[] =
    "\x25\0\0\0\0\0\0\0" "\x09\0\0\0" "\x01\0\0\0" "\x0b\0\0\0" "\x11\0\0\0\0\0\0\0"
    "runtime.SystemLib";
#define QUESTION_BYTES (sizeof question - 1)
#define ANSWER_BYTES 28U

static int is_right(const uint8_t *answer) {
  static const uint8_t start[] = "\x14\0\0\0\0\0\0\0" "\x04\0\0\0" "\x01\0\0\0";
  uint64_t handle;
  memcpy(&handle, answer + 20, sizeof handle);
  return memcmp(answer, start, sizeof start - 1) == 0 && handle != 0;
}
#else
extern uint8_t device_sent[SENT];
extern uint32_t device_sent_count;
void device_boot(void);
void device_feed(const uint8_t *bytes, size_t count);

static const uint8_t question[] = {0xFF, 0x00, 0xFD};
#define QUESTION_BYTES (sizeof question)
#define ANSWER_BYTES QUESTION_BYTES

static int is_right(const uint8_t *answer) {
  for (uint32_t i = 0; i < QUESTION_BYTES; ++i) {
    if (answer[i] != (uint8_t)(question[i] ^ (i * 7U + 1U))) {
      return 0;
    }
  }
  return 1;
}
#endif

static uint8_t session[2]; /* id of the last Reply */

/* Finds the last whole frame of `type` that the device has sent; its body. */
static uint32_t find_sent(uint8_t type, uint8_t *body, uint32_t capacity) {
  static uint8_t memory[SENT];
  static uint8_t sent[SENT];
  uint32_t count = device_sent_count;
  uint32_t size = UINT32_MAX;
  mtvm_link_t decoder;
  memcpy(sent, device_sent, count);
  device_sent_count = 0;
  mtvm_link_init(&decoder, memory, sizeof memory);
  for (uint32_t i = 0; i < count; ++i) {
    switch (mtvm_link_take(&decoder, sent[i])) {
      case MTVM_LINK_MORE:
        break;
      case MTVM_LINK_PACKET:
        if (memory[2] == 1) {
          memcpy(session, memory, sizeof session);
        }
        if (memory[2] == type && decoder.length - 3 <= capacity) {
          size = decoder.length - 3;
          memcpy(body, memory + 3, size);
        }
        break;
      default: /* what the device sends is always whole */
        abort();
    }
  }
  return size;
}

/* Feeds a frame with a payload of `header` and `data`. */
static void feed_frame(const uint8_t *header, uint32_t header_bytes, const uint8_t *data,
                       uint32_t count) {
  static uint8_t frame[2048];
  uint8_t unused;
  (void)find_sent(UINT8_MAX, &unused, 0);
  mtvm_link_begin(header_bytes + count);
  mtvm_link_put(header, header_bytes);
  mtvm_link_put(data, count);
  mtvm_link_end();
  uint32_t length = device_sent_count;
  memcpy(frame, device_sent, length);
  device_sent_count = 0;
  device_feed(frame, length);
}

static void start_and_ask(void) {
  static const uint8_t resync[] = {0xFE};
  static const uint8_t init[] = {0x21, 0, 0, 1};
  uint8_t answer[64];
  device_feed(resync, sizeof resync);
  feed_frame(init, sizeof init, NULL, 0);
  if (find_sent(1, answer, sizeof answer) != 1 || session[0] != 0x21 || session[1] == 0) {
    abort(); /* no session */
  }
  const uint8_t header[] = {session[0], session[1], 0x10};
  feed_frame(header, sizeof header, question, QUESTION_BYTES);
  if (find_sent(0x10, answer, sizeof answer) != ANSWER_BYTES) {
    abort(); /* no answer */
  }
  if (!is_right(answer)) {
    abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  device_boot();
  while (size >= 2) {
    uint32_t count = data[1] < size - 2 ? data[1] : (uint32_t)size - 2;
    const uint8_t *bytes = data + 2;
    const uint8_t header[] = {session[0], session[1], 0x10};
    switch (data[0] % 4) {
      case 0:
        feed_frame(header, 0, bytes, count);
        break;
      case 1:
        feed_frame(header, sizeof header, bytes, count);
        break;
      case 2:
        start_and_ask();
        break;
      default:
        device_feed(bytes, count);
        device_sent_count = 0;
        break;
    }
    data += 2 + count;
    size -= 2 + count;
  }
  start_and_ask();
  return 0;
}
