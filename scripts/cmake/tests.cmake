# How tests are declared: a Catch2 program with one ctest entry per module, and shell scripts that drive the real programs.
if(BUILD_TESTING)
  find_package(Catch2 REQUIRED)
  # Debian's own, which has python3-jsonschema; another one may come first in PATH.
  find_program(PYTHON_PROGRAM python3 PATHS /usr/bin NO_DEFAULT_PATH REQUIRED)

  # How many times longer programs run with a sanitizer.
  string(TOUPPER "${CMAKE_BUILD_TYPE}" build_type)
  if("${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${build_type}}" MATCHES "-fsanitize=")
    set(ENAS4D_SLOWDOWN 5)
  else()
    set(ENAS4D_SLOWDOWN 1)
  endif()
endif()

function(add_test_program program)
  add_executable(${program})
  enas4d_warnings(${program})
  target_include_directories(${program} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/test)
  target_compile_definitions(${program} PRIVATE ENAS4D_SCHEMAS="${PROJECT_SOURCE_DIR}/schemas")
  target_link_libraries(${program} PRIVATE Catch2::Catch2WithMain)
endfunction()

# One entry per module and not per test case, because a program with LibTorch starts in a second. The last entry fails if a
# test case carries no module's tag and would therefore never run.
function(add_module_tests program)
  set(none "")
  foreach(module IN LISTS ARGN)
    add_test(NAME ${program}.${module} COMMAND ${program} "[${module}]")
    set_tests_properties(${program}.${module} PROPERTIES
      FAIL_REGULAR_EXPRESSION "No tests ran"
      ENVIRONMENT OMP_WAIT_POLICY=passive)  # tests run side by side
    string(APPEND none "~[${module}]")
  endforeach()
  add_test(NAME ${program}.untagged COMMAND ${program} ${none})
  set_tests_properties(${program}.untagged PROPERTIES PASS_REGULAR_EXPRESSION "No tests ran")
endfunction()

# The script gets the programs' folder as its argument, then ARGUMENTS, and an empty directory to work in. It may take SECONDS, 300
# where nothing is said.
function(add_pipeline_test name script)
  cmake_parse_arguments(PARSE_ARGV 2 test "" "SECONDS" "ARGUMENTS")
  if(NOT test_SECONDS)
    set(test_SECONDS 300)
  endif()
  math(EXPR timeout "${test_SECONDS} * ${ENAS4D_SLOWDOWN}")
  add_test(NAME pipeline.${name}
    COMMAND bash -euc [[rm -rf "$1"; mkdir "$1"; cd "$1"; shift; exec bash "$@"]] pipeline
      ${CMAKE_CURRENT_BINARY_DIR}/${name} ${CMAKE_CURRENT_SOURCE_DIR}/${script} ${PROJECT_BINARY_DIR}/bin ${test_ARGUMENTS})
  set_tests_properties(pipeline.${name} PROPERTIES TIMEOUT ${timeout})
endfunction()
