/* The one error code that generated code returns by name (TVM 0.8 to 0.18): matrix kernels of
 * arm_cpu keys, from topi/arm_cpu/mprofile/dsp. Name and value are TVM's; the text is ours. */
#ifndef TVM_RUNTIME_CRT_ERROR_CODES_H_
#define TVM_RUNTIME_CRT_ERROR_CODES_H_

enum { kTvmErrorFunctionCallInvalidArg = 8 << 8 | 3 };

#endif
