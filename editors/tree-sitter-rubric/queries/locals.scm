; The parameters of a definition are seen in it.
(define) @local.scope
(parameter_declaration name: (_) @local.definition)
(reference) @local.reference
