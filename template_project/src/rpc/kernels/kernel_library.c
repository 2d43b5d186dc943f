/* The kernels of a kernel host on this computer: shared libraries. */
#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#include "calls/error.h"
#include "kernels/kernel_window.h"

static void *library;
static const TVMModule *kernels;

const TVMModule *mtvm_loaded_kernels(void) { return kernels; }

bool mtvm_kernel_library_open(mtvm_call_t *call, uint32_t index) {
  (void)index;
  kernels = NULL;
  if (library != NULL) {
    (void)dlclose(library);
  }
  library = dlopen(call->values[0].v_str, RTLD_NOW | RTLD_LOCAL);
  void *symbol = library != NULL ? dlsym(library, "TVMSystemLibEntryPoint") : NULL;
  if (symbol == NULL) {
    return mtvm_fail_with("VALUE: ", dlerror());
  }
  const TVMModule *(*entry)(void);
  memcpy(&entry, &symbol, sizeof entry); /* ISO C knows no such conversion */
  kernels = entry();
  return true;
}
