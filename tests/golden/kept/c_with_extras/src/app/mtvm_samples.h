/* Samples that are baked into the firmware (option sample_inputs), of the first model. */
#ifndef MTVM_SAMPLES_H_
#define MTVM_SAMPLES_H_

#include <stdint.h>

#define MTVM_SAMPLE_COUNT 4
#define MTVM_SAMPLE_BYTES 384

extern const uint8_t mtvm_samples[MTVM_SAMPLE_COUNT][MTVM_SAMPLE_BYTES];

#endif
