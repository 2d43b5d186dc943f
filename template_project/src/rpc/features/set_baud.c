#include "features/set_baud.h"

#include "link/baud.h"
#include "mtvm_config.h"

#ifdef MTVM_HAS_BAUD

bool mtvm_set_baud(mtvm_call_t *call, uint32_t index) {
  (void)index;
  return mtvm_baud_ask(call->values[0].v_int64);
}

#endif
