#include "calls/error.h"
#include "calls/handles.h"
#include "kernels/kernels.h"
#include "mtvm_config.h"
#include "mtvm_packed.h"

#if defined(MTVM_WORKSPACE_BYTES) || defined(MTVM_WORKSPACE_IN_HEAP)
#include "mtvm_workspace.h"
#else /* no kernel asks for any */
static void mtvm_workspace_reset(void) {}

static uint32_t mtvm_workspace_overflow(void) { return 0; }
#endif

static const char *message; /* what generated code said about its failure */

void TVMAPISetLastError(const char *text) { message = text; }

bool mtvm_kernel_call(TVMBackendPackedCFunc function, mtvm_call_t *call, uint32_t index) {
  if (function == NULL) {
    return mtvm_no_handle(index);
  }
  if (!mtvm_kernel_check(function, call)) {
    return false;
  }
  message = "";
  mtvm_workspace_reset();
  if (mtvm_packed_call(function, call->values, call->codes, call->count) == 0) {
    return true;
  }
  uint32_t overflow = mtvm_workspace_overflow();
  if (overflow != 0) {
    return mtvm_fail_number("MODEL: a kernel asked for % B of workspace, more than are left", overflow);
  }
  return mtvm_fail_with("MODEL: a kernel failed. ", message);
}
