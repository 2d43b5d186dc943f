#include "executor.h"

#include <stddef.h>
#include <string.h>

#include "error.h"
#include "heap.h"
#include "mtvm_model.h"

#define MOST_TENSORS (MTVM_MAX_INPUTS + MTVM_MAX_OUTPUTS)

static uint8_t *memories[MTVM_MODEL_COUNT]; /* of each executor; NULL: not created */

void mtvm_executor_reset(void) { memset(memories, 0, sizeof memories); }

static bool is_letter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Names are equal, too, when `given` has "_" for what isn't a letter or digit, as TVM spells them. */
static bool same_name(const char *name, const char *given, size_t length) {
  for (size_t i = 0; i < length; ++i) {
    if (given[i] != name[i] && (given[i] != '_' || is_letter(name[i]) || name[i] == '\0')) {
      return false;
    }
  }
  return name[length] == '\0';
}

static const mtvm_tensor_t *tensor_of(const mtvm_model_t *model, uint32_t index) {
  return index < model->num_inputs ? &model->inputs[index]
                                   : &model->outputs[index - model->num_inputs];
}

static uint32_t tensor_count(const mtvm_model_t *model) {
  return (uint32_t)model->num_inputs + model->num_outputs;
}

/* Where tensor `index` starts in its executor's memory; of one past the last: all bytes. */
static uint32_t offset_of(const mtvm_model_t *model, uint32_t index) {
  uint32_t offset = 0;
  for (uint32_t i = 0; i < index; ++i) {
    offset += MTVM_ALIGN_UP(tensor_of(model, i)->bytes);
  }
  return offset;
}

static bool run_model(uint32_t index, const mtvm_buffer_t *buffers) {
  mtvm_status_t status = mtvm_model_run(index, buffers, buffers + mtvm_models[index].num_inputs);
  return status == MTVM_OK || mtvm_fail_with("MODEL: it returned ", mtvm_status_name(status));
}

