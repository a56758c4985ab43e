//! The queries between a text and its plan.

#![allow(
    missing_docs,
    reason = "salsa's macros make functions that take no documentation; the fields have it"
)]

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use rubric_grammar::ast::{Item, ItemKind};
use rubric_grammar::{Known, LineIndex, Parse, SyntaxError};

use super::layers;
use super::part::{found_in_part, part, plan_diagnostics_of, proofs};
use super::uses::unused;
use crate::check;
use crate::diagnostic::{Applicability, Diagnostic, FileId, Label, Place, Severity};
use crate::ide::{self, Occurrence};
use crate::lower::{self, Context, Lowered, Mention};
use crate::names::{self, Collected, Declared, FileSummary};
use crate::plan::{
    AmountAmendment, AmountBody, AssertBody, Code, DecisionAmendment, DecisionBody, DefineBody, GroupBody,
    ParameterAmendment, ParameterBody, Plan, PolicyId, RequirementAmendment, RequirementBody, Symbols,
    TestBody, WaiverBody,
};
use crate::testing::TestReport;
use crate::value::Type;

/// What queries need of a database: nothing but salsa's own.
#[salsa::db]
pub trait Db: salsa::Database {
    /// What the last reading of each file came to.
    fn readings(&self) -> &Readings;

    /// Set while the owner writes, or waits for readers so that it can: what takes long without a query is given up then.
    fn writing(&self) -> &Arc<AtomicBool>;
}

/// The declarations of files as they were read last, by [`FileId`], and their signatures, so that an edit reads again what it
/// changes. What is read does not depend on it.
#[derive(Debug, Default)]
pub struct Readings {
    known: Mutex<HashMap<FileId, Known>>,
    signed: Mutex<HashMap<FileId, Signed>>,
}

/// A reading and its signatures.
type Signed = (Arc<Parsed>, Arc<FileSummary>);

/// None the first time: most files are read once and never edited.
fn take<T>(of_files: &Mutex<HashMap<FileId, T>>, file: FileId) -> Option<T> {
    of_files.lock().unwrap_or_else(PoisonError::into_inner).remove(&file)
}

fn keep<T>(of_files: &Mutex<HashMap<FileId, T>>, file: FileId, last: T) {
    of_files.lock().unwrap_or_else(PoisonError::into_inner).insert(file, last);
}

/// A path that somebody asked for, whether or not a file is there.
#[salsa::input]
pub struct SourceFile {
    /// Its number.
    #[returns(copy)]
    pub id: FileId,
    /// Its path, relative to the project, with `/`.
    #[returns(deref)]
    pub path: Arc<str>,
    /// Its text; `None` when there is no such file (any more).
    #[returns(clone)]
    pub text: Option<Arc<str>>,
    /// Its bytes, when they are not UTF-8; `text` is then what can be read of them.
    #[returns(clone)]
    pub bytes: Option<Arc<[u8]>>,
    /// Its signatures; `None` when there is no such file. Whoever sets the text sets them too, so that what is computed
    /// from them does not hang on the text, which changes with each key.
    #[returns(clone)]
    pub signatures: Option<Arc<FileSummary>>,
}

/// The files of a project.
#[salsa::input]
pub struct Workspace {
    /// Sorted by path.
    #[returns(deref)]
    pub files: Vec<SourceFile>,
    /// By [`FileId`].
    #[returns(deref)]
    pub by_id: Vec<SourceFile>,
}

/// A parsed text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// The tree and what was wrong.
    pub parse: Parse,
    /// Where lines begin.
    pub lines: LineIndex,
}

/// Parses a file; never fails.
#[salsa::tracked(returns(clone))]
pub(super) fn parsed(db: &dyn Db, file: SourceFile) -> Arc<Parsed> {
    let text = file.text(db).unwrap_or_default();
    let lines = LineIndex::new(&text);
    if let Some(bytes) = file.bytes(db) {
        return Arc::new(Parsed { parse: rubric_grammar::parse_bytes(&bytes), lines });
    }
    let (readings, id) = (db.readings(), file.id(db));
    let mut known = take(&readings.known, id);
    let parse = match known.as_mut() {
        Some(known) => rubric_grammar::parse_again(&text, known),
        None => rubric_grammar::parse(&text),
    };
    keep(&readings.known, id, known.unwrap_or_default());
    Arc::new(Parsed { parse, lines })
}

