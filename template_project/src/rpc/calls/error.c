#include "calls/error.h"

#include <stddef.h>
#include <string.h>

static struct {
  const char *text;
  const char *more;
  uint32_t numbers[3];
} error;

bool mtvm_fail(const char *text) { return mtvm_fail_with(text, ""); }

bool mtvm_fail_number(const char *text, uint32_t number) {
  error.numbers[0] = number;
  return mtvm_fail(text);
}

bool mtvm_fail_numbers(const char *text, uint32_t a, uint32_t b, uint32_t c) {
  error.numbers[0] = a;
  error.numbers[1] = b;
  error.numbers[2] = c;
  return mtvm_fail(text);
}

bool mtvm_fail_with(const char *text, const char *more) {
  error.text = text;
  error.more = more;
  return false;
}

static uint32_t piece(void (*put)(const void *bytes, uint32_t count), const char *text,
                      size_t length) {
  if (put != NULL) {
    put(text, (uint32_t)length);
  }
  return (uint32_t)length;
}

uint32_t mtvm_error_text(void (*put)(const void *bytes, uint32_t count)) {
  static const char prefix[] = "MTVM_RPC_E_";
  uint32_t length = piece(put, prefix, sizeof prefix - 1);
  uint32_t number = 0;
  const char *text = error.text;
  for (;;) {
    size_t plain = strcspn(text, "%");
    length += piece(put, text, plain);
    text += plain;
    if (*text == '\0') {
      return length + piece(put, error.more, strlen(error.more));
    }
    ++text;
    char digits[10]; /* 2^32 has ten */
    uint32_t first = sizeof digits;
    uint32_t value = error.numbers[number++];
    do {
      digits[--first] = (char)('0' + value % 10);
      value /= 10;
    } while (value > 0);
    length += piece(put, &digits[first], sizeof digits - first);
  }
}
