# Platform stm32cube: Arm Cortex-M with arm-none-eabi-gcc, newlib, and ST's HAL, start-up code and
# system file out of an STM32Cube package, which is used where it lies and never changed.
include(${CMAKE_CURRENT_LIST_DIR}/arm_gcc.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/stm32_board.cmake)

list(APPEND MTVM_LANGUAGES ASM)
find_program(CMAKE_ASM_COMPILER arm-none-eabi-gcc)
set(MTVM_LINKER_SCRIPT src/port/stm32cube/link.ld)
list(APPEND MTVM_LINK_FLAGS -T${CMAKE_CURRENT_LIST_DIR}/../${MTVM_LINKER_SCRIPT} -Wl,--wrap=main)

string(TOLOWER ${MTVM_STM32_DEVICE} device)
string(TOLOWER ${MTVM_STM32_HAL} hal)
set(device_dir Drivers/CMSIS/Device/ST/${MTVM_STM32_HAL})
set(hal_dir Drivers/${MTVM_STM32_HAL}_HAL_Driver)
set(startup ${device_dir}/Source/Templates/gcc/startup_${device}.s)
set(system ${device_dir}/Source/Templates/system_${hal}.c)

# The same search as `microtvm-boards build` makes, so that the project needs no tool of ours:
# -DSTM32CUBE_<family>_PATH, option stm32cube_path, the environment, STM32CubeMX's own folder.
set(variable STM32CUBE_${MTVM_STM32_FAMILY}_PATH)
set(package STM32Cube_FW_${MTVM_STM32_FAMILY})
set(${variable} "" CACHE PATH "The ${package} package; empty: looked for")
set(places ${${variable}} ${MTVM_STM32CUBE_PATH} $ENV{${variable}})
if(places)
  list(GET places 0 chosen)
  set(places "${chosen}")
else()
  foreach(home $ENV{HOME} $ENV{USERPROFILE})
    file(TO_CMAKE_PATH "${home}/STM32Cube/Repository" repository)
    file(GLOB found "${repository}/${package}_V*")
    list(APPEND places ${found})
  endforeach()
  list(SORT places COMPARE NATURAL ORDER DESCENDING) # the newest version first
endif()
set(MTVM_STM32CUBE "" CACHE INTERNAL "The package in use")
foreach(place IN LISTS places)
  get_filename_component(place "${place}" ABSOLUTE)
  if(NOT MTVM_STM32CUBE AND EXISTS "${place}/${startup}" AND EXISTS "${place}/${system}" AND
     EXISTS "${place}/${hal_dir}/Inc/${hal}_hal.h")
    set(MTVM_STM32CUBE "${place}" CACHE INTERNAL "The package in use")
  endif()
endforeach()
if(NOT MTVM_STM32CUBE)
  message(FATAL_ERROR "The package ${package} with ${startup} is needed and was not found. Looked "
                      "at: ${places} (else ~/STM32Cube/Repository/${package}_V*). Get it from "
                      "https://github.com/STMicroelectronics/STM32Cube${MTVM_STM32_FAMILY} or with "
                      "STM32CubeMX, and give its path as -D${variable}=PATH.")
endif()
message(STATUS "STM32Cube package: ${MTVM_STM32CUBE}")

set(MTVM_VENDOR_SOURCES "${MTVM_STM32CUBE}/${startup}" "${MTVM_STM32CUBE}/${system}"
                        "${MTVM_STM32CUBE}/${hal_dir}/Src/${hal}_hal.c")
foreach(module IN LISTS MTVM_STM32_MODULES)
  foreach(suffix "" _ex)
    set(source "${MTVM_STM32CUBE}/${hal_dir}/Src/${hal}_hal_${module}${suffix}.c")
    if(EXISTS "${source}")
      list(APPEND MTVM_VENDOR_SOURCES "${source}")
    endif()
  endforeach()
endforeach()
set(MTVM_VENDOR_INCLUDES "${MTVM_STM32CUBE}/Drivers/CMSIS/Include"
                         "${MTVM_STM32CUBE}/${device_dir}/Include" "${MTVM_STM32CUBE}/${hal_dir}/Inc")
set(MTVM_VENDOR_DEFINITIONS USE_HAL_DRIVER ${MTVM_STM32_DEVICE})
