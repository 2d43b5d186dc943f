/* Frames as they are, and as a bad line leaves them. */
#include <assert.h>
#include <stdio.h>

#include "port.h"

static uint8_t packet[16];
static mtvm_link_t decoder;

/* The event of the last of `count` bytes; no other may be told before. */
static mtvm_link_event_t feed(const uint8_t *bytes, uint32_t count) {
  for (uint32_t i = 0; i + 1 < count; ++i) {
    assert(mtvm_link_take(&decoder, bytes[i]) == MTVM_LINK_MORE);
  }
  return mtvm_link_take(&decoder, bytes[count - 1]);
}

#define FEED(...) feed((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/* binascii.crc_hqx(b"\xff\xfd\x03\x00\x00\x00abc", 0xffff) == 0xCAF2 */
#define ABC 0xFF, 0xFD, 3, 0, 0, 0, 'a', 'b', 'c', 0xF2, 0xCA

static void a_known_frame(void) {
  assert(FEED(ABC) == MTVM_LINK_PACKET);
  assert(decoder.length == 3 && memcmp(packet, "abc", 3) == 0);
}

static void what_is_sent_comes_back(void) {
  for (uint32_t length = 0; length <= sizeof packet; ++length) {
    for (uint32_t first = 0; first < 256; ++first) {
      uint8_t data[sizeof packet];
      for (uint32_t i = 0; i < length; ++i) {
        data[i] = (uint8_t)(first + 251 * i);
      }
      sent_count = 0;
      mtvm_link_begin(length);
      mtvm_link_put(data, length / 2);
      mtvm_link_put(data + length / 2, length - length / 2);
      mtvm_link_end();
      assert(feed(sent, sent_count) == MTVM_LINK_PACKET);
      assert(decoder.length == length && memcmp(packet, data, length) == 0);
    }
  }
}

static void a_nothing_inside_is_nothing_but_counts_for_the_crc(void) {
  /* crc_hqx(b"\xff\xfd\x01\x00\x00\x00\xff\xfea", 0xffff) == 0xB4ED */
  assert(FEED(0xFF, 0xFD, 1, 0, 0, 0, 0xFF, 0xFE, 'a', 0xED, 0xB4) == MTVM_LINK_PACKET);
  assert(decoder.length == 1 && packet[0] == 'a');
}

static void each_flipped_bit_is_noticed(void) {
  const uint8_t frame[] = {ABC};
  for (uint32_t bit = 6 * 8; bit < sizeof frame * 8; ++bit) {
    uint8_t damaged[sizeof frame];
    memcpy(damaged, frame, sizeof frame);
    damaged[bit / 8] = (uint8_t)(damaged[bit / 8] ^ 1U << bit % 8);
    assert(feed(damaged, sizeof damaged) != MTVM_LINK_PACKET);
    mtvm_link_init(&decoder, packet, sizeof packet);
  }
}

static void garbage_before_a_frame_is_left_out(void) {
  assert(FEED(0xFE, 1, 2, 0xFF, 0xFF, 0xFE, 0xFD, 0xFF, ABC) == MTVM_LINK_PACKET);
  assert(decoder.length == 3);
}

static void a_frame_that_breaks_off_makes_way_for_the_next(void) {
  const uint8_t frame[] = {ABC};
  for (uint32_t count = 2; count < sizeof frame; ++count) {
    for (uint32_t i = 0; i < count; ++i) {
      assert(mtvm_link_take(&decoder, frame[i]) == MTVM_LINK_MORE);
    }
    assert(mtvm_link_take(&decoder, frame[0]) == MTVM_LINK_MORE);
    assert(mtvm_link_take(&decoder, frame[1]) == MTVM_LINK_CUT);
    assert(feed(frame + 2, sizeof frame - 2) == MTVM_LINK_PACKET);
  }
}

static void a_false_escape_ends_a_frame(void) {
  assert(FEED(0xFF, 0xFD, 3, 0, 0, 0, 0xFF, 0x01) == MTVM_LINK_CUT);
  assert(FEED('a', 'b', ABC) == MTVM_LINK_PACKET);
}

static void a_length_beyond_the_buffer_is_told_and_never_written(void) {
  static uint8_t large[1000];
  sent_count = 0;
  mtvm_link_begin(sizeof large);
  mtvm_link_put(large, sizeof large);
  mtvm_link_end();
  assert(feed(sent, sent_count) == MTVM_LINK_TOO_LONG);
  assert(decoder.length == sizeof large);
  assert(FEED(0xFF, 0xFD, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 0xFF) ==
         MTVM_LINK_MORE); /* 4 GiB announced; a new frame ends it all the same */
  assert(FEED(0xFD) == MTVM_LINK_CUT);
  assert(FEED(3, 0, 0, 0, 'a', 'b', 'c', 0xF2, 0xCA) == MTVM_LINK_PACKET);
}

int main(void) {
  mtvm_link_init(&decoder, packet, sizeof packet);
  a_known_frame();
  what_is_sent_comes_back();
  a_nothing_inside_is_nothing_but_counts_for_the_crc();
  each_flipped_bit_is_noticed();
  mtvm_link_init(&decoder, packet, sizeof packet);
  garbage_before_a_frame_is_left_out();
  a_frame_that_breaks_off_makes_way_for_the_next();
  a_false_escape_ends_a_frame();
  a_length_beyond_the_buffer_is_told_and_never_written();
  puts("passed");
  return 0;
}