/// The signatures of a file, which do not change while the inside of a rule is typed.
#[salsa::tracked(returns(clone))]
pub(super) fn summary(db: &dyn Db, file: SourceFile) -> Arc<FileSummary> {
    let (parsed, id, path) = (parsed(db, file), file.id(db), file.path(db));
    let signed = &db.readings().signed;
    let tree = &parsed.parse.file;
    let summary = match take(signed, id) {
        Some((before, last)) => names::summarize_again(id, path, tree, &before.parse.file.items, &last.items),
        None => names::summarize(id, path, tree),
    };
    let summary = Arc::new(summary);
    keep(signed, id, (Arc::clone(&parsed), Arc::clone(&summary)));
    summary
}

/// One item, freed of where it stands, so that text above it does not change it.
#[salsa::tracked(returns(clone))]
pub(super) fn item(db: &dyn Db, file: SourceFile, position: u32) -> Option<Item> {
    let item = parsed(db, file).parse.file.items.get(position as usize)?.at(rubric_grammar::Span::default());
    Some(item)
}

/// The declarations of all files.
#[salsa::tracked(returns(clone))]
pub(super) fn collected(db: &dyn Db, workspace: Workspace) -> Arc<Collected> {
    let summaries: Vec<Arc<FileSummary>> =
        workspace.files(db).iter().filter_map(|file| file.signatures(db)).collect();
    let mut collected = names::collect(&summaries.iter().map(AsRef::as_ref).collect::<Vec<_>>());
    collected.diagnostics.sort_by_key(Diagnostic::place);
    Arc::new(collected)
}

/// The files that are there.
pub(super) fn present(db: &dyn Db, workspace: Workspace) -> impl Iterator<Item = SourceFile> {
    workspace.files(db).iter().copied().filter(move |file| file.signatures(db).is_some())
}

/// The file of a number, when it is there.
pub(super) fn file_of(db: &dyn Db, workspace: Workspace, file: FileId) -> Option<SourceFile> {
    let file = workspace.by_id(db).get(file.0 as usize).copied()?;
    file.signatures(db).is_some().then_some(file)
}

/// What is declared, with the types of computed group keys.
#[salsa::tracked(returns(clone))]
pub(super) fn symbols(db: &dyn Db, workspace: Workspace) -> Arc<Symbols> {
    let collected = collected(db, workspace);
    let mut symbols = collected.symbols.clone();
    for file in present(db, workspace) {
        let signatures = file.signatures(db).unwrap_or_else(|| summary(db, file));
        for ((_, position), declared) in declared_in(&collected, file.id(db)) {
            let (Declared::Group(id), Some(item)) = (*declared, signatures.items.get(*position as usize))
            else {
                continue;
            };
            let ItemKind::Group(group) = &item.kind else { continue };
            let Some(cx) = context(&collected, &symbols, file.id(db), *position) else { continue };
            let types: Vec<Option<Type>> = lower::group(&cx, id, group)
                .body
                .map(|body| body.keys.iter().map(|key| body.code.get(*key).map(|expr| expr.ty)).collect())
                .unwrap_or_default();
            let fields = symbols.records.get_mut(id.0 as usize).map(|record| record.fields.iter_mut());
            for (field, ty) in fields.into_iter().flatten().zip(types) {
                if let Some(ty) = ty {
                    field.ty = Type::of(ty.base);
                }
            }
        }
    }
    Arc::new(symbols)
}

fn declared_in(collected: &Collected, file: FileId) -> impl Iterator<Item = (&(FileId, u32), &Declared)> {
    collected.declared.range((file, 0)..=(file, u32::MAX))
}

fn context<'a>(collected: &Collected, symbols: &'a Symbols, file: FileId, item: u32) -> Option<Context<'a>> {
    let policy = collected.policies.get(&file).copied()?;
    Some(Context { symbols, policy, file, item })
}

/// The body of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is documented on the body it holds")]
pub(crate) enum Body {
    Group(Arc<GroupBody>),
    Parameter(Arc<ParameterBody>),
    Define(Arc<DefineBody>),
    Decision(Arc<DecisionBody>),
    Requirement(Arc<RequirementBody>),
    Amount(Arc<AmountBody>),
    ParameterAmendment(Arc<ParameterAmendment>),
    DecisionAmendment(Arc<DecisionAmendment>),
    RequirementAmendment(Arc<RequirementAmendment>),
    AmountAmendment(Arc<AmountAmendment>),
    Assert(Arc<AssertBody>),
    Waiver(Arc<WaiverBody>),
    Test(Arc<TestBody>),
}

