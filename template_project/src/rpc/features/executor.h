/* Models as TVM's AOT executor: modules with set_input, run, get_output and so on, over mtvm_model.h.
 *
 * A model's inputs and outputs lie in the tensor heap: one block, taken when a session creates the
 * model's executor for the first time, the session's until it ends. */
#ifndef MTVM_EXECUTOR_H_
#define MTVM_EXECUTOR_H_

#include <stdbool.h>
#include <stdint.h>

#include "features/features.h"

/* The functions of an executor; `index` is the model's number. */
#define MTVM_EXECUTOR_FUNCTIONS 8U
extern const mtvm_entry_t mtvm_executor_functions[MTVM_EXECUTOR_FUNCTIONS];

/* True when this session created the executor of model `number`, if there is such a model. */
bool mtvm_executor_created(uint32_t number);

/* Forgets all executors; their memory is the heap's. */
void mtvm_executor_reset(void);

/* tvm.aot_executor.create(module, device, name): the executor of the model `name`, or of the first
 * one (TVM asks for "default" whatever the model's name). */
bool mtvm_executor_create(mtvm_call_t *call, uint32_t index);

/* The handle of the entry function that TVM calls `name` (tvmgen_<model>_run or
 * tvmgen_<model>___tvm_main__); 0 when it is none. Its index is the model's number. */
uint32_t mtvm_executor_find_entry(const char *name);

/* Runs a model on the call's tensors: its inputs, then its outputs. */
bool mtvm_executor_call_entry(mtvm_call_t *call, uint32_t model);

#endif
