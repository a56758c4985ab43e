[(decision) (requirement) (amount) (define)] @function.around
[(record) (category) (group)] @class.around
(rule) @entry.around
(test) @test.around
(parameter_declaration) @parameter.inside
[(comment) (documentation)] @comment.inside
