#include "mtvm_model.h"

const char *mtvm_status_name(mtvm_status_t status) {
  switch (status) {
    case MTVM_OK: return "MTVM_OK";
    case MTVM_E_NULL: return "MTVM_E_NULL";
    case MTVM_E_ALIGNMENT: return "MTVM_E_ALIGNMENT";
    case MTVM_E_SIZE: return "MTVM_E_SIZE";
    case MTVM_E_MODEL: return "MTVM_E_MODEL";
    case MTVM_E_WORKSPACE: return "MTVM_E_WORKSPACE";
    case MTVM_E_KERNEL: return "MTVM_E_KERNEL";
  }
  return "MTVM_E_?";
}