impl Body {
    /// Its expressions; a parameter has none.
    pub(crate) fn code(&self) -> Option<&Code> {
        match self {
            Self::Group(body) => Some(&body.code),
            Self::Parameter(_) | Self::ParameterAmendment(_) | Self::Assert(_) | Self::Waiver(_) => None,
            Self::Define(body) => Some(&body.code),
            Self::Decision(body) => Some(&body.code),
            Self::Requirement(body) => Some(&body.code),
            Self::Amount(body) => Some(&body.code),
            Self::DecisionAmendment(body) => Some(&body.code),
            Self::RequirementAmendment(body) => Some(&body.code),
            Self::AmountAmendment(body) => Some(&body.code),
            Self::Test(body) => Some(&body.code),
        }
    }
}

/// What lowering and checking one item gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ItemFacts {
    /// Its body, when it has one that means something.
    pub body: Option<Body>,
    /// What is wrong with it.
    pub diagnostics: Vec<Diagnostic>,
    /// What its names stand for.
    pub mentions: Vec<Mention>,
}

impl ItemFacts {
    fn new<T>(lowered: Lowered<T>, body: impl FnOnce(Arc<T>) -> Body) -> Self {
        Self { body: lowered.body.map(body), diagnostics: lowered.diagnostics, mentions: lowered.mentions }
    }
}

/// Lowers and checks one item. It reads the item, the symbols and, for a test, the fixtures it is from.
#[salsa::tracked(returns(clone))]
pub(super) fn item_facts(
    db: &dyn Db,
    workspace: Workspace,
    file: SourceFile,
    position: u32,
) -> Arc<ItemFacts> {
    let (symbols, collected) = (symbols(db, workspace), collected(db, workspace));
    let Some(item) = item(db, file, position) else { return Arc::default() };
    let Some(cx) = context(&collected, &symbols, file.id(db), position) else { return Arc::default() };
    let declared = collected.declared.get(&(file.id(db), position)).copied();
    let mut facts = match (&item.kind, declared) {
        (ItemKind::Group(group), Some(Declared::Group(id))) => {
            ItemFacts::new(lower::group(&cx, id, group), Body::Group)
        }
        (ItemKind::Parameter(parameter), Some(Declared::Parameter(id))) => {
            ItemFacts::new(lower::parameter(&cx, id, parameter), Body::Parameter)
        }
        (ItemKind::Define(define), Some(Declared::Define(id))) => {
            ItemFacts::new(lower::define(&cx, id, define), Body::Define)
        }
        (ItemKind::Decision(decision), Some(Declared::Decision(id))) => {
            ItemFacts::new(lower::decision(&cx, id, decision), Body::Decision)
        }
        (ItemKind::Requirement(requirement), Some(Declared::Requirement(id))) => {
            ItemFacts::new(lower::requirement(&cx, id, requirement), Body::Requirement)
        }
        (ItemKind::Amount(amount), Some(Declared::Amount(id))) => {
            ItemFacts::new(lower::amount(&cx, id, amount), Body::Amount)
        }
        (
            ItemKind::Parameter(_) | ItemKind::Decision(_) | ItemKind::Requirement(_) | ItemKind::Amount(_),
            None,
        ) => amendment_facts(db, workspace, &cx, &item),
        (ItemKind::Assert(assert), _) => ItemFacts::new(lower::assertion(&cx, assert), Body::Assert),
        (ItemKind::Waiver(waiver), _) => ItemFacts::new(lower::waiver(&cx, waiver), Body::Waiver),
        (ItemKind::Test(test), _) => {
            let fixtures = fixtures(db, workspace, &collected, cx.policy);
            ItemFacts::new(lower::test::test(&cx, test, &fixtures), Body::Test)
        }
        (ItemKind::Fixture(fixture), _) => {
            let fixtures = fixtures(db, workspace, &collected, cx.policy);
            let lowered = lower::test::fixture(&cx, fixture, &fixtures);
            ItemFacts { body: None, diagnostics: lowered.diagnostics, mentions: lowered.mentions }
        }
        (ItemKind::Policy(policy), _) => {
            ItemFacts { diagnostics: lower::header(&cx, policy), ..ItemFacts::default() }
        }
        _ => ItemFacts::default(),
    };
    if item.damaged {
        // What was lost could have said the opposite.
        facts.body = None;
    }
    facts.diagnostics.extend(check::item(&cx, &item));
    if let Some(body) = &facts.body {
        facts.diagnostics.extend(body.code().map(check::code).unwrap_or_default());
        if let (Body::Parameter(body), Some(Declared::Parameter(id))) = (body, declared) {
            facts.diagnostics.extend(check::parameter(&symbols, id, body));
        }
    }
    Arc::new(facts)
}

