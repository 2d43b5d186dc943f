#include <string.h>
#include <tvm/runtime/crt/module.h>

#include "calls/handles.h"
#include "kernels/kernels.h"
#include "mtvm_config.h"
#ifdef MTVM_KERNEL_HOST
#include "kernels/kernel_window.h"
#define LIBRARY mtvm_loaded_kernels
#define IS_THERE(library) ((library) != NULL)
#else
#define LIBRARY TVMSystemLibEntryPoint
#define IS_THERE(library) true
#endif

#define LONGEST_COUNT_BYTE 0x20 /* no registry has so many functions that a high byte is a letter */

/* The names start with their count: two bytes, one byte in TVM 0.8. */
static uint32_t function_count(const TVMFuncRegistry *registry, const char **names) {
  const unsigned char *count = (const unsigned char *)registry->names;
  if (count[0] != 0 && count[1] >= LONGEST_COUNT_BYTE) {
    *names = registry->names + 1;
    return count[0];
  }
  *names = registry->names + 2;
  return count[0] | (uint32_t)count[1] << 8;
}

uint32_t mtvm_system_find(const char *name) {
  const char *names = NULL;
  const TVMModule *library = LIBRARY();
  uint32_t count = IS_THERE(library) ? function_count(library->registry, &names) : 0;
  for (uint32_t i = 0; i < count; ++i) {
    if (mtvm_same(name, names)) {
      return MTVM_FUNCTION_HANDLE(MTVM_MODULE_SYSTEM, i);
    }
    names += strlen(names) + 1;
  }
  return 0;
}

TVMBackendPackedCFunc mtvm_system_function(uint32_t index) {
  const TVMModule *library = LIBRARY();
  const char *names;
  if (!IS_THERE(library) || index >= function_count(library->registry, &names)) {
    return NULL;
  }
  return library->registry->funcs[index];
}
