/* main() of a `packed` project with runtime=standalone_crt: TVM's own RPC server serves the model to
 * a host over our UART.
 *
 * Every session gets a fresh server, as after a reset. TVM's (v0.16) makes one executor and no
 * second one, keeps what an ended session had allocated, and takes no message any more after one
 * that was damaged or of an ended session. */
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <tvm/runtime/crt/logging.h>
#include <tvm/runtime/crt/microtvm_rpc_server.h>

#include "mtvm_crt.h"
#include "mtvm_port.h"

#define ESCAPE 0xFFU
#define FRAME_START 2U /* bytes that begin every frame */

/* The frame that ends a session; hosts send it before they start one. Its CRC has no ESCAPE. */
static const uint8_t terminate[] = {ESCAPE, 0xFD, 3, 0, 0, 0, 0, 0, 2, 0x66, 0x77};

static microtvm_rpc_server_t server;
static jmp_buf restart;
static bool running;
static bool quiet;
static uint32_t matched; /* the last bytes begin like `terminate` */

static ssize_t put(void *context, const uint8_t *data, size_t size) {
  (void)context;
  for (size_t i = 0; i < size && !quiet; ++i) {
    mtvm_port_putc((char)data[i]);
  }
  return (ssize_t)size;
}

/* TVM's server begins by telling the host that the device has started; `silent` leaves that out. */
static void start(bool silent) {
  running = false;
  quiet = silent;
  (void)TVMPlatformInitialize();
  server = MicroTVMRpcServerInit(put, NULL);
  mtvm_crt_register();
  quiet = false;
  running = true;
}

/* TVM's checks end here, after a log message. The host is told like after a reset. */
void TVMPlatformAbort(tvm_crt_error_t code) {
  if (!running) {
    mtvm_port_halt(1); /* it would end here again */
  }
  running = false;
  TVMLogf("TVM's runtime stopped: error 0x%x. %s", (unsigned)code, TVMGetLastError());
  longjmp(restart, 1);
}

static bool ends_session(uint8_t byte) {
  if (byte == terminate[matched]) {
    ++matched;
  } else {
    matched = byte == ESCAPE && matched != 1; /* the second of two stands for data */
  }
  if (matched == FRAME_START) {
    TVMAPISetLastError(""); /* not each of TVM's errors sets a text of its own */
  }
  if (matched < sizeof terminate) {
    return false;
  }
  matched = 0;
  return true;
}

static void take(uint8_t byte) {
  uint8_t *next = &byte;
  size_t left = 1;
  if (ends_session(byte)) {
    start(true);
    return;
  }
  while (left > 0) { /* an error leaves the byte, which TVM's server then takes as the first one */
    if (MicroTVMRpcServerLoop(server, &next, &left) == kTvmErrorPlatformShutdown) {
      start(true);
      return;
    }
  }
}

int main(void) {
  mtvm_port_init();
  (void)setjmp(restart);
  start(false);
  for (;;) {
    int byte = mtvm_port_getc();
    if (byte < 0) {
      return 0;
    }
    take((uint8_t)byte);
  }
}
