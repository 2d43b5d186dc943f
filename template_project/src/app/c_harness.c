/* main() of a `c` project that `microtvm-boards run` talks to; the protocol is in README.md.
 * The same file runs every model: it knows nothing but mtvm_model.h. */
#include <stdbool.h>
#include <string.h>

#include "mtvm_model.h"
#include "mtvm_port.h"
#include "mtvm_samples.h"
#ifdef MTVM_TRACE
#include "mtvm_trace.h"
#define mtvm_model_run mtvm_trace_run
#endif

static MTVM_ALIGNED uint8_t input_memory[MTVM_MAX_INPUT_BYTES];
static MTVM_ALIGNED uint8_t output_memory[MTVM_MAX_OUTPUT_BYTES];

static void put_text(const char *text) {
  while (*text != '\0') {
    mtvm_port_putc(*text++);
  }
}

static void put_number(uint32_t number) {
  char digits[10]; /* 2^32 has ten */
  uint32_t count = 0;
  do {
    digits[count++] = (char)('0' + number % 10);
    number /= 10;
  } while (number > 0);
  while (count > 0) {
    mtvm_port_putc(digits[--count]);
  }
}

static void put_signed(int32_t number) {
  if (number < 0) {
    mtvm_port_putc('-');
  }
  put_number(number < 0 ? 0U - (uint32_t)number : (uint32_t)number);
}

static void put_hex(const uint8_t *bytes, uint32_t count) {
  static const char digits[] = "0123456789abcdef";
  for (uint32_t i = 0; i < count; ++i) {
    mtvm_port_putc(digits[bytes[i] >> 4]);
    mtvm_port_putc(digits[bytes[i] & 15U]);
  }
}

/* Lays the tensors one after the other into `memory`, each aligned. */
static void lay_out(const mtvm_tensor_t tensors[], uint32_t count, uint8_t *memory,
                    mtvm_buffer_t buffers[]) {
  for (uint32_t i = 0; i < count; ++i) {
    buffers[i].data = memory;
    buffers[i].size = tensors[i].bytes;
    memory += MTVM_ALIGN_UP(tensors[i].bytes);
  }
}

static void run(uint32_t index, uint8_t *inputs_at) {
  const mtvm_model_t *model = &mtvm_models[index];
  mtvm_buffer_t inputs[MTVM_MAX_INPUTS];
  mtvm_buffer_t outputs[MTVM_MAX_OUTPUTS];
  lay_out(model->inputs, model->num_inputs, inputs_at, inputs);
  lay_out(model->outputs, model->num_outputs, output_memory, outputs);

  uint32_t ticks = mtvm_port_ticks();
  mtvm_status_t status = mtvm_model_run(index, inputs, outputs);
  ticks = mtvm_port_ticks() - ticks;

  put_text("result ");
  put_number(index);
  mtvm_port_putc(' ');
  put_signed(status);
  mtvm_port_putc(' ');
  put_text(mtvm_status_name(status));
  put_text(" ticks=");
  put_number(ticks);
  put_text(" stack=");
  put_number(mtvm_port_stack_used());
  mtvm_port_putc(' ');
  for (uint32_t i = 0; status == MTVM_OK && i < model->num_outputs; ++i) {
    put_hex(outputs[i].data, outputs[i].size);
  }
  mtvm_port_putc('\n');
}

static void run_samples(void) {
#if MTVM_SAMPLE_COUNT > 0
  for (uint32_t i = 0; i < MTVM_SAMPLE_COUNT; ++i) {
    memcpy(input_memory, mtvm_samples[i], sizeof mtvm_samples[i]);
    run(0, input_memory);
  }
#endif
  put_text("done\n");
}

static void put_tensors(const char *side, const mtvm_tensor_t tensors[], uint32_t count,
                        uint32_t model) {
  for (uint32_t i = 0; i < count; ++i) {
    const mtvm_tensor_t *tensor = &tensors[i];
    put_text("tensor ");
    put_number(model);
    put_text(side);
    put_number(i);
    mtvm_port_putc(' ');
    put_text(tensor->name);
    mtvm_port_putc(' ');
    put_text(tensor->type == MTVM_INT     ? "int"
             : tensor->type == MTVM_UINT  ? "uint"
             : tensor->type == MTVM_FLOAT ? "float"
                                          : "bool");
    if (tensor->type != MTVM_BOOL) {
      put_number(tensor->bits);
    }
    mtvm_port_putc(' ');
    put_number(tensor->bytes);
    mtvm_port_putc(' ');
    if (tensor->ndim <= 0) {
      mtvm_port_putc(tensor->ndim == 0 ? '-' : '?');
    }
    for (int32_t d = 0; d < tensor->ndim; ++d) {
      if (d > 0) {
        mtvm_port_putc('x');
      }
      put_signed(tensor->shape[d]);
    }
    mtvm_port_putc(' ');
    uint32_t scale;
    memcpy(&scale, &tensor->scale, sizeof scale);
    if (scale == 0) {
      mtvm_port_putc('-');
    } else {
      for (int shift = 24; shift >= 0; shift -= 8) {
        uint8_t byte = (uint8_t)(scale >> shift);
        put_hex(&byte, 1);
      }
    }
    mtvm_port_putc(' ');
    put_signed(tensor->zero_point);
    mtvm_port_putc('\n');
  }
}

