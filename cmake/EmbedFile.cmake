# edgeprune_embed_file(OUT_VAR NAME FILE)
#
# Puts a text file into the program: makes a source file that defines
# edgeprune::embedded::NAME, a std::string_view of its content (declare it extern where it is used),
# and sets OUT_VAR to that source file.
#
# As bytes rather than as a string literal, whose length and characters compilers bound.
function(edgeprune_embed_file out_var name file)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/embedded_${name}.cc)
  add_custom_command(
    OUTPUT ${source}
    COMMAND ${CMAKE_COMMAND} -D name=${name} -D file=${file} -D source=${source} -P
            ${PROJECT_SOURCE_DIR}/cmake/EmbedFile.cmake
    DEPENDS ${file} ${PROJECT_SOURCE_DIR}/cmake/EmbedFile.cmake
    COMMENT "Embedding ${file}"
    VERBATIM)
  set(${out_var} ${source} PARENT_SCOPE)
endfunction()

# The script that the custom command runs.
if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  file(READ ${file} bytes HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  file(
    WRITE ${source}
    "#include <string_view>\n\n"
    "namespace edgeprune::embedded {\n"
    "namespace {\n"
    "constexpr unsigned char ${name}_bytes[] = {${bytes}};\n"
    "}  // namespace\n"
    "extern const std::string_view ${name};\n"
    "const std::string_view ${name}(reinterpret_cast<const char*>(${name}_bytes),\n"
    "                               sizeof(${name}_bytes));\n"
    "}  // namespace edgeprune::embedded\n")
endif()
