//! What is wrong with the manifest of a folder: the client is told, since it decides which files are a project.

use std::ops::Range;
use std::path::Path;

use rubric_engine::data::Manifest;
use rubric_engine::project::project_files;
use rubric_grammar::{Encoding, LineIndex};
use tower_lsp::ls_types as lsp;

/// What is wrong with a manifest of this text in a folder.
pub(crate) fn faults(folder: &Path, text: &str, encoding: Encoding) -> Vec<lsp::Diagnostic> {
    let lines = LineIndex::new(text);
    let position = |offset: usize| {
        let position = lines.position(text, u32::try_from(offset).unwrap_or(u32::MAX), encoding);
        lsp::Position::new(position.line, position.column)
    };
    let fault = |span: Range<usize>, message: String| lsp::Diagnostic {
        range: lsp::Range::new(position(span.start), position(span.end.max(span.start))),
        severity: Some(lsp::DiagnosticSeverity::ERROR),
        code: Some(lsp::NumberOrString::String("manifest".to_owned())),
        source: Some("rubric".to_owned()),
        message,
        ..lsp::Diagnostic::default()
    };
    match Manifest::parse(text) {
        Ok(manifest) => match project_files(folder, &manifest.policies) {
            Err((name, error)) if !manifest.policies.is_empty() => {
                let start = text.find(&format!("\"{name}\"")).unwrap_or_default();
                let span = start..if start > 0 { start + name.len() + 2 } else { 0 };
                vec![fault(span, format!("cannot read `{name}`: {error}\n\n`policies` names it"))]
            }
            _ => Vec::new(),
        },
        Err(errors) => errors
            .into_iter()
            .map(|error| {
                let help = error.help.map(|help| format!("\n\n{help}")).unwrap_or_default();
                fault(error.span, format!("{}{help}", error.message))
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Encoding, faults};

    #[test]
    fn each_fault_stands_at_its_place() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("a")).unwrap();
        for (text, expected) in [
            ("[project]\npolicies = [\"a\"]\n", None),
            ("[project]\nname = \"é😀\" x\n", Some((1, 13))),
            ("[project]\npolicies = [\"gone\"]\n", Some((1, 12))),
            ("# é😀\n[data.x]\npath = 1\n", Some((2, 7))),
        ] {
            let found = faults(folder.path(), text, Encoding::Utf16);
            let places: Vec<_> =
                found.iter().map(|it| (it.range.start.line, it.range.start.character)).collect();
            assert_eq!(places, expected.into_iter().collect::<Vec<_>>(), "{text}: {found:?}");
        }
    }
}
