# Training with glibc's malloc is seven times slower than with tcmalloc: LibTorch frees its large tensors at once, and glibc
# gives such memory back to the kernel every time. A sanitizer brings its own allocator.
option(ENAS4D_TCMALLOC "Link the LibTorch programs with tcmalloc" ON)
if(ENAS4D_TCMALLOC)
  find_library(TCMALLOC_LIBRARY tcmalloc_minimal REQUIRED)
endif()

function(enas4d_link_allocator program)
  if(ENAS4D_TCMALLOC)
    # No symbol asks for this library, so the linker has to be told to keep it.
    target_link_libraries(${program} PRIVATE
      "-Wl,--push-state,--no-as-needed,${TCMALLOC_LIBRARY},--pop-state")
  endif()
endfunction()
