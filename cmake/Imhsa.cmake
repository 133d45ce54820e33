# What the folders of this project share when they are built.

# One precompiled header of MLIR for every target: parsing MLIR's headers takes
# fifteen seconds a file, a precompiled header less than one.
function(imhsa_precompile target)
  if(TARGET imhsa-pch)
    target_precompile_headers(${target} REUSE_FROM imhsa-pch)
  endif()
endfunction()

# imhsa_add_library(NAME SOURCES... [LINK libs...] [DEPENDS targets...])
# A static, position-independent library over the shared libMLIR.
function(imhsa_add_library name)
  cmake_parse_arguments(ARG "" "" "LINK;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PUBLIC ${ARG_LINK} MLIR LLVM)
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
  imhsa_precompile(${name})
endfunction()

# Runs mlir-tblgen on `td` in the current folder: pairs of output name and generator flags follow.
function(imhsa_tablegen target td)
  set(LLVM_TARGET_DEFINITIONS ${td})
  set(args ${ARGN})
  while(args)
    list(POP_FRONT args output flags)
    separate_arguments(flags)
    mlir_tablegen(${output} ${flags} -I ${CMAKE_SOURCE_DIR})
  endwhile()
  add_public_tablegen_target(${target})
endfunction()
