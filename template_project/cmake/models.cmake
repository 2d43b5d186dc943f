# Model libraries beside the first (option more_models): their headers may have the same names, so
# each is compiled on its own.
foreach(name IN LISTS MTVM_MORE_MODELS)
  if(MTVM_MODEL_${name}_SOURCES)
    add_library(model_${name} OBJECT ${MTVM_MODEL_${name}_SOURCES})
    set_target_properties(model_${name} PROPERTIES C_EXTENSIONS ON)
    target_compile_options(model_${name} PRIVATE ${common_options} ${MTVM_MODEL_FLAGS} -w
                                                 -ffp-contract=off -fno-math-errno)
    target_include_directories(model_${name} PRIVATE
                               ${MTVM_RUNTIME_INCLUDES} src/model ${MTVM_INCLUDES}
                               ${MTVM_MODEL_${name}_FOLDER}/codegen/host/include)
    target_compile_definitions(model_${name} PRIVATE ${MTVM_DEFINITIONS})
    target_link_libraries(model_${name} PRIVATE ${MTVM_INTERFACE})
    target_sources(${MTVM_TARGET} PRIVATE $<TARGET_OBJECTS:model_${name}>)
  endif()
  foreach(object IN LISTS MTVM_MODEL_${name}_OBJECTS)
    set(linked ${CMAKE_CURRENT_SOURCE_DIR}/${object})
    if(MTVM_MODEL_${name}_SYMBOLS)
      set(linked ${CMAKE_CURRENT_BINARY_DIR}/${object})
      get_filename_component(directory ${linked} DIRECTORY)
      file(MAKE_DIRECTORY ${directory})
      list(TRANSFORM MTVM_MODEL_${name}_SYMBOLS
           PREPEND --redefine-syms=${CMAKE_CURRENT_SOURCE_DIR}/ OUTPUT_VARIABLE renames)
      add_custom_command(
        OUTPUT ${linked}
        COMMAND ${CMAKE_OBJCOPY} ${renames}
                ${CMAKE_CURRENT_SOURCE_DIR}/${object} ${linked}
        DEPENDS ${object} ${MTVM_MODEL_${name}_SYMBOLS} VERBATIM)
    endif()
    target_sources(${MTVM_TARGET} PRIVATE ${linked})
  endforeach()
endforeach()
