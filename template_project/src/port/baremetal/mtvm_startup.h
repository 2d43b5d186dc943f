/* What start-up code and linker script share with the port. */
#ifndef MTVM_STARTUP_H_
#define MTVM_STARTUP_H_

#include <stdint.h>

#define MTVM_STACK_PAINT 0xA5A5A5A5U

/* From the linker script. The stack lies at the start of RAM: an overflow leaves the memory, which
 * faults on most parts, and overwrites no data. */
extern uint32_t mtvm_stack_limit[];
extern uint32_t mtvm_stack_top[];

void mtvm_reset(void);
void mtvm_systick(void);

int main(void);

#endif