bool mtvm_executor_create(mtvm_call_t *call, uint32_t index) {
  (void)index;
  if (!mtvm_call_takes(call, "mds")) {
    return false;
  }
  uint32_t number = MTVM_MODEL_COUNT;
  while (number > 0 && strcmp(mtvm_models[--number].name, call->values[2].v_str) != 0) {
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
  call->result.value.handle = mtvm_module_handle(MTVM_MODULE_EXECUTOR + number);
  return true;
}

uint32_t mtvm_executor_find_entry(const char *name) {
  static const char prefix[] = "tvmgen_";
  static const char *const suffixes[] = {"_run", "___tvm_main__"};
  if (strncmp(name, prefix, sizeof prefix - 1) != 0) {
    return MTVM_MODEL_COUNT;
  }
  name += sizeof prefix - 1;
  for (uint32_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; ++i) {
    size_t length = strlen(name);
    size_t suffix = strlen(suffixes[i]);
    if (length < suffix || strcmp(name + length - suffix, suffixes[i]) != 0) {
      continue;
    }
    for (uint32_t number = 0; number < MTVM_MODEL_COUNT; ++number) {
      if (same_name(mtvm_models[number].name, name, length - suffix)) {
        return number;
      }
    }
  }
  return MTVM_MODEL_COUNT;
}

bool mtvm_executor_call_entry(mtvm_call_t *call, uint32_t number) {
  const mtvm_model_t *model = &mtvm_models[number];
  mtvm_buffer_t buffers[MOST_TENSORS];
  if (!mtvm_call_counts(call, tensor_count(model))) {
    return false;
  }
  for (uint32_t i = 0; i < tensor_count(model); ++i) {
    buffers[i].size = tensor_of(model, i)->bytes;
    buffers[i].data = mtvm_call_tensor(call, i, buffers[i].size);
    if (buffers[i].data == NULL) {
      return false;
    }
  }
  return run_model(number, buffers);
}

static bool no_tensor(uint32_t count) {
  return mtvm_fail_numbers("INDEX: the model has %", count, 0, 0);
}

/* The number of the input that `value` names; num_inputs when there is none of that name. Returns
 * false with the error set for a number that is none. */
static bool find_input(const mtvm_model_t *model, const mtvm_call_t *call, uint32_t *found) {
  if (call->codes[0] == kTVMStr) {
    const char *name = call->values[0].v_str;
    uint32_t i = 0;
    while (i < model->num_inputs && !same_name(model->inputs[i].name, name, strlen(name))) {
      ++i;
    }
    *found = i;
    return true;
  }
  if (call->codes[0] != kTVMArgInt) {
    return mtvm_fail("TYPE: an input is chosen by name or number");
  }
  if (call->values[0].v_int64 < 0 || call->values[0].v_int64 >= model->num_inputs) {
    return no_tensor(model->num_inputs);
  }
  *found = (uint32_t)call->values[0].v_int64;
  return true;
}

static bool created(uint32_t model) {
  return memories[model] != NULL ||
         mtvm_fail("HANDLE: this session has not created this executor");
}

static uint8_t *data_of(uint32_t model, uint32_t index) {
  return memories[model] + offset_of(&mtvm_models[model], index);
}

static void return_int(mtvm_call_t *call, int64_t number) {
  call->result.code = kTVMArgInt;
  call->result.value.number = number;
}

static void return_tensor(mtvm_call_t *call, uint32_t model, uint32_t index) {
  call->result.code = kTVMNDArrayHandle;
  call->result.value.array.type = tensor_of(&mtvm_models[model], index);
  call->result.value.array.data = data_of(model, index);
  call->result.value.array.handle = mtvm_array_handle(model, index);
}

/* get_input(name or number); nothing for an unknown name */
static bool get_input(mtvm_call_t *call, uint32_t model) {
  uint32_t index;
  if (!mtvm_call_takes(call, ".") || !created(model) ||
      !find_input(&mtvm_models[model], call, &index)) {
    return false;
  }
  if (index < mtvm_models[model].num_inputs) {
    return_tensor(call, model, index);
  }
  return true;
}

/* set_input(name or number, tensor) */
static bool set_input(mtvm_call_t *call, uint32_t model) {
  uint32_t index;
  if (!mtvm_call_takes(call, "..") || !created(model) ||
      !find_input(&mtvm_models[model], call, &index)) {
    return false;
  }
  if (index == mtvm_models[model].num_inputs) {
    return no_tensor(index);
  }
  uint32_t bytes = mtvm_models[model].inputs[index].bytes;
  const void *data = mtvm_call_tensor(call, 1, bytes);
  if (data == NULL) {
    return false;
  }
  memmove(data_of(model, index), data, bytes);
  return true;
}

/* get_input_index(name) -> -1 when there is none */
static bool get_input_index(mtvm_call_t *call, uint32_t model) {
  uint32_t index;
  if (!mtvm_call_takes(call, "s") || !find_input(&mtvm_models[model], call, &index)) {
    return false;
  }
  return_int(call, index < mtvm_models[model].num_inputs ? (int64_t)index : -1);
  return true;
}

/* get_input_name(number) */
static bool get_input_name(mtvm_call_t *call, uint32_t model) {
  uint32_t index;
  if (!mtvm_call_takes(call, "i") || !find_input(&mtvm_models[model], call, &index)) {
    return false;
  }
  const char *name = mtvm_models[model].inputs[index].name;
  call->result.code = kTVMStr;
  call->result.value.bytes.data = name;
  call->result.value.bytes.size = (uint32_t)strlen(name);
  return true;
}

/* get_output(number) or get_output(number, tensor) */
static bool get_output(mtvm_call_t *call, uint32_t model) {
  uint32_t count = mtvm_models[model].num_outputs;
  if (!mtvm_call_takes(call, call->count == 2 ? "i." : "i") || !created(model)) {
    return false;
  }
  if (call->values[0].v_int64 < 0 || call->values[0].v_int64 >= count) {
    return no_tensor(count);
  }
  uint32_t index = mtvm_models[model].num_inputs + (uint32_t)call->values[0].v_int64;
  if (call->count == 1) {
    return_tensor(call, model, index);
    return true;
  }
  uint32_t bytes = tensor_of(&mtvm_models[model], index)->bytes;
  void *data = mtvm_call_tensor(call, 1, bytes);
  if (data == NULL) {
    return false;
  }
  memmove(data, data_of(model, index), bytes);
  return true;
}

static bool get_num_inputs(mtvm_call_t *call, uint32_t model) {
  return_int(call, mtvm_models[model].num_inputs);
  return true;
}

static bool get_num_outputs(mtvm_call_t *call, uint32_t model) {
  return_int(call, mtvm_models[model].num_outputs);
  return true;
}

static bool run(mtvm_call_t *call, uint32_t number) {
  const mtvm_model_t *model = &mtvm_models[number];
  mtvm_buffer_t buffers[MOST_TENSORS];
  if (!mtvm_call_takes(call, "") || !created(number)) {
    return false;
  }
  for (uint32_t i = 0; i < tensor_count(model); ++i) {
    buffers[i].data = data_of(number, i);
    buffers[i].size = tensor_of(model, i)->bytes;
  }
  return run_model(number, buffers);
}

const mtvm_entry_t mtvm_executor_functions[] = {
    {"get_input", get_input},
    {"set_input", set_input},
    {"get_input_index", get_input_index},
    {"get_input_name", get_input_name},
    {"get_output", get_output},
    {"get_num_inputs", get_num_inputs},
    {"get_num_outputs", get_num_outputs},
    {"run", run},
};

const uint32_t mtvm_executor_function_count =
    sizeof mtvm_executor_functions / sizeof mtvm_executor_functions[0];
