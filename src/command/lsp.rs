//! `rubric lsp`: the language server on standard input and output.

use std::collections::BTreeMap;
use std::process;

use rubric_engine::data::PresetText;
use rubric_lsp::Ships;

use super::Outcome;
use crate::failure::Failure;
use crate::project;

pub(crate) fn lsp() -> Result<Outcome, Failure> {
    let code = rubric_lsp::serve_stdio(Ships { policies: project::shipped(), presets: presets() })
        .map_err(|error| Failure::new(format!("the language server cannot start: {error}")))?;
    // Standard input may stay open for ever, and the thread that reads it cannot be stopped any other way.
    process::exit(code)
}

/// The presets that ship, by the name of their format.
fn presets() -> BTreeMap<String, PresetText> {
    let of = |(path, text): &(&str, &str)| {
        let name = path.strip_prefix("presets/")?.strip_suffix(".toml")?;
        let preset = PresetText { name: format!("<shipped>/{path}"), text: (*text).to_owned() };
        Some((name.to_owned(), preset))
    };
    rubric_policies::PRESETS.iter().filter_map(of).collect()
}
