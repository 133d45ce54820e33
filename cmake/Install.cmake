# What `cmake --install` installs; docs/embedding.md says how it is used. The folders are fixed:
# imhsa-compile finds the runtime in ../lib.
include(CMakePackageConfigHelpers)
set(config lib/cmake/Imhsa)
# Not where find_package looks: build/bin on PATH makes it search build.
set(staging ${CMAKE_BINARY_DIR}/CMakeFiles)

install(TARGETS ${IMHSA_TOOLS} RUNTIME DESTINATION bin LIBRARY DESTINATION lib)

# Imhsa::NAME, with the headers in `include`. Each component is a file of its own, so that a project
# that calls compiled code only does not have to find MLIR.
function(imhsa_install_component name target include)
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  install(TARGETS ${target} EXPORT Imhsa${name} ARCHIVE DESTINATION lib INCLUDES DESTINATION ${include})
  install(EXPORT Imhsa${name} NAMESPACE Imhsa:: DESTINATION ${config})
endfunction()
set(runtime ImhsaRuntime)
if(IMHSA_SANITIZE)
  set(runtime ImhsaRuntimePlain)
endif()
imhsa_install_component(Runtime ${runtime} include)
imhsa_install_component(Dialect ImhsaDialect include/imhsa)
imhsa_install_component(Passes ImhsaPasses include/imhsa)
imhsa_install_component(CAPIDialects ImhsaCAPIDialects include)
imhsa_install_component(CAPIPasses ImhsaCAPIPasses include)

install(DIRECTORY ${CMAKE_BINARY_DIR}/include/ DESTINATION include PATTERN *.d EXCLUDE)
install(FILES dialect/Imhsa.h dialect/Schedule.h dialect/Scores.h dialect/ImhsaAttrs.td dialect/ImhsaDialect.td dialect/ImhsaOps.td
  DESTINATION include/imhsa/dialect)
# For programs that compile for the CPU and run the code themselves.
install(FILES runtime/ParallelFor.h runtime/imhsa.h DESTINATION include/imhsa/runtime)
install(FILES passes/transform/TransformOps.h passes/transform/TransformOps.td DESTINATION include/imhsa/passes/transform)
install(FILES passes/Passes.h passes/Passes.td passes/Pipelines.h DESTINATION include/imhsa/passes)
foreach(folder dialect passes)
  install(DIRECTORY ${CMAKE_BINARY_DIR}/${folder}/ DESTINATION include/imhsa/${folder}
    FILES_MATCHING PATTERN *.h.inc PATTERN CMakeFiles EXCLUDE PATTERN *.dir EXCLUDE PATTERN capi EXCLUDE PATTERN emulate EXCLUDE)
endforeach()

configure_package_config_file(cmake/ImhsaConfig.cmake.in ${staging}/ImhsaConfig.cmake
  INSTALL_DESTINATION ${config} NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${staging}/ImhsaConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${staging}/ImhsaConfig.cmake ${staging}/ImhsaConfigVersion.cmake
  DESTINATION ${config})

configure_file(cmake/imhsa-runtime.pc.in ${staging}/imhsa-runtime.pc @ONLY)
install(FILES ${staging}/imhsa-runtime.pc DESTINATION lib/pkgconfig)
install(FILES LICENSE DESTINATION share/doc/imhsa)
