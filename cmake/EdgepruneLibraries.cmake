# edgeprune_find_libraries(TARGET...)
#
# Finds the packages that outside libraries belong to: NAME::... is of find_package(NAME),
# PkgConfig::NAME of the pkg-config module NAME. What is a target already is not looked for again,
# so a project that brings its own fmt is built with that.
function(edgeprune_find_libraries)
  foreach(target IN LISTS ARGN)
    if(TARGET ${target} OR NOT target MATCHES "^([^:]+)::([^:]+)$")
      continue()
    endif()
    set(package ${CMAKE_MATCH_1})
    set(name ${CMAKE_MATCH_2})
    if(package STREQUAL "PkgConfig")
      find_package(PkgConfig REQUIRED)
      pkg_check_modules(${name} REQUIRED IMPORTED_TARGET GLOBAL ${name})
    else()
      find_package(${package} REQUIRED)
    endif()
  endforeach()
endfunction()