/// Lowers an amendment. It reads what it amends too, and what policies between amend of that.
fn amendment_facts(db: &dyn Db, workspace: Workspace, cx: &Context<'_>, item: &Item) -> ItemFacts {
    let (symbols, collected) = (symbols(db, workspace), collected(db, workspace));
    let position = collected.amendments.get(&(cx.file, cx.item)).copied();
    let Some(amendment) = position.and_then(|at| symbols.amendments.get(at as usize)) else {
        return ItemFacts::default();
    };
    let at = |place: Place| {
        let file = present(db, workspace).find(|source| source.id(db) == place.file)?;
        Some((file, place.item?))
    };
    let body = |place: Place| {
        let (file, position) = at(place)?;
        item_facts(db, workspace, file, position).body.clone()
    };
    let Some(declared) = symbols.place(amendment.target) else { return ItemFacts::default() };
    let above: Vec<Body> = symbols
        .amended_above(amendment.target, amendment.policy)
        .into_iter()
        .filter_map(|above| body(above.place))
        .collect();
    match (&item.kind, body(declared)) {
        (ItemKind::Parameter(written), parent) => {
            let parent = parent.and_then(|parent| match parent {
                Body::Parameter(body) => Some(layers::parameter_above(&body, &above)),
                _ => None,
            });
            let lowered = lower::amend::parameter(cx, amendment, written, parent.as_deref());
            ItemFacts::new(lowered, Body::ParameterAmendment)
        }
        (ItemKind::Decision(written), parent) => {
            let parent = parent.and_then(|parent| match parent {
                Body::Decision(body) => Some(layers::decision(&body, &above, &symbols)),
                _ => None,
            });
            let lowered = lower::amend::decision(cx, amendment, written, parent.as_deref());
            ItemFacts::new(lowered, Body::DecisionAmendment)
        }
        (ItemKind::Requirement(written), parent) => {
            let parent = parent.and_then(|parent| match parent {
                Body::Requirement(body) => Some(layers::requirement(&body, &above, &symbols)),
                _ => None,
            });
            let original = at(declared).and_then(|(file, position)| self::item(db, file, position));
            let each = original.as_ref().and_then(|original| match &original.kind {
                ItemKind::Requirement(original) => original.for_each.as_ref(),
                _ => None,
            });
            let lowered = lower::amend::requirement(cx, amendment, written, parent.as_deref(), each);
            ItemFacts::new(lowered, Body::RequirementAmendment)
        }
        (ItemKind::Amount(written), parent) => {
            let parent = parent.and_then(|parent| match parent {
                Body::Amount(body) => Some(layers::amount(&body, &above)),
                _ => None,
            });
            let lowered = lower::amend::amount(cx, amendment, written, parent.as_deref());
            ItemFacts::new(lowered, Body::AmountAmendment)
        }
        _ => ItemFacts::default(),
    }
}

/// The fixtures that a test of a policy can be from: its own, then those of the policies it uses.
fn fixtures(
    db: &dyn Db,
    workspace: Workspace,
    collected: &Collected,
    policy: PolicyId,
) -> lower::test::Fixtures {
    let used = collected.uses.get(&policy).into_iter().flatten().map(|(used, _)| *used);
    let mut found = BTreeMap::new();
    for policy in std::iter::once(policy).chain(used) {
        for ((owner, name), (file, position)) in collected.fixtures.range((policy, String::new())..) {
            if *owner != policy {
                break;
            }
            let source = file_of(db, workspace, *file);
            let Some(item) = source.and_then(|source| item(db, source, *position)) else { continue };
            found.entry(name.clone()).or_insert((item, *file, *position));
        }
    }
    lower::test::Fixtures::new(found)
}

/// Everything the evaluators need; bodies with errors are left out of it.
#[salsa::tracked(returns(clone))]
pub(super) fn plan(db: &dyn Db, workspace: Workspace) -> Arc<Plan> {
    let collected = collected(db, workspace);
    let mut plan = Plan { symbols: symbols(db, workspace), ..Plan::default() };
    for file in present(db, workspace) {
        for (position, body) in bodies(db, workspace, file).iter() {
            let declared = collected.declared.get(&(file.id(db), *position)).copied();
            put(&mut plan, declared, body.clone());
        }
    }
    let amendments: Vec<Option<Body>> = plan
        .symbols
        .amendments
        .iter()
        .map(|amendment| {
            let file = present(db, workspace).find(|source| source.id(db) == amendment.place.file)?;
            item_facts(db, workspace, file, amendment.place.item?).body.clone()
        })
        .collect();
    layers::join(&mut plan, &amendments);
    Arc::new(plan)
}

