//! What must change when files are given other names: a policy is named like its file.

use rubric_engine::ide::{self, Entity, FileSpan};
use rubric_engine::project::EXTENSION;
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types as lsp;

use super::rename;
use crate::snapshot::Snapshot;

pub(crate) fn will_rename(
    snapshot: &Snapshot,
    params: &lsp::RenameFilesParams,
) -> Result<Option<lsp::WorkspaceEdit>> {
    let mut edits: Vec<(FileSpan, String)> = Vec::new();
    let symbols = snapshot.database.symbols();
    for rename in &params.files {
        let (Ok(old), Ok(new)) = (rename.old_uri.parse::<lsp::Uri>(), rename.new_uri.parse::<lsp::Uri>())
        else {
            continue;
        };
        let (old, new) = (snapshot.view.path_of(&old), snapshot.view.path_of(&new));
        for file in snapshot.database.files() {
            let path = snapshot.database.path(file);
            // A folder takes its files with it.
            let Some(below) = path.strip_prefix(old.trim_end_matches('/')) else { continue };
            if !below.is_empty() && !below.starts_with('/') {
                continue;
            }
            let moved = format!("{}{below}", new.trim_end_matches('/'));
            let Some(id) = snapshot.database.collected().policies.get(&file).copied() else { continue };
            let Some(policy) = symbols.policy(id) else { continue };
            let Some(name) = renamed(path, &moved, &policy.name) else { continue };
            let entity = Entity::Policy(id);
            let places = ide::references(&snapshot.database, &entity);
            edits.extend(places.into_iter().map(|(place, _)| (place, name.clone())));
        }
    }
    Ok((!edits.is_empty()).then(|| snapshot.workspace_edit(edits)))
}

/// The name of a policy whose file moves; `None` when the file is not named like it, or cannot name one.
fn renamed(old: &str, new: &str, name: &str) -> Option<String> {
    let ending = format!(".{EXTENSION}");
    let (old, new) = (old.strip_suffix(&ending)?, new.strip_suffix(&ending)?);
    let below = name.replace('.', "/");
    let root = old.strip_suffix(&below)?;
    if !(root.is_empty() || root.ends_with('/')) {
        return None;
    }
    let named = new.strip_prefix(root)?;
    let valid = |part: &str| {
        part.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    let name = named.replace('/', ".");
    (named.split('/').all(valid) && name != below.replace('/', ".")).then_some(name)
}

/// The edits of several projects as one.
pub(crate) fn joined(edits: Vec<Option<lsp::WorkspaceEdit>>) -> Option<lsp::WorkspaceEdit> {
    edits.into_iter().flatten().reduce(rename::joined)
}

#[cfg(test)]
mod tests {
    use super::renamed;

    #[test]
    fn a_policy_is_named_like_its_file() {
        for (old, new, name, expected) in [
            ("a/b.rubric", "a/c.rubric", "a.b", Some("a.c")),
            ("policies/a/b.rubric", "policies/x/y/b.rubric", "a.b", Some("x.y.b")),
            ("a/b.rubric", "a/b c.rubric", "a.b", None),
            ("drafts/q.rubric", "drafts/r.rubric", "a.b", None),
            ("xa/b.rubric", "xa/c.rubric", "a.b", None),
            ("a/b.rubric", "a/b.txt", "a.b", None),
            ("a/b.rubric", "a/b.rubric", "a.b", None),
        ] {
            assert_eq!(renamed(old, new, name).as_deref(), expected, "{old} -> {new}");
        }
    }
}
