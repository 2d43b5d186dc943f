#include "random.h"

/* Sign and exponent of 1.0 in the last two bytes of an IEEE float, and the bits that stay random. */
static uint16_t float_top(uint32_t bits, uint16_t random) {
  switch (bits) {
    case 16: return (uint16_t)(0x3C00U | (random & 0x03FFU));
    case 32: return (uint16_t)(0x3F80U | (random & 0x007FU));
    default: return (uint16_t)(0x3FF0U | (random & 0x000FU));
  }
}

bool mtvm_random_fill(mtvm_call_t *call, uint32_t index) {
  static uint32_t state = 1;
  (void)index;
  if (!mtvm_call_takes(call, "t")) {
    return false;
  }
  const DLTensor *tensor = call->values[0].v_handle;
  uint8_t *data = mtvm_tensor_data(tensor);
  uint32_t count = mtvm_tensor_bytes(tensor);
  for (uint32_t i = 0; i < count; ++i) {
    /* Marsaglia's xorshift */
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    data[i] = tensor->dtype.bits == 1 ? state >> 8 & 1U : (uint8_t)(state >> 8);
  }
  uint32_t element = tensor->dtype.bits / 8U;
  if (tensor->dtype.code == kDLFloat && (element == 2 || element == 4 || element == 8)) {
    for (uint32_t end = element; end <= count; end += element) {
      uint16_t top = float_top(tensor->dtype.bits,
                               (uint16_t)(data[end - 2] | (uint32_t)data[end - 1] << 8));
      data[end - 2] = (uint8_t)top;
      data[end - 1] = (uint8_t)(top >> 8);
    }
  }
  return true;
}
