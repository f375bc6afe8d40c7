// Manual pages: a template with the prose, and what the tool itself knows put in its places.
#pragma once

#include <functional>
#include <string>

#include "cli/tool.h"

namespace enas4d {

/// The text that stands for `@name@`, for names that man_page() does not know itself.
using Fragment = std::function<std::string(const std::string& name)>;

/// The page of `tool` in man(7) macros. A line `@...@` of the template is replaced: `@name@` by the
/// title with NAME and SYNOPSIS, `@options@` by a section with every option of `list`, `@examples@`
/// by the tool's examples, any other by its fragment.
std::string man_page(const Tool& tool, const OptionList& list, const std::string& page,
                     const Fragment& fragment);

/// `text` so that troff prints it as it is: no dash becomes a hyphen, no line a request.
std::string roff_text(const std::string& text);

}  // namespace enas4d
