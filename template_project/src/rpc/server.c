#include "server.h"

#include <stdbool.h>

#include "calls/error.h"
#include "codec/codec.h"
#include "dispatch.h"
#include "features/features.h"
#include "link/link.h"
#include "link/session.h"
#include "mtvm_config.h"
#ifdef MTVM_HAS_BAUD
#include "link/baud.h"
#endif

/* One payload; behind it, while it is served, its decoded arguments. */
static MTVM_NOINIT MTVM_ALIGNED uint8_t packet[MTVM_PACKET_BYTES];
static mtvm_link_t line;
static bool damage_reported;

void mtvm_server_start(void) {
  mtvm_link_init(&line, packet, sizeof packet);
  mtvm_features_reset();
  mtvm_session_boot();
}

/* The line at a rate that the host can choose. Without one all of this is nothing. */
#ifdef MTVM_HAS_BAUD
static mtvm_link_event_t take(uint8_t byte) {
  if (mtvm_baud_before(mtvm_link_in_frame(&line))) {
    mtvm_link_init(&line, packet, sizeof packet);
  }
  mtvm_link_event_t event = mtvm_link_take(&line, byte);
  if (mtvm_baud_after(event, mtvm_link_in_frame(&line))) {
    mtvm_link_init(&line, packet, sizeof packet);
  }
  return event;
}

static void boot_rate(void) { mtvm_baud_reset(); }

static void answered(void) { mtvm_baud_answered(); }
#else
static mtvm_link_event_t take(uint8_t byte) { return mtvm_link_take(&line, byte); }

static void boot_rate(void) {}

static void answered(void) {}
#endif

/* Once until the next good packet: garbage gets no flood of answers. */
static void report_damage(const char *text) {
  if (!damage_reported) {
    damage_reported = true;
    (void)mtvm_fail(text);
    mtvm_session_log_error();
  }
}

static void serve(void) {
  if (line.length > sizeof packet) {
    (void)mtvm_fail_numbers("LENGTH: a packet of % B; the packet buffer has %", line.length,
                            MTVM_PACKET_BYTES, 0);
    mtvm_reply_error();
  } else if (!mtvm_dispatch(packet + MTVM_SESSION_HEADER, line.length - MTVM_SESSION_HEADER,
                            packet + sizeof packet)) {
    mtvm_session_end();
    mtvm_features_reset();
    boot_rate();
  }
  answered();
}

void mtvm_server_take(uint8_t byte) {
  switch (take(byte)) {
    case MTVM_LINK_MORE: return;
    case MTVM_LINK_BAD_CRC:
      report_damage("CRC: a frame arrived damaged");
      return;
    case MTVM_LINK_CUT:
      report_damage("FRAME: a frame broke off");
      return;
    case MTVM_LINK_PACKET:
    case MTVM_LINK_TOO_LONG: break;
  }
  damage_reported = false;
  switch (mtvm_session_take(packet, line.length)) {
    case MTVM_SESSION_NOTHING: return;
    case MTVM_SESSION_ENDED: boot_rate(); /* fall through */
    case MTVM_SESSION_STARTED: mtvm_features_reset(); return;
    case MTVM_SESSION_PACKET: serve(); return;
  }
}
