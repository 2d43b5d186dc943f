/* Functions and modules that the host can name, and their handles.
 *
 * Handles are numbers, not addresses: (kind << 28 | module << 16 | index). Only time evaluators hold
 * state, see timer.h; freeing any other handle does nothing, and all are void after
 * mtvm_registry_reset. Nothing here is allocated. */
#ifndef MTVM_REGISTRY_H_
#define MTVM_REGISTRY_H_

#include <stdbool.h>
#include <stdint.h>

#include "call.h"

/* Modules. Each model's executor is one more, from MTVM_MODULE_EXECUTOR on. */
enum {
  MTVM_MODULE_GLOBAL = 0, /* global functions */
  MTVM_MODULE_SYSTEM = 1, /* the generated code: runtime.SystemLib */
  MTVM_MODULE_ENTRY = 2,  /* entry functions of models, found through MTVM_MODULE_SYSTEM */
  MTVM_MODULE_TIMER = 3,  /* time evaluators */
  MTVM_MODULE_KERNEL = 4, /* mtvm_kernels, found through MTVM_MODULE_SYSTEM by names of ours */
  MTVM_MODULE_EXECUTOR = 5
};

/* A function of our own; `index` is its number, or the model's. Returns false with the error set. */
typedef bool (*mtvm_function_t)(mtvm_call_t *call, uint32_t index);

typedef struct mtvm_entry {
  const char *name;
  const char *signature; /* what it takes, for mtvm_call_takes */
  mtvm_function_t function;
} mtvm_entry_t;

/* Frees what the last session held. Call it before the first call. */
void mtvm_registry_reset(void);

uint32_t mtvm_function_handle(uint32_t module, uint32_t index);
uint32_t mtvm_module_handle(uint32_t module);
uint32_t mtvm_array_handle(uint32_t model, uint32_t index);

/* The handle of the global function `name`; 0: there is none. */
uint32_t mtvm_registry_global(const char *name);

/* The handle of function `name` of the module whose handle is `module`; *found 0: it has none.
 * Returns false with the error set when there is no such module. */
bool mtvm_registry_find(uint32_t module, const char *name, uint32_t *found);

/* Calls the function of a handle. Returns false with the error set, e.g. for a wrong handle. */
bool mtvm_registry_call(uint32_t handle, mtvm_call_t *call);

/* Frees a handle of TVM's type code `code`. Returns false with the error set for a wrong handle. */
bool mtvm_registry_free(uint32_t handle, int64_t code);

#endif
