# writ_folder(NAME SOURCES ... LINKS ...): the library of src/NAME. Its headers stand in
# include/NAME below it and are seen only by folders that link it.
function(writ_folder name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_library(writ_${name} STATIC ${ARG_SOURCES})
  target_include_directories(writ_${name} PUBLIC include PRIVATE .)
  target_link_libraries(writ_${name} PUBLIC ${ARG_LINKS} PRIVATE writ_flags)
endfunction()

# writ_test(FOLDER NAME [EXTRA_LIBS]): tests/unit/FOLDER/test_NAME.c as test unit.FOLDER.NAME.
function(writ_test folder name)
  set(target test_${folder}_${name})
  add_executable(${target} test_${name}.c)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${target} PRIVATE writ_${folder} writ_flags cmocka ${ARGN})
  target_compile_definitions(${target} PRIVATE
    WRIT_VECTORS="${PROJECT_SOURCE_DIR}/tests/vectors")
  add_test(NAME unit.${folder}.${name} COMMAND ${target})
endfunction()

# writ_fuzz(FOLDER NAME [EXTRA_LIBS]): fuzz/FOLDER/fuzz_NAME.c with its corpus in
# fuzz/FOLDER/corpus/NAME; a short run is part of the tests.
function(writ_fuzz folder name)
  set(target fuzz_${folder}_${name})
  add_executable(${target} fuzz_${name}.c)
  target_link_libraries(${target} PRIVATE writ_${folder} writ_flags ${ARGN})
  target_link_options(${target} PRIVATE -fsanitize=fuzzer)
  # New inputs go to the build folder; the corpus in the tree is only read.
  file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/found/${name})
  add_test(
    NAME fuzz.${folder}.${name}
    COMMAND ${target} -runs=20000 -max_len=8192 -timeout=10
            ${CMAKE_CURRENT_BINARY_DIR}/found/${name}
            ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name})
endfunction()
