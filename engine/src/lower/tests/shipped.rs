//! The policies that are shipped lower without a word.

use std::path::Path;

use rubric_grammar::ast::ItemKind;

use super::support::Workspace;

fn files(root: &Path, folder: &Path, found: &mut Vec<(String, String)>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(root, &path, found);
        } else if path.extension().is_some_and(|extension| extension == "rubric") {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            found.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn shipped_policies_lower_completely() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies");
    let mut found = Vec::new();
    files(&root, &root, &mut found);
    assert!(found.len() > 10, "the shipped policies are not there");
    let workspace = Workspace::new(&found);
    assert_eq!(workspace.before, Vec::<String>::new());
    assert_eq!(workspace.report(), "");
    let items = workspace.files.iter().flatten();
    let without_body = items.zip(&workspace.items).filter(|(item, lowered)| {
        lowered.body.is_none()
            && (lowered.declared.is_some() || item.damaged || matches!(item.kind, ItemKind::Junk))
    });
    assert_eq!(without_body.count(), 0);
}
