/* Sizes and settings of this firmware. Rendered by microtvm-boards. */
#ifndef MTVM_CONFIG_H_
#define MTVM_CONFIG_H_

#define MTVM_MODEL_COUNT 1

/* Bytes; every tensor and every pool starts at a multiple of it. */
#define MTVM_ALIGNMENT 16
#define MTVM_ALIGNED __attribute__((aligned(MTVM_ALIGNMENT)))
#define MTVM_ALIGN_UP(bytes) (((bytes) + MTVM_ALIGNMENT - 1U) / MTVM_ALIGNMENT * MTVM_ALIGNMENT)

/* Static memory that start-up code need not clear. */
#define MTVM_NOINIT __attribute__((section(".bss.noinit.mtvm")))

/* Check pointers, sizes and alignment at the entry of a model (option checks). */
#ifndef MTVM_CHECKS
#define MTVM_CHECKS 1
#endif

/* Arena for kernels that ask for workspace while they run; shared by all models. */
#define MTVM_NOINIT_ARENA MTVM_NOINIT
#define MTVM_WORKSPACE_BYTES 1024

/* The largest of all models. Bytes count every tensor rounded up to MTVM_ALIGNMENT. */
#define MTVM_MAX_INPUTS 2
#define MTVM_MAX_OUTPUTS 2
#define MTVM_MAX_POOLS 0
#define MTVM_MAX_INPUT_BYTES 384
#define MTVM_MAX_OUTPUT_BYTES 272

/* RPC, bytes: longest packet, memory for tensors of the host, what the UART may receive unread. */
#define MTVM_PACKET_BYTES 4096
#define MTVM_FRAME_BYTES 11 /* of a frame that a host doesn't count among its packet */
#define MTVM_TENSOR_HEAP_BYTES 5936
#define MTVM_NOINIT_HEAP MTVM_NOINIT
#define MTVM_RING_BYTES 8214
/* What the device says about itself. */
#define MTVM_RPC_DEVICE_INFO \
  "{\042protocol\042:1,\042board\042:\042mps2_an386\042,\042models\042:[\042foo\042],\042model_sha256\042:\042d4b90516c38bc918\042,\042packet_bytes\042:4096,\042tensor_heap_bytes\042:5936}"

/* Board mps2_an386. */
#define MTVM_UART_BASE 0x40004000U
#define MTVM_UART_BAUD 115200U
#define MTVM_UART_IRQ 0
#define MTVM_CLOCK_HZ 25000000U
#define MTVM_SEMIHOSTING /* an emulator takes the exit status */


#if defined(__cplusplus)
#define MTVM_STATIC_ASSERT(condition, name) static_assert(condition, #name)
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define MTVM_STATIC_ASSERT(condition, name) _Static_assert(condition, #name)
#else
#define MTVM_STATIC_ASSERT(condition, name) typedef char name[(condition) ? 1 : -1]
#endif

#endif
