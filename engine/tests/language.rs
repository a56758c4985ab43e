//! The examples of the language reference do what it says of them.
//!
//! Blocks go on from the blocks above: one that begins with `policy` begins a file, the others add to the last file, and a
//! declaration that comes again takes the place of the one above. What a block is for stands beside its language:
//!
//! | fence | what is demanded |
//! |---|---|
//! | `rubric` | no error, and its tests pass |
//! | `rubric wrong` | what is said of it is the `text` block below, word by word; nothing goes on from it |
//! | `rubric file` | as `rubric`, of a file of its own: what comes after goes on from the file before |
//!
//! A policy that declares a record of an earlier one begins a project of its own.
//!
//! Set `RUBRIC_WRITE_DOCS=1` to have the `text` blocks written, then read them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use rubric_engine::db::Database;
use rubric_engine::diagnostic::{Diagnostic, FileId, Severity};
use rubric_engine::testing;
use rubric_grammar::ast::ItemKind;

fn reference() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/language.md")
}

/// A fenced block.
#[derive(Debug)]
struct Block {
    /// What stands after the fence: `rubric wrong`.
    mark: String,
    text: String,
    /// The line after the fence, from 1.
    line: usize,
}

/// Every fenced block of a page; a fence that is not closed, or is indented, is none.
fn blocks(page: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<Block> = None;
    for (number, line) in page.lines().enumerate() {
        let fence = line.trim_start().strip_prefix("```");
        match (&mut open, fence) {
            (None, Some(mark)) => {
                let (mark, line) = (mark.trim().to_owned(), number + 2);
                open = Some(Block { mark, text: String::new(), line });
            }
            (Some(_), Some("")) => found.extend(open.take()),
            (Some(block), _) => block.text = format!("{}{line}\n", block.text),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed: {open:?}");
    found
}

/// What a declaration is called, so that it takes the place of another.
fn name(kind: &ItemKind) -> Option<String> {
    let quoted = |what: &str, name: &rubric_grammar::ast::Name| Some(format!("{what} {}", name.text));
    match kind {
        ItemKind::Category(item) => quoted("category", &item.name),
        ItemKind::Record(item) if !item.extend => quoted("record", &item.name),
        ItemKind::Group(item) => quoted("group", &item.name),
        ItemKind::Input(item) => quoted("input", &item.name),
        ItemKind::Parameter(item) if !item.amend => quoted("parameter", &item.name),
        ItemKind::Define(item) => quoted("define", &item.name),
        ItemKind::Decision(item) if !item.amend => quoted("decision", &item.name),
        ItemKind::Requirement(item) if !item.amend => quoted("requirement", &item.name),
        ItemKind::Amount(item) => quoted("amount", &item.name),
        ItemKind::Fixture(item) => quoted("fixture", &item.name),
        _ => None,
    }
}

/// The declarations of a text, each with what it is called.
fn items(text: &str) -> Vec<(Option<String>, String)> {
    let parsed = rubric_grammar::parse(text);
    let mut found = Vec::new();
    let mut at = 0;
    for item in &parsed.file.items {
        let end = item.span.end as usize;
        found.push((name(&item.kind), text.get(at..end).unwrap_or_default().to_owned()));
        at = end;
    }
    found.push((None, text.get(at..).unwrap_or_default().to_owned()));
    found
}

/// The files of the page so far.
#[derive(Default)]
struct Page {
    db: Database,
    texts: BTreeMap<String, String>,
    current: String,
    /// The projects before this one.
    past: Vec<(Database, BTreeMap<String, String>, String)>,
    /// What is wrong with the page.
    failures: Vec<String>,
}

impl Page {
    /// The path of the file that a block adds to, its text with the block, and where the block begins in it.
    fn with(&self, block: &str) -> (String, String, usize) {
        if let Some(rest) =
            block.lines().find(|line| !line.starts_with("//")).and_then(|line| line.strip_prefix("policy "))
        {
            let policy = rest.split_whitespace().next().unwrap_or_default();
            return (format!("{}.rubric", policy.replace('.', "/")), block.to_owned(), 0);
        }
        let new: Vec<String> = items(block).into_iter().filter_map(|(name, _)| name).collect();
        let above = self.texts.get(&self.current).map_or("", String::as_str);
        let kept: String = items(above)
            .into_iter()
            .filter(|(name, _)| name.as_ref().is_none_or(|name| !new.contains(name)))
            .map(|(_, text)| text)
            .collect();
        let start = kept.len() + 1;
        (self.current.clone(), format!("{kept}\n{block}"), start)
    }

    /// What is said of a text from a place on.
    fn said(&mut self, path: &str, text: &str, start: usize) -> (FileId, Vec<Diagnostic>) {
        let file = self.db.set_text(path, Some(text));
        let mut found = self.db.diagnostics(file);
        found.retain(|one| one.place().is_none_or(|place| self.db.span(place).start as usize >= start));
        // An example that shows one thing need not use it.
        found.retain(|one| one.code != "unused-definition");
        (file, found)
    }

    /// Puts the files so far aside where a policy declares a record that one of them has.
    fn turn_page(&mut self, block: &str) {
        let records = |text: &str| -> Vec<String> {
            let named = items(text).into_iter().filter_map(|(name, _)| name);
            named.filter(|name| name.starts_with("record ")).collect()
        };
        let new = records(block);
        let policy = block.lines().any(|line| line.starts_with("policy "));
        let known = self.texts.values().flat_map(|text| records(text)).any(|name| new.contains(&name));
        if policy && known {
            let set_aside = (
                std::mem::take(&mut self.db),
                std::mem::take(&mut self.texts),
                std::mem::take(&mut self.current),
            );
            self.past.push(set_aside);
        }
    }

    fn good(&mut self, block: &Block) {
        self.turn_page(&block.text);
        let (path, text, start) = self.with(&block.text);
        let (file, mut said) = self.said(&path, &text, start);
        said.retain(|one| one.severity == Severity::Error);
        if !said.is_empty() {
            self.failures.push(format!("line {}: {}", block.line, shown(&self.db, &said)));
        }
        let plan = self.db.plan();
        for test in &plan.tests {
            if test.place.file == file && self.db.span(test.place).start as usize >= start {
                let report = testing::run(&plan, test);
                for failure in report.failures {
                    let at = self.db.source(failure.place).unwrap_or_default();
                    let why = format!("{} at `{at}`: {:?}", failure.message, failure.notes);
                    self.failures.push(format!("line {}, test {:?}: {why}", block.line, report.title));
                }
            }
        }
        if block.mark == "rubric" {
            self.current.clone_from(&path);
        }
        self.texts.insert(path, text);
    }

    /// What is said of a block that is wrong.
    fn wrong(&mut self, block: &Block) -> String {
        let (path, text, start) = self.with(&block.text);
        let (_, said) = self.said(&path, &text, start);
        let found = shown(&self.db, &said);
        self.db.set_text(&path, self.texts.get(&path).map(String::as_str));
        found
    }
}

/// Diagnostics as the page shows them.
fn shown(db: &Database, said: &[Diagnostic]) -> String {
    let mut text = String::new();
    for one in said {
        let severity = if one.severity == Severity::Error { "error" } else { "warning" };
        let place = one.place().and_then(|place| db.source(place)).unwrap_or_default();
        let place = place.split_whitespace().collect::<Vec<_>>().join(" ");
        _ = writeln!(text, "{severity}[{}] at `{place}`: {}", one.code, one.message);
        if let Some(help) = &one.help {
            _ = writeln!(text, "  help: {}", help.replace('\n', "\n  "));
        }
        if let Some(fix) = &one.fix {
            _ = writeln!(text, "  fix: {}", fix.title);
        }
    }
    text
}

#[test]
fn examples_do_what_the_page_says() {
    let text = fs::read_to_string(reference()).unwrap();
    let mut rewritten = text.clone();
    let blocks = self::blocks(&text);
    let mut page = Page::default();
    let mut tests = 0;
    let mut rest = blocks.iter().peekable();
    while let Some(block) = rest.next() {
        tests += block.text.matches("\ntest \"").count() + usize::from(block.text.starts_with("test \""));
        match block.mark.as_str() {
            "rubric" | "rubric file" => page.good(block),
            "rubric wrong" => {
                let said = page.wrong(block);
                let Some(expected) = rest.next_if(|next| next.mark == "text") else {
                    panic!("line {}: below what is wrong stands what is said of it, as `text`", block.line)
                };
                if said.is_empty() {
                    page.failures.push(format!("line {}: nothing is wrong with it", block.line));
                } else if said != expected.text {
                    let (old, new) = (
                        format!("{}```\n\n```text\n{}```\n", block.text, expected.text),
                        format!("{}```\n\n```text\n{said}```\n", block.text),
                    );
                    rewritten = rewritten.replacen(&old, &new, 1);
                    page.failures.push(format!("line {}: what is said of it is\n{said}", block.line));
                }
            }
            // A block that nobody looks at could say anything.
            other => panic!("line {}: a block of `{other}` is checked by nothing", block.line),
        }
    }
    if std::env::var_os("RUBRIC_WRITE_DOCS").is_some() && rewritten != text {
        fs::write(reference(), rewritten).unwrap();
    }
    let last =
        (std::mem::take(&mut page.db), std::mem::take(&mut page.texts), std::mem::take(&mut page.current));
    page.past.push(last);
    let mut past = std::mem::take(&mut page.past);
    for (db, ..) in &past {
        for file in db.files() {
            let mut said = db.diagnostics(file);
            said.retain(|one| one.severity == Severity::Error);
            let said = shown(db, &said);
            if !said.is_empty() {
                page.failures.push(format!("{}, in the end: {said}", db.path(file)));
            }
        }
    }
    // The first page that anybody reads shows a decision of the same vocabulary.
    (page.db, page.texts, _) = past.swap_remove(0);
    page.current = "mesa/schools.rubric".to_owned();
    let readme = fs::read_to_string(reference().with_file_name("../README.md")).unwrap();
    let shown_there: Vec<Block> =
        self::blocks(&readme).into_iter().filter(|block| block.mark == "rubric").collect();
    assert!(!shown_there.is_empty());
    shown_there.iter().for_each(|block| page.good(block));
    assert!(page.failures.is_empty(), "{}", page.failures.join("\n"));
    assert!(blocks.len() > 40, "{} blocks", blocks.len());
    assert!(tests > 25, "{tests} tests");
}

/// The words of the page are those of the grammar.
#[test]
fn the_reserved_words_are_listed() {
    let text = fs::read_to_string(reference()).unwrap();
    let (_, section) = text.split_once("\n## Words\n").unwrap();
    let list = section.split("\n\n").nth(1).unwrap();
    let mut listed: Vec<&str> = list.split('`').skip(1).step_by(2).collect();
    listed.sort_unstable();
    let mut reserved = rubric_grammar::RESERVED.to_vec();
    reserved.sort_unstable();
    assert_eq!(listed, reserved);
}

/// Every section of the page is reached by a link, and no link leads nowhere.
#[test]
fn links_lead_to_sections() {
    let text = fs::read_to_string(reference()).unwrap();
    let anchor = |heading: &str| {
        let kept = heading.to_lowercase().replace(' ', "-");
        kept.chars().filter(|one| one.is_alphanumeric() || *one == '-').collect::<String>()
    };
    let headings: Vec<String> = text
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| anchor(line.trim_start_matches(['#', ' '])))
        .collect();
    let links: Vec<&str> = text.split("](#").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(links.len() > 15, "{links:?}");
    for link in links {
        assert!(headings.iter().any(|heading| heading == link), "no section `{link}` in {headings:?}");
    }
    let folder = reference().parent().unwrap().to_path_buf();
    for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(link.starts_with('#') || folder.join(link).exists(), "no file `{link}`");
    }
}
