# C++17, the warnings of the house and ccache where it is installed.
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # ccache caches nothing behind a precompiled header unless it is told to overlook the two things it cannot see there.
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE_PROGRAM})
endif()

# Whether they are errors is the preset's choice (CMAKE_COMPILE_WARNING_AS_ERROR). System headers never warn.
function(enas4d_warnings target)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
    $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)  # in a unity build every .cpp looks like a header to it
endfunction()
