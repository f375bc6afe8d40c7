# add_enas4d_tool(search enas4d): a library of tools/search.cpp, so that tests can link the tool's body, and the program
# enas4d-search from it and the one main.cpp, which runs search_tool().
add_custom_target(programs)
function(add_enas4d_tool name library)
  string(REPLACE - _ identifier ${name})

  add_library(enas4d-${name}-tool STATIC ${identifier}.cpp)
  enas4d_warnings(enas4d-${name}-tool)
  target_include_directories(enas4d-${name}-tool PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(enas4d-${name}-tool PUBLIC ${library})

  add_executable(enas4d-${name} main.cpp)
  enas4d_warnings(enas4d-${name})
  target_compile_definitions(enas4d-${name} PRIVATE ENAS4D_TOOL=${identifier}_tool)
  target_link_libraries(enas4d-${name} PRIVATE enas4d-${name}-tool)
  set_target_properties(enas4d-${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
  add_dependencies(programs enas4d-${name})
  install(TARGETS enas4d-${name} RUNTIME COMPONENT programs)

  if(library STREQUAL enas4d)
    target_sources(enas4d-${name} PRIVATE passive_openmp.cpp)
    enas4d_use_torch(enas4d-${name}-tool)
    enas4d_link_allocator(enas4d-${name})
  endif()
endfunction()
