/* What server.c needs of a project's settings, for link_device.c. */
#ifndef MTVM_CONFIG_H_
#define MTVM_CONFIG_H_

#define MTVM_PACKET_BYTES 2048
#define MTVM_FRAME_BYTES 11
#define MTVM_STATIC_ASSERT(condition, name) typedef char name[(condition) ? 1 : -1]
#define MTVM_ALIGNED __attribute__((aligned(16)))
#define MTVM_NOINIT
#define MTVM_NOINIT_ARENA
#define MTVM_NOINIT_HEAP

#endif