/// Puts a body where it belongs.
pub(super) fn put(plan: &mut Plan, declared: Option<Declared>, body: Body) {
    match (body, declared) {
        (Body::Group(body), Some(Declared::Group(id))) => drop(plan.groups.insert(id.0, body)),
        (Body::Parameter(body), Some(Declared::Parameter(id))) => drop(plan.parameters.insert(id.0, body)),
        (Body::Define(body), Some(Declared::Define(id))) => drop(plan.defines.insert(id.0, body)),
        (Body::Decision(body), Some(Declared::Decision(id))) => drop(plan.decisions.insert(id.0, body)),
        (Body::Requirement(body), Some(Declared::Requirement(id))) => {
            drop(plan.requirements.insert(id.0, body));
        }
        (Body::Amount(body), Some(Declared::Amount(id))) => drop(plan.amounts.insert(id.0, body)),
        (Body::Assert(body), _) => plan.asserts.push(body),
        (Body::Waiver(body), _) => plan.waivers.push(body),
        (Body::Test(body), _) => plan.tests.push(body),
        _ => {}
    }
}

/// What lowering and checking the items of a file gives, so that whoever needs all of it looks at one thing.
#[salsa::tracked(returns(clone))]
pub(super) fn facts(db: &dyn Db, workspace: Workspace, file: SourceFile) -> Arc<[Arc<ItemFacts>]> {
    (0..item_count(db, file)).map(|position| item_facts(db, workspace, file, position)).collect()
}

/// The bodies of a file, with the positions of their items.
#[salsa::tracked(returns(clone))]
pub(super) fn bodies(db: &dyn Db, workspace: Workspace, file: SourceFile) -> Arc<[(u32, Body)]> {
    let facts = facts(db, workspace, file);
    (0_u32..).zip(&*facts).filter_map(|(position, facts)| Some((position, facts.body.clone()?))).collect()
}

/// How many items a file has.
#[salsa::tracked(returns(copy))]
pub(super) fn item_count(db: &dyn Db, file: SourceFile) -> u32 {
    u32::try_from(parsed(db, file).parse.file.items.len()).unwrap_or(u32::MAX)
}

/// What comes of the tests of a file, in the order of its text. Tests with errors are not among them.
#[salsa::tracked(returns(clone))]
pub(super) fn test_reports(db: &dyn Db, workspace: Workspace, file: SourceFile) -> Arc<[TestReport]> {
    let plan = part(db, workspace, file);
    let id = file.id(db);
    let mut reports = Vec::new();
    for test in plan.tests.iter().filter(|test| test.place.file == id) {
        // A test may take long, and nobody waits for the others when the text has changed.
        db.unwind_if_revision_cancelled();
        reports.push(crate::testing::run(&plan, test));
    }
    reports.into()
}

/// Every name of a file and what it stands for.
#[salsa::tracked(returns(clone))]
pub(super) fn occurrences(db: &dyn Db, workspace: Workspace, file: SourceFile) -> Arc<[Occurrence]> {
    let parsed = parsed(db, file);
    let items = (0_u32..).zip(&parsed.parse.file.items);
    let of_item = |(position, item): (u32, &Item)| {
        let names = item_occurrences(db, workspace, file, position);
        names.iter().map(|name| name.in_file(item.span.start)).collect::<Vec<_>>()
    };
    items.flat_map(of_item).collect()
}

/// The names of one item, their spans relative to it: to say what stands at a place, no other item is looked at.
#[salsa::tracked(returns(clone))]
pub(super) fn item_occurrences(
    db: &dyn Db,
    workspace: Workspace,
    file: SourceFile,
    position: u32,
) -> Arc<[Occurrence]> {
    let Some(written) = item(db, file, position) else { return Arc::default() };
    let (symbols, collected) = (symbols(db, workspace), collected(db, workspace));
    let find = |wanted: FileId, position| item(db, file_of(db, workspace, wanted)?, position);
    let source = ide::Source { symbols: &symbols, collected: &collected, file: file.id(db), item: &find };
    let facts = item_facts(db, workspace, file, position);
    ide::collect(&source, position, &written, &facts.mentions).into()
}

