/* Sessions: who talks to whom since when. A payload is
 *
 *   session id u16 | type u8 | body
 *
 * The host starts a session with Init; the device answers with Reply, and both nonces are the
 * session's id. Init at any time starts anew, Terminate ends. Packets of other sessions are left
 * out. State is static: one session at a time. */
#ifndef MTVM_SESSION_H_
#define MTVM_SESSION_H_

#include <stdint.h>

typedef enum mtvm_session_event {
  MTVM_SESSION_NOTHING,
  MTVM_SESSION_STARTED, /* a new session; whatever the last one had is to be freed */
  MTVM_SESSION_ENDED,   /* likewise, without a new one */
  MTVM_SESSION_PACKET   /* a packet for this session */
} mtvm_session_event_t;

#define MTVM_SESSION_HEADER 3U /* bytes before the body */

/* Tells the host that this device has just started. */
void mtvm_session_boot(void);

/* Judges a payload of `length` bytes, of which at least the first 4 are there. Answers Init itself. */
mtvm_session_event_t mtvm_session_take(const uint8_t *payload, uint32_t length);

/* The host ended the session by a request. */
void mtvm_session_end(void);

/* Begins a packet of `length` bytes to the host; mtvm_link_put and mtvm_link_end follow. */
void mtvm_session_begin(uint32_t length);

/* Sends the error that mtvm_fail set as a log message. Not while a packet is being sent. */
void mtvm_session_log_error(void);

/* Sends a log message, at most 1023 bytes. Not while a packet is being sent: call it from a
 * function that the host calls, not from an interrupt. */
void mtvm_log(const char *text);

#endif
