# Platform host: this machine's own compiler; standard input and output are the UART.
set(MTVM_LINK_FLAGS "")
set(MTVM_MODEL_FLAGS "")
set(MTVM_CRT_FLAGS "")
