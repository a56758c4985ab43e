//! From texts to lowered bodies, without a database.

use std::fmt::Write as _;
use std::sync::Arc;

use rubric_grammar::ast::{Item, ItemKind};

use crate::diagnostic::{Diagnostic, FileId, Place};
use crate::lower::{self, Context, Lowered, Mention};
use crate::names::{self, Collected, Declared};
use crate::plan::{AmountBody, DecisionBody, DefineBody, GroupBody, ParameterBody, RequirementBody, Symbols};
use crate::value::Type;

pub(super) enum Body {
    Group(Arc<GroupBody>),
    Parameter(Arc<ParameterBody>),
    Define(Arc<DefineBody>),
    Decision(Arc<DecisionBody>),
    Requirement(Arc<RequirementBody>),
    Amount(Arc<AmountBody>),
}

pub(super) struct LoweredItem {
    pub(super) declared: Option<Declared>,
    pub(super) body: Option<Body>,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) mentions: Vec<Mention>,
}

pub(super) struct Workspace {
    pub(super) texts: Vec<String>,
    pub(super) files: Vec<Vec<Item>>,
    pub(super) symbols: Symbols,
    pub(super) items: Vec<LoweredItem>,
    /// Of the syntax and of signatures.
    pub(super) before: Vec<String>,
}

impl Workspace {
    pub(super) fn new(files: &[(String, String)]) -> Self {
        let mut before = Vec::new();
        let mut parsed = Vec::new();
        let mut summaries = Vec::new();
        for (number, (path, text)) in files.iter().enumerate() {
            let parse = rubric_grammar::parse(text);
            before.extend(
                parse.errors.iter().map(|error| format!("{path}: {}: {}", error.code, error.message)),
            );
            summaries.push(names::summarize(FileId(u32::try_from(number).unwrap()), path, &parse.file));
            parsed.push(parse.file.items);
        }
        let collected = names::collect(&summaries.iter().collect::<Vec<_>>());
        before.extend(collected.diagnostics.iter().map(|it| format!("{}: {}", it.code, it.message)));
        let mut symbols = collected.symbols.clone();
        type_groups(&collected, &mut symbols, &parsed);
        let mut items = Vec::new();
        for (number, file) in parsed.iter().enumerate() {
            let file_id = FileId(u32::try_from(number).unwrap());
            let Some(policy) = collected.policies.get(&file_id).copied() else { continue };
            for (position, item) in file.iter().enumerate() {
                let position = u32::try_from(position).unwrap();
                let cx = Context { symbols: &symbols, policy, file: file_id, item: position };
                items.push(lower_item(&cx, collected.declared.get(&(file_id, position)).copied(), item));
            }
        }
        let texts = files.iter().map(|(_, text)| text.clone()).collect();
        Self { texts, files: parsed, symbols, items, before }
    }

    /// One file, the shared header and vocabulary before the text.
    pub(super) fn of(text: &str) -> Self {
        let whole = format!("{}{text}", super::VOCABULARY);
        let workspace = Self::new(&[("test.rubric".to_owned(), whole)]);
        assert_eq!(workspace.before, Vec::<String>::new(), "{text}");
        workspace
    }

    /// The text at a place.
    pub(super) fn at(&self, place: Place) -> &str {
        let file = place.file.0 as usize;
        let start = place.item.map_or(0, |item| self.files[file][item as usize].span.start);
        let span = place.span.shifted(start);
        &self.texts[file][span.start as usize..span.end as usize]
    }

    /// Everything reported, as a reader would see it in short.
    pub(super) fn report(&self) -> String {
        let mut out = String::new();
        for diagnostic in self.items.iter().flat_map(|item| &item.diagnostics) {
            let at = self.at(diagnostic.place().unwrap());
            writeln!(out, "{} at `{at}`: {}", diagnostic.code, diagnostic.message).unwrap();
            for label in diagnostic.labels.iter().skip(1) {
                writeln!(out, "  see `{}`: {}", self.at(label.place), label.text).unwrap();
            }
            if let Some(help) = &diagnostic.help {
                writeln!(out, "  help: {help}").unwrap();
            }
            if let Some(fix) = &diagnostic.fix {
                let edits: Vec<String> = fix
                    .edits
                    .iter()
                    .map(|(place, text)| format!("`{}` → {text:?}", self.at(*place)))
                    .collect();
                writeln!(out, "  fix: {}", edits.join(", ")).unwrap();
            }
        }
        out
    }
}

