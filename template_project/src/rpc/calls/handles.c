#include "calls/handles.h"

#include "calls/error.h"

bool mtvm_no_handle(uint32_t handle) {
  return mtvm_fail_number("HANDLE: % is none of this kind", handle);
}
