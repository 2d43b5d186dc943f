#include "link/session.h"

#include <stddef.h>
#include <string.h>

#include "calls/error.h"
#include "link/link.h"
#include "mtvm_config.h"
#include "mtvm_port.h"

#define VERSION 1U
#define LONGEST_LOG 1023U /* the host leaves longer ones out */

enum { INIT = 0, REPLY = 1, TERMINATE = 2, LOG = 3, NORMAL = 0x10 };

MTVM_STATIC_ASSERT(MTVM_FRAME_BYTES == MTVM_LINK_BYTES + MTVM_SESSION_HEADER,
                   mtvm_frames_are_as_long_as_planned);

static uint16_t session_id; /* 0: no session */
static uint8_t nonce;

static void begin(uint16_t id, uint8_t type, uint32_t body_bytes) {
  const uint8_t header[MTVM_SESSION_HEADER] = {(uint8_t)id, (uint8_t)(id >> 8), type};
  mtvm_link_begin(body_bytes + sizeof header);
  mtvm_link_put(header, sizeof header);
}

void mtvm_session_boot(void) {
  session_id = 0;
  mtvm_port_putc((char)0xFE); /* as every sender does before its first frame */
  begin(0, TERMINATE, 0);
  mtvm_link_end();
}

static void start(uint8_t host_nonce) {
  /* The clock, so that sessions after a reset differ from those before. */
  nonce = (uint8_t)(nonce ^ mtvm_port_ticks());
  nonce = (uint8_t)(((nonce << 5) | (nonce >> 5)) + 1);
  if (nonce == 0) {
    nonce = 1;
  }
  session_id = (uint16_t)(host_nonce | (uint32_t)nonce << 8);
  const uint8_t version = VERSION;
  begin(session_id, REPLY, sizeof version);
  mtvm_link_put(&version, sizeof version);
  mtvm_link_end();
}

mtvm_session_event_t mtvm_session_take(const uint8_t *payload, uint32_t length) {
  if (length < MTVM_SESSION_HEADER) {
    return MTVM_SESSION_NOTHING;
  }
  uint16_t id = (uint16_t)(payload[0] | (uint32_t)payload[1] << 8);
  switch (payload[2]) {
    case INIT:
      if (payload[0] == 0 || length <= MTVM_SESSION_HEADER) {
        return MTVM_SESSION_NOTHING;
      }
      if (payload[MTVM_SESSION_HEADER] != VERSION) {
        (void)mtvm_fail_numbers("VERSION: the host speaks % of sessions, this device %",
                                payload[MTVM_SESSION_HEADER], VERSION, 0);
        mtvm_session_log_error();
        return MTVM_SESSION_NOTHING;
      }
      start(payload[0]);
      return MTVM_SESSION_STARTED;
    case TERMINATE:
      session_id = 0;
      return MTVM_SESSION_ENDED;
    case NORMAL:
      if (session_id != 0 && id == session_id) {
        return MTVM_SESSION_PACKET;
      }
      (void)mtvm_fail_numbers("SESSION: a packet for session %; this is %", id, session_id, 0);
      mtvm_session_log_error();
      return MTVM_SESSION_NOTHING;
    default: /* Reply to an Init that we never send, or a log of the host */
      return MTVM_SESSION_NOTHING;
  }
}

void mtvm_session_end(void) { session_id = 0; }

void mtvm_session_begin(uint32_t length) { begin(session_id, NORMAL, length); }

void mtvm_session_log_error(void) {
  begin(0, LOG, mtvm_error_text(NULL));
  (void)mtvm_error_text(mtvm_link_put);
  mtvm_link_end();
}

void mtvm_log(const char *text) {
  size_t length = strlen(text);
  if (length > LONGEST_LOG) {
    length = LONGEST_LOG;
  }
  begin(0, LOG, (uint32_t)length);
  mtvm_link_put(text, (uint32_t)length);
  mtvm_link_end();
}
