#include "features/random.h"

bool mtvm_random_fill(mtvm_call_t *call, uint32_t index) {
  static uint32_t state = 1;
  (void)index;
  const DLTensor *tensor = call->values[0].v_handle;
  uint8_t *data = mtvm_tensor_data(tensor);
  uint32_t element = tensor->dtype.bits / 8U;
  for (uint32_t i = 1; i <= mtvm_tensor_bytes(tensor); ++i) {
    /* Marsaglia's xorshift */
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    uint8_t byte = (uint8_t)(state >> 8);
    if (element == 0) {
      byte &= 1; /* bool */
    } else if (tensor->dtype.code >= kDLFloat && i % element == 0) {
      byte = 0x3F; /* sign and exponent of every IEEE format for values from 2^-15 up to 2 */
    }
    *data++ = byte;
  }
  return true;
}
