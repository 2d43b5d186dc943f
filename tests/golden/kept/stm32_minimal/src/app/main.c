/* A main() to start from: fill in the inputs, run, use the outputs. */
#include "mtvm_port.h"
#include "mtvm_digits.h"

static struct mtvm_digits_inputs digits_inputs;
static struct mtvm_digits_outputs digits_outputs;

int main(void) {
  mtvm_port_init();

  /* Your data goes into digits_inputs.image (64 bytes of int8). */
  mtvm_status_t digits_status = mtvm_digits_run(&digits_inputs, &digits_outputs);
  if (digits_status != MTVM_OK) {
    return -digits_status; /* mtvm_status_name() says it in words */
  }
  /* The answer is in digits_outputs.logits. */

  return 0;
}