/// The types of computed group keys, as the database finds them.
fn type_groups(collected: &Collected, symbols: &mut Symbols, files: &[Vec<Item>]) {
    for ((file, position), declared) in &collected.declared {
        let Declared::Group(id) = declared else { continue };
        let ItemKind::Group(group) = &files[file.0 as usize][*position as usize].kind else { continue };
        let cx = Context { symbols, policy: collected.policies[file], file: *file, item: *position };
        let Some(body) = lower::group(&cx, *id, group).body else { continue };
        let types: Vec<Type> = body.keys.iter().map(|key| body.code.get(*key).unwrap().ty).collect();
        for (field, ty) in symbols.records[id.0 as usize].fields.iter_mut().zip(types) {
            field.ty = Type::of(ty.base);
        }
    }
}

fn lower_item(cx: &Context<'_>, declared: Option<Declared>, item: &Item) -> LoweredItem {
    fn facts<T>(declared: Option<Declared>, lowered: Lowered<T>, body: fn(Arc<T>) -> Body) -> LoweredItem {
        let Lowered { body: found, diagnostics, mentions } = lowered;
        LoweredItem { declared, body: found.map(body), diagnostics, mentions }
    }
    match (&item.kind, declared) {
        (ItemKind::Group(group), Some(Declared::Group(id))) => {
            facts(declared, lower::group(cx, id, group), Body::Group)
        }
        (ItemKind::Parameter(parameter), Some(Declared::Parameter(id))) => {
            facts(declared, lower::parameter(cx, id, parameter), Body::Parameter)
        }
        (ItemKind::Define(define), Some(Declared::Define(id))) => {
            facts(declared, lower::define(cx, id, define), Body::Define)
        }
        (ItemKind::Decision(decision), Some(Declared::Decision(id))) => {
            facts(declared, lower::decision(cx, id, decision), Body::Decision)
        }
        (ItemKind::Policy(policy), _) => {
            LoweredItem { declared, body: None, diagnostics: lower::header(cx, policy), mentions: Vec::new() }
        }
        (ItemKind::Requirement(requirement), Some(Declared::Requirement(id))) => {
            facts(declared, lower::requirement(cx, id, requirement), Body::Requirement)
        }
        (ItemKind::Amount(amount), Some(Declared::Amount(id))) => {
            facts(declared, lower::amount(cx, id, amount), Body::Amount)
        }
        _ => LoweredItem { declared, body: None, diagnostics: Vec::new(), mentions: Vec::new() },
    }
}

/// What is reported about a text after the shared vocabulary.
pub(super) fn report(text: &str) -> String {
    Workspace::of(text).report()
}

/// The code of every body of a text after the shared vocabulary.
pub(super) fn bodies(text: &str) -> String {
    let workspace = Workspace::of(text);
    assert_eq!(workspace.report(), "", "{text}");
    let mut out = String::new();
    for body in workspace.items.iter().filter_map(|item| item.body.as_ref()) {
        super::dump::body(&workspace.symbols, body, &mut out);
    }
    out
}

/// A define of `Student` with the given type and body, its code.
pub(super) fn code(ty: &str, body: &str) -> String {
    let text = bodies(&format!("define it of Student: {ty} = {body}"));
    text.trim().strip_prefix("define: ").unwrap().to_owned()
}

/// What is reported about such a define.
pub(super) fn wrong(ty: &str, body: &str) -> String {
    report(&format!("define it of Student: {ty} = {body}"))
}

/// The type that an expression has, found by declaring it as something that it cannot be.
pub(super) fn type_of(body: &str) -> String {
    let workspace = Workspace::of(&format!("define it of Student: Plan = {body}"));
    let report = workspace.report();
    let (_, found) =
        report.split_once("expected `Plan`, found `").unwrap_or_else(|| panic!("{body}: {report}"));
    found.split('`').next().unwrap().to_owned()
}
