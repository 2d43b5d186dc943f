/* What this firmware has for its host: functions, modules and memory. features.c is rendered; a
 * feature that it doesn't name is in no file of the project. Nothing here is allocated. */
#ifndef MTVM_FEATURES_H_
#define MTVM_FEATURES_H_

#include <stdbool.h>
#include <stdint.h>

#include "calls/call.h"

/* A function of our own; `index` is its module's number, of an executor the model's. Returns false
 * with the error set. */
typedef bool (*mtvm_function_t)(mtvm_call_t *call, uint32_t index);

typedef struct mtvm_entry {
  const char *name;
  const char *signature; /* what it takes, for mtvm_call_takes */
  mtvm_function_t function;
} mtvm_entry_t;

/* Frees what the last session held. Call it before the first call. */
void mtvm_features_reset(void);

/* The handle of the global function `name`; 0: there is none. */
uint32_t mtvm_find_global(const char *name);

/* The handle of function `name` of the module whose handle is `module`; *found 0: it has none.
 * Returns false with the error set when there is no such module. */
bool mtvm_find_function(uint32_t module, const char *name, uint32_t *found);

/* Calls the function of a handle. Returns false with the error set, e.g. for a wrong handle. */
bool mtvm_call_function(uint32_t handle, mtvm_call_t *call);

/* True when the host may copy `bytes` to or from `data`; else false with the error set. The copy
 * follows at once. */
bool mtvm_may_copy(const void *data, uint32_t bytes);

#endif
