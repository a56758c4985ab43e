//! Makes `src/grammar.json`, `src/node-types.json` and `src/parser.c` from `grammar.js`. Needs Node.

use std::path::Path;
use std::process::ExitCode;

/// Neovim 0.7, Emacs 29 and Helix read this version; nothing of a later one is needed.
const ABI_VERSION: usize = 14;

fn main() -> ExitCode {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut diagnostics = Vec::new();
    let made = tree_sitter_generate::generate_parser_in_directory(
        here,
        Some(&here.join("src")),
        Some(&here.join("grammar.js")),
        ABI_VERSION,
        None,
        Some("node"),
        true,
        tree_sitter_generate::OptLevel::default(),
        &mut diagnostics,
    );
    match made {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
