; Capture names are those that Neovim, Helix and Emacs have in common.

(comment) @comment
(documentation) @comment.documentation

(string) @string
[(number) (percent) (money) (duration)] @number
[(date) (school_year)] @constant
(flag) @boolean
(unit) @keyword

; Names

(reference) @variable
(path) @namespace
(type_name) @type
(record_name) @type
(outcome) @constant
(code) @constant
(level) @constant
(member field: (_) @property)
(call function: (reference) @function)
(category name: (_) @type)
(value name: (_) @constant)
(record name: (_) @type)
(group name: (_) @type)
(field name: (_) @property)
(row_field name: (_) @property)
(input name: (_) @variable)
(parameter name: (_) @constant)
(define name: (_) @function)
(parameter_declaration name: (_) @variable.parameter)
(decision name: (_) @function)
(requirement name: (_) @function)
(amount name: (_) @function)
(fixture name: (_) @variable)
(waiver name: (_) @variable)
(row name: (_) @variable)
(rule name: (_) @label)
(part name: (_) @label)
(must name: (_) @label)
(except name: (_) @label)
(line name: (_) @label)
(row_label) @constant
(column) @constant
(month_name) @constant
(rounding_unit) @constant

; Words

[
  "allow" "amend" "amount" "assert" "category" "decision" "define" "extend" "fixture" "group" "input" "ordered"
  "parameter" "policy" "record" "requirement" "test" "use" "waiver"
] @keyword

[
  "absent" "among" "apportion" "as" "authority" "be" "because" "by" "cite" "default" "depends" "distinct" "due" "each"
  "effective" "even" "except" "expect" "fixed" "for" "from" "given" "half" "id" "implies" "judged" "jurisdiction" "key"
  "law" "least" "like" "line" "many" "may" "means" "month_end" "most" "must" "needs" "never" "notwithstanding" "of" "on"
  "order" "outcomes" "over" "part" "per" "presumed" "private" "round" "rounded" "rule" "satisfy" "school_year" "set"
  "severity" "starts" "subject" "through" "title" "to" "top" "unchangeable" "under" "unique" "until" "violated" "waivable" "where"
  "with" "worsens" "rises" "falls" "down" "up"
] @keyword

["case" "else" "if" "otherwise" "then" "when"] @keyword.conditional

["and" "between" "ends" "in" "is" "known" "matches" "met" "missing" "not" "or" "valid"] @keyword.operator

(no_rows "no" @keyword)

; The words that begin a form are names elsewhere.
(part_of ["first_day" "last_day" "year" "month" "day" "length"] @function.builtin)
(rows_test ["any" "none" "all" "only" "some"] @function.builtin)
(count "count" @function.builtin)
(aggregate ["sum" "highest" "lowest" "average"] @function.builtin)
(latest ["latest" "earliest"] @function.builtin)
(rank ["percent_rank" "total"] @function.builtin)
(quantity ["at" "exactly"] @function.builtin)
(limit "at" @keyword)
(affix ["first" "last"] @function.builtin)
(elapsed ["days" "months" "years"] @function.builtin)
(is "none" @keyword.operator)

; Signs

["=" "!=" "<" "<=" ">" ">=" "+" "-" "*" "/" ".."] @operator
["{" "}" "(" ")" "[" "]"] @punctuation.bracket
["," "." ":" "?"] @punctuation.delimiter
