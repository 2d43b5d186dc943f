/* For the generated files of model "second": the sections that TVM chose get a suffix, so that
 * the linker script can place them apart from those of other models. */
#ifndef MTVM_SECOND_SECTIONS_H_
#define MTVM_SECOND_SECTIONS_H_

#define section(name) section(name ".model_second")

#endif