/// What is wrong with one file by itself: what is written in it, and what its names and types come to.
#[salsa::tracked(returns(clone))]
pub(super) fn by_itself(db: &dyn Db, workspace: Workspace, file: SourceFile) -> Arc<[Diagnostic]> {
    let id = file.id(db);
    let parsed = parsed(db, file);
    let mut found: Vec<Diagnostic> = parsed.parse.errors.iter().map(|error| from_syntax(id, error)).collect();
    let here = |diagnostic: &&Diagnostic| diagnostic.place().is_some_and(|place| place.file == id);
    found.extend(collected(db, workspace).diagnostics.iter().filter(here).cloned());
    let facts = facts(db, workspace, file);
    found.extend(facts.iter().flat_map(|facts| &facts.diagnostics).cloned());
    found.into()
}

/// What is wrong with one file before anything is proved about it.
fn before_proofs(db: &dyn Db, workspace: Workspace, file: SourceFile) -> Vec<Diagnostic> {
    let mut found = by_itself(db, workspace, file).to_vec();
    found.extend(plan_diagnostics_of(db, workspace, file).iter().cloned());
    found.extend(unused(db, workspace, file).iter().cloned());
    found
}

/// What is wrong with one file as far as that can be told without looking at every other: what nobody uses, and what only
/// all files together show, is not among it.
pub(super) fn early(db: &dyn Db, workspace: Workspace, file: SourceFile) -> Vec<Diagnostic> {
    let id = file.id(db);
    let mut found = by_itself(db, workspace, file).to_vec();
    let part = found_in_part(db, workspace, file);
    found.extend(part.iter().filter(|one| one.place().is_some_and(|place| place.file == id)).cloned());
    let mut found = whole(db, workspace, file, found);
    // Whether what is allowed is there is only known with the rest.
    found.retain(|one| one.code != "bad-allow");
    found
}

/// The errors of one file, apart from what proofs find.
pub(super) fn errors(db: &dyn Db, workspace: Workspace, file: SourceFile) -> Vec<Diagnostic> {
    let found = before_proofs(db, workspace, file);
    let mut settled = check::settle(file.id(db), &parsed(db, file).parse.file, found);
    settled.retain(|diagnostic| diagnostic.severity == Severity::Error);
    settled
}

/// Everything that is wrong with one file, in the order of its text.
#[salsa::tracked(returns(clone))]
pub(super) fn diagnostics(db: &dyn Db, workspace: Workspace, file: SourceFile) -> Arc<[Diagnostic]> {
    whole(db, workspace, file, before_proofs(db, workspace, file)).into()
}

/// What is wrong with a file, with what is proved about it, in the order of its text.
fn whole(db: &dyn Db, workspace: Workspace, file: SourceFile, mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let parsed = parsed(db, file);
    // Of what is wrong already proofs would say the same again, or nothing.
    if !found.iter().any(|one| one.severity == Severity::Error) {
        found.extend(proofs(db, workspace, file).iter().cloned());
    }
    let mut found = check::settle(file.id(db), &parsed.parse.file, found);
    let start = |diagnostic: &Diagnostic| diagnostic.place().map(|place| absolute(&parsed.parse, place));
    found.sort_by(|a, b| {
        start(a).cmp(&start(b)).then_with(|| a.code.cmp(b.code)).then_with(|| a.message.cmp(&b.message))
    });
    found.dedup();
    found
}

/// A span in the file.
pub(super) fn absolute(parse: &Parse, place: Place) -> rubric_grammar::Span {
    let start =
        place.item.and_then(|item| parse.file.items.get(item as usize)).map_or(0, |item| item.span.start);
    place.span.shifted(start)
}

fn from_syntax(file: FileId, error: &SyntaxError) -> Diagnostic {
    let place = |span| Place { file, item: None, span };
    let mut labels = vec![Label { place: place(error.span), text: String::new() }];
    labels.extend(error.related.iter().map(|(span, text)| Label { place: place(*span), text: text.clone() }));
    let diagnostic = Diagnostic {
        code: error.code,
        severity: Severity::Error,
        message: error.message.clone(),
        labels,
        help: error.help.clone(),
        fix: None,
        choices: Vec::new(),
    };
    match &error.fix {
        Some(fix) => {
            let edits = fix.edits.iter().map(|(span, text)| (place(*span), text.clone())).collect();
            diagnostic.fix(fix.title.clone(), Applicability::Always, edits)
        }
        None => diagnostic,
    }
}
