(category name: (_) @name) @definition.class
(record name: (_) @name) @definition.class
(group name: (_) @name) @definition.class
(parameter name: (_) @name) @definition.constant
(define name: (_) @name) @definition.function
(decision name: (_) @name) @definition.function
(requirement name: (_) @name) @definition.function
(amount name: (_) @name) @definition.function
(call function: (reference) @name) @reference.call
(type_name) @name @reference.class
