/* Kernels that come while the firmware runs: only in the firmware of a kernel host, which tunes.
 *
 * On a board a position-fixed image of code is written into a window in RAM, by copies of the host
 * as into a tensor, and started. On this computer a shared library is opened. Either is this file's
 * until the next one comes, also in later sessions. */
#ifndef MTVM_KERNEL_WINDOW_H_
#define MTVM_KERNEL_WINDOW_H_

#include <stdbool.h>
#include <stdint.h>
#include <tvm/runtime/crt/module.h>

#include "calls/call.h"
#include "mtvm_config.h"

/* The tables of the kernels that were started last; NULL: none were. */
const TVMModule *mtvm_loaded_kernels(void);

#ifdef MTVM_KERNEL_WINDOW_BYTES
/* True when `bytes` at `memory` are all inside the window: they may be overwritten, and its kernels
 * are gone. */
bool mtvm_kernel_window_take(const void *memory, uint32_t bytes);

/* mtvm.kernel_window() -> bytes: address (u64), size (u32), then the host's identity */
bool mtvm_kernel_window_info(mtvm_call_t *call, uint32_t index);

/* mtvm.kernel_start(size, crc32): the image that was written to the window's start */
bool mtvm_kernel_window_start(mtvm_call_t *call, uint32_t index);

/* mtvm.tensor_crc32(tensor) -> int: of its bytes, so that they needn't all go over the line */
bool mtvm_tensor_crc32(mtvm_call_t *call, uint32_t index);
#else
/* mtvm.kernel_open(path) */
bool mtvm_kernel_library_open(mtvm_call_t *call, uint32_t index);
#endif

#endif
