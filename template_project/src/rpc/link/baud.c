#include "link/baud.h"

#include "calls/error.h"
#include "mtvm_config.h"
#include "mtvm_port.h"

#ifdef MTVM_HAS_BAUD

#define TRIAL_SECONDS 1U
#define MOST_DAMAGE 16U  /* a request for a session at another rate looks like more bytes than that */
#define FRAME_DAMAGE 6U  /* of a damaged frame: the third one in a row is too many */
#define BYTE_DAMAGE 1U   /* of a byte between frames */

static uint32_t asked;  /* 0: nothing is */
static bool fast;       /* at another than the boot rate */
static bool heard;      /* a good frame came at it */
static uint32_t damage; /* since the last good frame */
static uint64_t since;  /* the last byte; until a good frame came, the switch */
static uint64_t limit;  /* TRIAL_SECONDS in steps of the clock */

bool mtvm_baud_ask(int64_t rate) {
  if (rate < (int64_t)MTVM_UART_BAUD || rate > (int64_t)UINT32_MAX) {
    return mtvm_fail_number("VALUE: a rate below the boot rate % or beyond 32 bits", MTVM_UART_BAUD);
  }
  asked = (uint32_t)rate;
  return true;
}

void mtvm_baud_answered(void) {
  uint32_t rate = asked;
  asked = 0;
  if (rate == 0 || mtvm_port_set_baud(rate) != 0) {
    return;
  }
  fast = rate != MTVM_UART_BAUD;
  heard = false;
  damage = 0;
  limit = (uint64_t)TRIAL_SECONDS * mtvm_port_clock_hz();
  since = mtvm_port_clock();
}

void mtvm_baud_reset(void) {
  if (fast) {
    fast = false;
    (void)mtvm_port_set_baud(MTVM_UART_BAUD);
  }
}

bool mtvm_baud_before(bool in_frame) {
  if (!fast) {
    return false;
  }
  uint64_t now = mtvm_port_clock();
  bool late = now - since > limit && (in_frame || !heard);
  if (heard) {
    since = now;
  }
  if (late) {
    mtvm_baud_reset();
  }
  return late;
}

bool mtvm_baud_after(mtvm_link_event_t event, bool in_frame) {
  if (!fast) {
    return false;
  }
  switch (event) {
    case MTVM_LINK_PACKET:
    case MTVM_LINK_TOO_LONG:
      heard = true;
      damage = 0;
      return false;
    case MTVM_LINK_BAD_CRC:
    case MTVM_LINK_CUT: damage += FRAME_DAMAGE; break;
    case MTVM_LINK_MORE: damage += in_frame ? 0 : BYTE_DAMAGE; break;
  }
  if (damage <= MOST_DAMAGE) {
    return false;
  }
  mtvm_baud_reset();
  return true;
}

#endif
