# edgeprune_module(NAME SOURCES a.cc ... [USES core ...] [HIDES kernels ...] [LIBRARIES target ...])
#
# One static library per module, edgeprune::NAME. Its include path holds only its own headers and,
# through USES, those of the modules it may use, so that an include against the direction of
# dependencies does not compile. HIDES names modules that it uses but does not pass on to its users.
# LIBRARIES are outside dependencies, private to the module; they are looked for here, so that a
# build without the module can do without them.
include(CMakePackageConfigHelpers)
include(EdgepruneLibraries)

function(edgeprune_module name)
  cmake_parse_arguments(arg "" "" "SOURCES;USES;HIDES;LIBRARIES" ${ARGN})
  foreach(used IN LISTS arg_USES arg_HIDES)
    edgeprune_add_module(${used})
  endforeach()
  edgeprune_find_libraries(${arg_LIBRARIES})

  set(root ${PROJECT_BINARY_DIR}/include-roots/${name})
  file(MAKE_DIRECTORY ${root}/edgeprune)
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/include/edgeprune/${name} ${root}/edgeprune/${name}
       SYMBOLIC)

  add_library(edgeprune_${name} STATIC ${arg_SOURCES})
  add_library(edgeprune::${name} ALIAS edgeprune_${name})
  set_target_properties(edgeprune_${name} PROPERTIES EXPORT_NAME ${name}
                                                     POSITION_INDEPENDENT_CODE ON)
  target_include_directories(
    edgeprune_${name} PUBLIC $<BUILD_INTERFACE:${root}>
                             $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  foreach(used IN LISTS arg_USES)
    target_link_libraries(edgeprune_${name} PUBLIC edgeprune_${used})
  endforeach()
  foreach(hidden IN LISTS arg_HIDES)
    target_link_libraries(edgeprune_${name} PRIVATE edgeprune_${hidden})
  endforeach()
  target_link_libraries(edgeprune_${name} PRIVATE ${arg_LIBRARIES})
  edgeprune_compile_options(edgeprune_${name})
  set_property(GLOBAL APPEND PROPERTY EDGEPRUNE_MODULES edgeprune_${name})

  # What the installed package looks for, for this module: the libraries of all it uses.
  set(libraries ${arg_LIBRARIES})
  foreach(used IN LISTS arg_USES arg_HIDES)
    get_property(of_used GLOBAL PROPERTY EDGEPRUNE_LIBRARIES_${used})
    list(APPEND libraries ${of_used})
  endforeach()
  list(FILTER libraries INCLUDE REGEX "::")
  list(REMOVE_DUPLICATES libraries)
  set_property(GLOBAL PROPERTY EDGEPRUNE_LIBRARIES_${name} "${libraries}")
endfunction()

# Adds the folder of a module, once.
function(edgeprune_add_module name)
  if(TARGET edgeprune_${name})
    return()
  endif()
  if(NOT EXISTS ${PROJECT_SOURCE_DIR}/src/${name}/CMakeLists.txt)
    message(FATAL_ERROR "edgeprune has no module \"${name}\" (EDGEPRUNE_COMPONENTS)")
  endif()
  add_subdirectory(${PROJECT_SOURCE_DIR}/src/${name} ${PROJECT_BINARY_DIR}/src/${name})
endfunction()

# Language, warnings and sanitizers, the same for the library, the application and the tests.
function(edgeprune_compile_options target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wshadow -Wnon-virtual-dtor
                                           -Wno-missing-field-initializers)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # False alarms of GCC 12 inside fmt 9 and std::string.
    target_compile_options(${target} PRIVATE -Wno-stringop-overflow -Wno-restrict)
    # It takes the files of a unity build for headers.
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
  endif()
  if(EDGEPRUNE_WARNINGS_AS_ERRORS)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(EDGEPRUNE_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${EDGEPRUNE_SANITIZE}
                                             -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options(${target} PUBLIC -fsanitize=${EDGEPRUNE_SANITIZE})
  endif()
endfunction()

# For a module that computes little: with sanitizers, compiling it is what takes time.
function(edgeprune_compile_quickly_for_sanitizers target)
  if(EDGEPRUNE_SANITIZE)
    target_compile_options(${target} PRIVATE -O0)
  endif()
endfunction()

function(edgeprune_install_package)
  get_property(modules GLOBAL PROPERTY EDGEPRUNE_MODULES)
  install(TARGETS ${modules} EXPORT edgeprune-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/edgeprune
          DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/edgeprune)
  install(EXPORT edgeprune-targets NAMESPACE edgeprune:: DESTINATION ${package_dir})

  list(TRANSFORM modules REPLACE "^edgeprune_" "" OUTPUT_VARIABLE components)
  set(component_libraries)
  foreach(component IN LISTS components)
    get_property(libraries GLOBAL PROPERTY EDGEPRUNE_LIBRARIES_${component})
    string(APPEND component_libraries "set(libraries_of_${component} ${libraries})\n")
  endforeach()
  configure_package_config_file(
    ${PROJECT_SOURCE_DIR}/cmake/edgeprune-config.cmake.in
    ${PROJECT_BINARY_DIR}/edgeprune-config.cmake INSTALL_DESTINATION ${package_dir})
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/edgeprune-config-version.cmake
                                   COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/edgeprune-config.cmake
                ${PROJECT_BINARY_DIR}/edgeprune-config-version.cmake DESTINATION ${package_dir})
endfunction()
