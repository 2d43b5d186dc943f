/* Samples that are baked into the firmware (option sample_inputs), of the first model. */
#ifndef MTVM_SAMPLES_H_
#define MTVM_SAMPLES_H_

#include <stdint.h>

#define MTVM_SAMPLE_COUNT 0
#define MTVM_SAMPLE_BYTES 384

#endif
