/* What start-up code and linker script share with the port. */
#ifndef MTVM_STARTUP_H_
#define MTVM_STARTUP_H_

void mtvm_reset(void);
void mtvm_systick(void);

int main(void);

#endif
