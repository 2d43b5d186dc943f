/* Codes of RPC packets, the same in every TVM (0.8 to 0.27), and of types. */
#ifndef MTVM_RPC_CODES_H_
#define MTVM_RPC_CODES_H_

enum {
  RPC_SHUTDOWN = 1,
  RPC_INIT_SERVER = 2,
  RPC_CALL_FUNCTION = 3,
  RPC_RETURN = 4,
  RPC_EXCEPTION = 5,
  RPC_COPY_FROM_DEVICE = 6,
  RPC_COPY_TO_DEVICE = 7,
  RPC_COPY_ACK = 8,
  RPC_GET_GLOBAL_FUNCTION = 9, /* from here on: system calls */
  RPC_FREE_HANDLE = 10,
  RPC_SET_DEVICE = 11,
  RPC_GET_ATTRIBUTE = 12,
  RPC_ALLOCATE = 13,
  RPC_FREE = 14,
  RPC_SYNCHRONIZE = 15,
  RPC_COPY_ON_DEVICE = 16,
  RPC_ALLOCATE_WITH_SCOPE = 17,
  RPC_CREATE_STREAM = 18,
  RPC_FREE_STREAM = 19,
  RPC_SET_STREAM = 20,
  RPC_GET_STREAM = 21
};

#define CODE_UINT 1 /* an unsigned integer; TVM's C header names only the signed one */

#endif
