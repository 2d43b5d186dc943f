/* main() of a `packed` project: the firmware serves the model to a host over its UART (src/rpc). */
#include "mtvm_port.h"
#include "server.h"

int main(void) {
  mtvm_port_init();
  mtvm_server_start();
  for (;;) {
    int byte = mtvm_port_getc();
    if (byte < 0) {
      return 0;
    }
    mtvm_server_take((uint8_t)byte);
  }
}
