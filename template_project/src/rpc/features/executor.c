#include "features/executor.h"

#include <stddef.h>
#include <string.h>

#include "calls/error.h"
#include "calls/handles.h"
#include "calls/heap.h"
#include "mtvm_model.h"
#ifdef MTVM_TRACE
#include "mtvm_trace.h"
#define mtvm_model_run mtvm_trace_run
#endif

#define MOST_TENSORS (MTVM_MAX_INPUTS + MTVM_MAX_OUTPUTS)
#define NONE (-1)   /* no tensor of this name */
#define REFUSED (-2) /* neither name nor number of a tensor */

static uint8_t *memories[MTVM_MODEL_COUNT]; /* of each executor; NULL: not created */

void mtvm_executor_reset(void) { memset(memories, 0, sizeof memories); }

bool mtvm_executor_created(uint32_t number) {
  return number < MTVM_MODEL_COUNT && memories[number] != NULL;
}

static uint32_t tensor_count(const mtvm_model_t *model) {
  return (uint32_t)model->num_inputs + model->num_outputs;
}

/* Inputs first, then outputs. */
static const mtvm_tensor_t *tensor_of(const mtvm_model_t *model, uint32_t index) {
  return index < model->num_inputs ? &model->inputs[index]
                                   : &model->outputs[index - model->num_inputs];
}

/* Where tensor `index` starts in its executor's memory; of one past the last: all bytes. */
static uint32_t offset_of(const mtvm_model_t *model, uint32_t index) {
  uint32_t offset = 0;
  while (index > 0) {
    offset += MTVM_ALIGN_UP(tensor_of(model, --index)->bytes);
  }
  return offset;
}

/* Runs a model on the call's tensors, or without a call on its executor's. */
static bool run_on(const mtvm_call_t *call, uint32_t number) {
  const mtvm_model_t *model = &mtvm_models[number];
  mtvm_buffer_t buffers[MOST_TENSORS];
  for (uint32_t i = 0; i < tensor_count(model); ++i) {
    buffers[i].size = tensor_of(model, i)->bytes;
    buffers[i].data = call != NULL ? mtvm_call_tensor(call, i, buffers[i].size)
                                   : memories[number] + offset_of(model, i);
    if (buffers[i].data == NULL) {
      return false;
    }
  }
  mtvm_status_t status = mtvm_model_run(number, buffers, buffers + model->num_inputs);
  return status == MTVM_OK || mtvm_fail_with("MODEL: it returned ", mtvm_status_name(status));
}

bool mtvm_executor_create(mtvm_call_t *call, uint32_t index) {
  (void)index;
  uint32_t number = MTVM_MODEL_COUNT;
  while (number > 0 && !mtvm_same(call->values[2].v_str, mtvm_models[--number].name)) {
  }
  if (memories[number] == NULL) {
    const mtvm_model_t *model = &mtvm_models[number];
    uint32_t bytes = offset_of(model, tensor_count(model));
    memories[number] = mtvm_heap_allocate(bytes);
    if (memories[number] == NULL) {
      return false;
    }
    memset(memories[number], 0, bytes);
  }
  call->result.code = kTVMModuleHandle;
  call->result.value.handle = MTVM_MODULE_HANDLE(MTVM_MODULE_EXECUTOR + number);
  return true;
}

uint32_t mtvm_executor_find_entry(const char *name) {
  uint32_t number = 0;
  name = mtvm_after(name, "tvmgen_");
  for (; name != NULL && number < MTVM_MODEL_COUNT; ++number) {
    const char *suffix = mtvm_after(name, mtvm_models[number].name);
    if (suffix != NULL && (mtvm_same(suffix, "_run") || mtvm_same(suffix, "___tvm_main__"))) {
      return MTVM_FUNCTION_HANDLE(MTVM_MODULE_ENTRY, number);
    }
  }
  return 0;
}

bool mtvm_executor_call_entry(mtvm_call_t *call, uint32_t number) {
  return mtvm_call_counts(call, tensor_count(&mtvm_models[number])) && run_on(call, number);
}

/* The number of the tensor that the call's first argument chooses by name or number. NONE and
 * REFUSED come with the error set. */
