[
  (policy) (category) (record) (parameter) (define) (decision) (part) (requirement) (amount) (fixture) (test) (waiver)
  (case) (table) (rule) (must) (except) (line)
] @indent
"}" @outdent
