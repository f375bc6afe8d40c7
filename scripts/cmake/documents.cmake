# Manual pages, bash completions and schemas of --config documents, made from the options of the programs themselves:
# build/<preset>/documents.
function(add_enas4d_documents)
  set(folder ${PROJECT_BINARY_DIR}/documents)
  file(GLOB prose CONFIGURE_DEPENDS man/*.1 man/shared/*)
  file(GLOB shipped CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/schemas/spaces/*.json ${PROJECT_SOURCE_DIR}/schemas/recipes/*.json)
  set(written "")
  set(libraries "")
  foreach(name IN LISTS ARGN)
    list(APPEND libraries enas4d-${name}-tool)
    list(APPEND written ${folder}/man/enas4d-${name}.1 ${folder}/completions/enas4d-${name}
      ${folder}/config/enas4d-${name}.schema.json)
  endforeach()

  add_executable(enas4d-documents documents.cpp)
  enas4d_warnings(enas4d-documents)
  target_link_libraries(enas4d-documents PRIVATE ${libraries})
  add_custom_command(OUTPUT ${written}
    COMMAND enas4d-documents ${CMAKE_CURRENT_SOURCE_DIR} ${folder}
    DEPENDS enas4d-documents ${prose} ${shipped} completion.bash
    COMMENT "Writing manual pages, completions and schemas")
  add_custom_target(documents ALL DEPENDS ${written})

  install(DIRECTORY ${folder}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT programs)
  install(DIRECTORY ${folder}/completions/ DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
    COMPONENT programs)
  install(DIRECTORY ${folder}/config DESTINATION ${CMAKE_INSTALL_DATADIR}/enas4d/schemas COMPONENT programs)
endfunction()
