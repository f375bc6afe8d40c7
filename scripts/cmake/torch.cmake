# LibTorch, and what makes compiling against it bearable: one precompiled header (a file then takes 7 s instead of 23 s).

# LibTorch's configuration reports and warns about every library that it was built with or without.
set(CMAKE_MESSAGE_LOG_LEVEL ERROR)
find_package(Torch REQUIRED)
unset(CMAKE_MESSAGE_LOG_LEVEL)

# A compiler needs 1.5 GB for such a file: on a machine with many cores and little memory, fewer at a time.
cmake_host_system_information(RESULT memory_mb QUERY TOTAL_PHYSICAL_MEMORY)
cmake_host_system_information(RESULT cores QUERY NUMBER_OF_LOGICAL_CORES)
math(EXPR torch_jobs "${memory_mb} / 2000")
if(torch_jobs LESS 1)
  set(torch_jobs 1)
elseif(torch_jobs GREATER cores)
  set(torch_jobs ${cores})
endif()
set_property(GLOBAL APPEND PROPERTY JOB_POOLS torch=${torch_jobs})

# For a target whose sources include LibTorch's headers. The first one makes the precompiled header, the others reuse it.
function(enas4d_use_torch target)
  target_link_libraries(${target} PUBLIC torch)
  set_target_properties(${target} PROPERTIES JOB_POOL_COMPILE torch)
  if(target STREQUAL enas4d)
    target_precompile_headers(${target} PRIVATE
      <torch/torch.h> <fmt/format.h> <nlohmann/json.hpp> <map> <optional> <string> <vector>)
  else()
    target_precompile_headers(${target} REUSE_FROM enas4d)
  endif()
endfunction()