static int32_t find(const mtvm_call_t *call, const mtvm_tensor_t *tensors, uint32_t count) {
  (void)mtvm_fail_number("INDEX: the model has %", count);
  if (call->codes[0] == kTVMStr) {
    while (count > 0 && !mtvm_same(call->values[0].v_str, tensors[count - 1].name)) {
      --count;
    }
    return (int32_t)count - 1;
  }
  uint64_t number = (uint64_t)call->values[0].v_int64;
  return call->codes[0] == kTVMArgInt && number < count ? (int32_t)number : REFUSED;
}

static int32_t find_input(const mtvm_call_t *call, uint32_t model) {
  return find(call, mtvm_models[model].inputs, mtvm_models[model].num_inputs);
}

static bool return_tensor(mtvm_call_t *call, uint32_t number, uint32_t index) {
  const mtvm_model_t *model = &mtvm_models[number];
  call->result.code = kTVMNDArrayHandle;
  call->result.value.array.type = tensor_of(model, index);
  call->result.value.array.data = memories[number] + offset_of(model, index);
  call->result.value.array.handle = MTVM_ARRAY_HANDLE(number, index);
  return true;
}

/* get_input(name or number); nothing for an unknown name */
static bool get_input(mtvm_call_t *call, uint32_t model) {
  int32_t index = find_input(call, model);
  return index >= 0 ? return_tensor(call, model, (uint32_t)index) : index == NONE;
}

/* Copies between tensor `index` of an executor and the call's second argument. */
static bool copy(const mtvm_call_t *call, uint32_t number, uint32_t index, bool to_argument) {
  const mtvm_model_t *model = &mtvm_models[number];
  uint32_t bytes = tensor_of(model, index)->bytes;
  void *mine = memories[number] + offset_of(model, index);
  void *argument = mtvm_call_tensor(call, 1, bytes);
  if (argument == NULL) {
    return false;
  }
  memmove(to_argument ? argument : mine, to_argument ? mine : argument, bytes);
  return true;
}

/* set_input(name or number, tensor) */
static bool set_input(mtvm_call_t *call, uint32_t model) {
  int32_t index = find_input(call, model);
  return index >= 0 && copy(call, model, (uint32_t)index, false);
}

/* get_input_index(name) -> NONE when there is none */
static bool get_input_index(mtvm_call_t *call, uint32_t model) {
  return mtvm_return_int(call, find_input(call, model));
}

/* get_input_name(number) */
static bool get_input_name(mtvm_call_t *call, uint32_t model) {
  int32_t index = find_input(call, model);
  if (index < 0) {
    return false;
  }
  const char *name = mtvm_models[model].inputs[index].name;
  return mtvm_return_bytes(call, kTVMStr, name, (uint32_t)strlen(name));
}

/* get_output(name or number), or get_output(name or number, tensor to copy it to) */
static bool get_output(mtvm_call_t *call, uint32_t number) {
  const mtvm_model_t *model = &mtvm_models[number];
  int32_t found = find(call, model->outputs, model->num_outputs);
  if (found < 0) {
    return false;
  }
  uint32_t index = model->num_inputs + (uint32_t)found;
  return call->count == 1 ? return_tensor(call, number, index) : copy(call, number, index, true);
}

static bool get_num_inputs(mtvm_call_t *call, uint32_t model) {
  return mtvm_return_int(call, mtvm_models[model].num_inputs);
}

static bool get_num_outputs(mtvm_call_t *call, uint32_t model) {
  return mtvm_return_int(call, mtvm_models[model].num_outputs);
}

static bool run(mtvm_call_t *call, uint32_t model) {
  (void)call;
  return run_on(NULL, model);
}

const mtvm_entry_t mtvm_executor_functions[MTVM_EXECUTOR_FUNCTIONS] = {
    {"get_input", ".", get_input},
    {"set_input", "..", set_input},
    {"get_input_index", "s", get_input_index},
    {"get_input_name", "i", get_input_name},
    {"get_output", ".*", get_output},
    {"get_num_inputs", "", get_num_inputs},
    {"get_num_outputs", "", get_num_outputs},
    {"run", "", run},
};