static void put_models(void) {
  for (uint32_t i = 0; i < MTVM_MODEL_COUNT; ++i) {
    put_tensors(" in ", mtvm_models[i].inputs, mtvm_models[i].num_inputs, i);
    put_tensors(" out ", mtvm_models[i].outputs, mtvm_models[i].num_outputs, i);
  }
  put_text("done\n");
}

static int nibble(int byte) {
  if (byte >= '0' && byte <= '9') {
    return byte - '0';
  }
  if (byte >= 'a' && byte <= 'f') {
    return byte - 'a' + 10;
  }
  return -1;
}

static int skip_line(int byte) {
  while (byte >= 0 && byte != '\n') {
    byte = mtvm_port_getc();
  }
  return byte;
}

/* "r<model> <hex>": reads the rest of the line into input_memory and runs. Returns the byte that
 * ended the line. */
static int run_command(void) {
  int byte = mtvm_port_getc();
  uint32_t index = (uint32_t)(byte - '0');
  if (byte != '\n') {
    byte = mtvm_port_getc();
  }
  if (index >= MTVM_MODEL_COUNT || byte != ' ') {
    put_text("error model\n");
    return skip_line(byte);
  }
  const mtvm_model_t *model = &mtvm_models[index];
  uint8_t *memory = input_memory;
  for (uint32_t i = 0; i < model->num_inputs; ++i) {
    for (uint32_t n = 0; n < model->inputs[i].bytes; ++n) {
      byte = mtvm_port_getc();
      int high = nibble(byte);
      if (high >= 0) {
        byte = mtvm_port_getc();
      }
      int low = nibble(byte);
      if (high < 0 || low < 0) {
        put_text("error inputs\n");
        return skip_line(byte);
      }
      memory[n] = (uint8_t)(high * 16 + low);
    }
    memory += MTVM_ALIGN_UP(model->inputs[i].bytes);
  }
  byte = mtvm_port_getc();
  if (byte != '\n') {
    put_text("error inputs\n");
    return skip_line(byte);
  }
  run(index, input_memory);
  return byte;
}

#ifdef MTVM_TRACE
/* "t<last>": returns the byte that ended the line. */
static int trace_command(void) {
  uint32_t last = 0;
  int byte = mtvm_port_getc();
  for (; byte >= '0' && byte <= '9'; byte = mtvm_port_getc()) {
    last = 10 * last + (uint32_t)(byte - '0');
  }
  if (byte == '\n') {
    mtvm_trace_begin(last);
  }
  put_text(byte == '\n' ? "done\n" : "error command\n");
  return skip_line(byte);
}

static void put_trace(void) {
  for (uint32_t i = 0; i < MTVM_CALL_COUNT; ++i) {
    put_text("call ");
    put_number(i);
    mtvm_port_putc(' ');
    put_number(mtvm_trace_values[i]);
    mtvm_port_putc('\n');
  }
  for (uint32_t i = 0; i < mtvm_trace_output_count; ++i) {
    put_text("written ");
    put_number(i);
    mtvm_port_putc(' ');
    put_hex(mtvm_trace_outputs[i].data, mtvm_trace_outputs[i].bytes);
    mtvm_port_putc('\n');
  }
  put_text("done\n");
}

static void put_measured(void) {
  mtvm_trace_info_t info;
  mtvm_trace_measure(&info);
  put_text("measured hz=");
  put_number(info.clock_hz);
  put_text(" total=");
  put_number(info.total_ticks);
  put_text(" hook=");
  put_number(info.hook_ticks);
  put_text(" counted=");
  put_number(info.counted_ticks);
  mtvm_port_putc('\n');
}
#endif

int main(void) {
  mtvm_port_init();
  put_text("mtvm 1 models=");
  put_number(MTVM_MODEL_COUNT);
  put_text(" samples=");
  put_number(MTVM_SAMPLE_COUNT);
  mtvm_port_putc('\n');
  if (MTVM_SAMPLE_COUNT > 0) {
    run_samples();
  }
  for (;;) {
    int byte = mtvm_port_getc();
    if (byte == 'r') {
      byte = run_command();
    } else if (byte == 'i') {
      byte = skip_line(byte);
      put_models();
    } else if (byte == 's') {
      byte = skip_line(byte);
      run_samples();
#ifdef MTVM_TRACE
    } else if (byte == 't') {
      byte = trace_command();
    } else if (byte == 'l') {
      byte = skip_line(byte);
      put_trace();
    } else if (byte == 'm') {
      byte = skip_line(byte);
      put_measured();
#endif
    } else if (byte >= 0) {
      byte = skip_line(byte);
      put_text("error command\n");
    }
    if (byte < 0) {
      return 0;
    }
  }
}
