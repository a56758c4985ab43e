//! Ed-Fi resources as JSON Lines, one file for each resource, read as a preset says.

use std::collections::{HashMap, HashSet};

use super::bytes::DataFile;
use super::columns::fold;
use super::json::{Fault, Leaf, Step, visit};
use super::json_lines::{cut_short, is_not_lines, not_lines};
use super::lines::Lines;
use super::source::{self, DataSource};
use super::xml_element::FileRows;
use super::xml_plan::Interchange;
use super::xml_reader::{compile, read_preset};
use super::xml_tree::{NameId, Tree};
use super::{DataError, Dataset, ReadError, Severity};
use crate::plan::Symbols;

/// Reads every file of a folder.
pub(super) fn read_folder(
    symbols: &Symbols,
    source: &DataSource,
    is_folder: bool,
    dataset: &mut Dataset,
) -> Result<(), ReadError> {
    let preset = read_preset(source)?;
    let mut reader = compile(symbols, source, &preset)?;
    let files = source::files(source, is_folder, &["jsonl", "ndjson"])?;
    if files.is_empty() {
        return Err(ReadError::new("the folder has no .jsonl file").file(&source.shown));
    }
    let mut taken: HashMap<NameId, String> = HashMap::new();
    for file in &files {
        let wanted = fold(file.stem());
        let name = reader.by_element.keys().copied().find(|name| fold(reader.names.name(*name)) == wanted);
        let position = u32::try_from(dataset.files.len()).unwrap_or(u32::MAX);
        dataset.files.push(file.shown.clone());
        let Some(name) = name else {
            let message = format!("the preset does not describe `{}`, so it is not read", file.stem());
            dataset.errors.push(about_file("file-not-read", Severity::Information, position, message));
            continue;
        };
        if let Some(other) = taken.insert(name, file.name.clone()) {
            return Err(ReadError::new(format!("two files hold the same resource: `{other}` and this one"))
                .file(&file.shown)
                .help("put their lines into one file, or remove one"));
        }
        read_file(&mut reader, file, position, name, dataset)?;
    }
    reader.report_unread(dataset);
    Ok(())
}

fn about_file(code: &'static str, severity: Severity, file: u32, message: String) -> DataError {
    DataError {
        code,
        severity,
        record: None,
        row: None,
        field: None,
        file: Some(file),
        line: None,
        column: None,
        message,
    }
}

fn read_file(
    reader: &mut Interchange<'_>,
    file: &DataFile,
    position: u32,
    name: NameId,
    dataset: &mut Dataset,
) -> Result<(), ReadError> {
    let mut lines = Lines::new(file.open()?, &file.shown)?;
    let mut rows = FileRows {
        file: position,
        ids: HashMap::new(),
        pending: Vec::new(),
        errors: Vec::new(),
        said: HashSet::new(),
    };
    let mut tree = Tree::default();
    let mut any = false;
    while let Some(line) = lines.next()? {
        let line = line.trim_ascii().to_vec();
        if line.is_empty() {
            continue;
        }
        let number = lines.number;
        let Ok(text) = std::str::from_utf8(&line) else {
            let message =
                "the line is not UTF-8 text, so that none of it can be read; save the file in UTF-8";
            reader.broken_element(name, position, number, ("not-utf-8", message.to_owned()), dataset)?;
            any = true;
            continue;
        };
        let built = build(text, name, number, reader, &mut tree);
        if !any && is_not_lines(text, built.as_ref().err(), lines.ended) {
            return Err(not_lines(&file.shown, number));
        }
        any = true;
        match built {
            Ok(()) => {
                reader.element(&mut tree, &mut rows, dataset);
            }
            Err(Fault::Early) if !lines.ended => return Err(cut_short(&file.shown, number)),
            Err(Fault::Early) => {
                let message =
                    "the line ends before its object does; write each object on one line".to_owned();
                reader.broken_element(name, position, number, ("bad-json", message), dataset)?;
            }
            Err(Fault::Wrong(what)) => {
                let message = format!("the line {what}");
                reader.broken_element(name, position, number, ("bad-json", message), dataset)?;
            }
        }
    }
    if !any {
        let message =
            "the file is empty, which says that there are no rows; if there are, export it again".to_owned();
        dataset.errors.push(about_file("empty-file", Severity::Warning, position, message));
        let records: Vec<_> = reader.by_element.get(&name).into_iter().flatten().copied().collect();
        for record in records.iter().filter_map(|record| reader.records.get(*record)) {
            let _ = dataset.supply(reader.symbols, record.id);
        }
    }
    dataset.errors.append(&mut rows.errors);
    Ok(())
}

/// Makes a tree of an object. The elements of a list stand beside each other under its name.
fn build(
    text: &str,
    name: NameId,
    line: u64,
    reader: &mut Interchange<'_>,
    tree: &mut Tree,
) -> Result<(), Fault> {
    tree.start(name, line);
    let names = &mut reader.names;
    let mut at = 0;
    let mut damaged = None;
    visit(text, "/", true, &mut |step| match step {
        Step::Enter(_, name) => at = tree.add(at, names.id(name), ""),
        Step::Leave => at = tree.node(at).map_or(0, |node| node.parent),
        Step::Leaf(path, name, leaf) => match leaf {
            Leaf::Text(text) => {
                tree.add(at, names.id(name), text);
            }
            Leaf::Flag(text) => {
                let node = tree.add(at, names.id(name), text);
                if let Some(node) = tree.nodes.get_mut(node) {
                    node.is_flag = true;
                }
            }
            Leaf::Null => {}
            Leaf::Several(_) | Leaf::Damaged => {
                damaged.get_or_insert_with(|| path.to_owned());
            }
        },
    })?;
    match damaged {
        Some(path) => Err(Fault::Wrong(format!("has half of a character in `{path}`"))),
        None => Ok(()),
    }
}
