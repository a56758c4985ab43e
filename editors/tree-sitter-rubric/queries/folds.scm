[
  (policy) (category) (record) (parameter) (define) (decision) (part) (requirement) (amount) (fixture) (test) (waiver)
  (case) (table)
] @fold
