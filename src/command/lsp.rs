//! `rubric lsp`: the language server on standard input and output.

use std::process;

use crate::failure::Failure;
use crate::project;

use super::Outcome;

pub(crate) fn lsp() -> Result<Outcome, Failure> {
    let code = rubric_lsp::serve_stdio(project::shipped())
        .map_err(|error| Failure::new(format!("the language server cannot start: {error}")))?;
    // Standard input may stay open for ever, and the thread that reads it cannot be stopped any other way.
    process::exit(code)
}
