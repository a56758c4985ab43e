//! What nobody uses: what each file names, once for the workspace.

#![allow(
    missing_docs,
    reason = "salsa's macros make functions that take no documentation; the fields have it"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rubric_grammar::ast::Item;
use rubric_grammar::{LexicalKind, lexical};

use super::queries::{Db, SourceFile, Workspace, collected, facts, item, item_count, parsed, symbols};
use crate::check::{self, Source, Unneeded, Used, Uses};
use crate::diagnostic::{Diagnostic, Severity};
use crate::names::Collected;
use crate::plan::{AmountId, DecisionId, DefineId, InputId, ParameterId, PolicyId, RequirementId, Symbol};
use crate::value::{CategoryId, RecordId};

/// So many files are gathered at once: an edit gathers what one such part names again, and not what all files name.
const PART: usize = 24;

/// Declarations and `use` clauses of a file that nothing needs.
#[salsa::tracked(returns(clone))]
pub(super) fn unused(db: &dyn Db, workspace: Workspace, file: SourceFile) -> Arc<[Diagnostic]> {
    let collected = collected(db, workspace);
    let Some(policy) = collected.policies.get(&file.id(db)).copied() else { return Arc::default() };
    let parsed = parsed(db, file);
    let items = &parsed.parse.file.items;
    // What could not be parsed may name anything: to call a `use` above it unused would be a second message for one mistake.
    let damaged = items.iter().any(|item| item.damaged);
    let declared = declared(db, workspace);
    let own = declared.get(&policy).map_or(&[][..], Vec::as_slice);
    let source = Source { file: file.id(db), policy, items, own };
    let names = |policy: PolicyId| names(db, workspace, policy);
    let mut found = check::unused(&symbols(db, workspace), &unneeded(db, workspace, policy), &source, &names);
    if damaged {
        found.retain(|one| one.code != "unused-use");
    }
    found.into()
}

/// What a policy declares and nothing needs: the same after most edits of other files.
#[salsa::tracked(returns(clone))]
fn unneeded(db: &dyn Db, workspace: Workspace, policy: PolicyId) -> Arc<Unneeded> {
    let (symbols, declared) = (symbols(db, workspace), declared(db, workspace));
    let own = declared.get(&policy).map_or(&[][..], Vec::as_slice);
    let home = symbols.policy(policy).map(|policy| policy.place.file);
    let first = home.and_then(|home| parts(db, workspace).get(home.0 as usize).copied()).unwrap_or_default();
    let all = all_used(db, workspace);
    // Most is needed near where it is declared.
    let (before, from) = all.split_at(first.min(all.len()));
    let used = from.iter().chain(before).map(AsRef::as_ref).collect::<Vec<_>>();
    let fixtures = fixtures(&collected(db, workspace), policy);
    Arc::new(Unneeded::of(&symbols, own, &fixtures, &typed(db, workspace), &used))
}

/// The part in which each file is gathered, by [`FileId`]. Asked for every policy, so that none looks at every file.
#[salsa::tracked(returns(clone))]
fn parts(db: &dyn Db, workspace: Workspace) -> Arc<[usize]> {
    let mut parts = vec![0; workspace.by_id(db).len()];
    for (position, file) in workspace.files(db).iter().enumerate() {
        if let Some(part) = parts.get_mut(file.id(db).0 as usize) {
            *part = position / PART;
        }
    }
    parts.into()
}

/// What all files name, part by part: one thing to look at for every policy, however many files there are.
#[salsa::tracked(returns(clone))]
fn all_used(db: &dyn Db, workspace: Workspace) -> Arc<[Arc<Used>]> {
    let parts = workspace.files(db).len().div_ceil(PART);
    (0..u32::try_from(parts).unwrap_or(u32::MAX)).map(|part| used(db, workspace, part)).collect()
}

/// The names of the fixtures of a policy.
fn fixtures(collected: &Collected, policy: PolicyId) -> Vec<String> {
    let of_policy = collected.fixtures.range((policy, String::new())..);
    of_policy.take_while(|((owner, _), _)| *owner == policy).map(|((_, name), _)| name.clone()).collect()
}

/// The names by which a policy is used.
#[salsa::tracked(returns(clone))]
fn names(db: &dyn Db, workspace: Workspace, policy: PolicyId) -> Arc<BTreeSet<String>> {
    let (symbols, declared) = (symbols(db, workspace), declared(db, workspace));
    let own = declared.get(&policy).map_or(&[][..], Vec::as_slice);
    let fixtures = fixtures(&collected(db, workspace), policy);
    Arc::new(check::names_of_policy(&symbols, policy, own, &fixtures))
}

/// The categories of types and outcomes.
#[salsa::tracked(returns(clone))]
fn typed(db: &dyn Db, workspace: Workspace) -> Arc<BTreeSet<CategoryId>> {
    Arc::new(check::typed(&symbols(db, workspace)))
}

fn items(db: &dyn Db, file: SourceFile) -> Vec<Item> {
    (0..item_count(db, file)).filter_map(|position| item(db, file, position)).collect()
}

/// What each policy declares.
#[salsa::tracked(returns(clone))]
fn declared(db: &dyn Db, workspace: Workspace) -> Arc<BTreeMap<PolicyId, Vec<Symbol>>> {
    let symbols = symbols(db, workspace);
    let mut found: BTreeMap<PolicyId, Vec<Symbol>> = BTreeMap::new();
    let mut add = |policy: PolicyId, symbol: Symbol| found.entry(policy).or_default().push(symbol);
    for (id, it) in (0_u32..).zip(&symbols.categories) {
        add(it.policy, Symbol::Category(CategoryId(id)));
    }
    for (id, it) in (0_u32..).zip(&symbols.inputs) {
        add(it.policy, Symbol::Input(InputId(id)));
    }
    // A version of a parameter has no name of its own.
    for (id, it) in (0_u32..).zip(&symbols.parameters).filter(|(_, it)| it.version.is_none()) {
        add(it.policy, Symbol::Parameter(ParameterId(id)));
    }
    for (id, it) in (0_u32..).zip(&symbols.defines) {
        add(it.policy, Symbol::Define(DefineId(id)));
    }
    for (id, it) in (0_u32..).zip(&symbols.records) {
        add(it.policy, Symbol::Record(RecordId(id)));
    }
    for (id, it) in (0_u32..).zip(&symbols.decisions) {
        add(it.policy, Symbol::Decision(DecisionId(id)));
    }
    for (id, it) in (0_u32..).zip(&symbols.requirements) {
        add(it.policy, Symbol::Requirement(RequirementId(id)));
    }
    for (id, it) in (0_u32..).zip(&symbols.amounts) {
        add(it.policy, Symbol::Amount(AmountId(id)));
    }
    Arc::new(found)
}

/// What some of the files name.
#[salsa::tracked(returns(clone))]
fn used(db: &dyn Db, workspace: Workspace, part: u32) -> Arc<Used> {
    let files = workspace.files(db).chunks(PART).nth(part as usize).unwrap_or_default();
    let there = files.iter().filter(|file| file.signatures(db).is_some());
    let all: Vec<Arc<Uses>> = there.map(|file| uses(db, workspace, *file)).collect();
    Arc::new(Used::of(all.iter().map(AsRef::as_ref)))
}

/// What a file names.
#[salsa::tracked(returns(clone))]
pub(super) fn uses(db: &dyn Db, workspace: Workspace, file: SourceFile) -> Arc<Uses> {
    let items = items(db, file);
    let collected = collected(db, workspace);
    let id = file.id(db);
    // What names something in a file without a policy is not known, but that it does is.
    let policy = collected.policies.get(&id).copied();
    let wrong = |one: &Diagnostic| one.severity == Severity::Error;
    // A `use` that leads nowhere takes the meaning from what is named below it.
    let mut broken = collected
        .diagnostics
        .iter()
        .any(|one| wrong(one) && one.place().is_some_and(|place| place.file == id));
    // What a mistyped name was meant to be: to call that unused would be a second message for one mistake.
    let mut meant = BTreeSet::new();
    let facts = facts(db, workspace, file);
    for (position, facts) in (0_u32..).zip(&*facts) {
        for one in facts.diagnostics.iter().filter(|one| wrong(one)) {
            broken = true;
            meant.extend(proposed(one).map(|word| (word.to_owned(), Some(position))));
        }
    }
    let damaged = items.iter().any(|item| item.damaged);
    let mut written =
        if policy.is_none() || broken || damaged { check::names_of(&items) } else { BTreeSet::new() };
    if policy.is_none() || damaged {
        written.extend(words(db, file));
    }
    written.append(&mut meant);
    Arc::new(Uses::of(id, &items, facts.iter().flat_map(|facts| &facts.mentions), written))
}

/// The words that the fix of a mistake writes.
fn proposed(wrong: &Diagnostic) -> impl Iterator<Item = &str> {
    let texts = wrong.fix.iter().flat_map(|fix| &fix.edits).map(|(_, text)| &**text);
    texts
        .flat_map(|text| text.split(|c: char| !c.is_alphanumeric() && c != '_'))
        .filter(|word| !word.is_empty())
}

/// Every word of a text outside the items that could be read as a whole, with the item it stands in: each may name
/// something.
fn words(db: &dyn Db, file: SourceFile) -> BTreeSet<(String, Option<u32>)> {
    let text = file.text(db).unwrap_or_default();
    let parsed = parsed(db, file);
    let mut found = BTreeSet::new();
    let mut read = |start: u32, end: u32, item: Option<u32>| {
        let Some(stretch) = text.get(start as usize..end as usize) else { return };
        let (tokens, _) = lexical(stretch);
        let words = tokens.iter().filter(|token| token.kind == LexicalKind::Word);
        let words = words.filter_map(|it| stretch.get(it.span.start as usize..it.span.end as usize));
        found.extend(words.map(|word| (word.to_owned(), item)));
    };
    let mut at = 0;
    for (position, item) in parsed.parse.file.items.iter().enumerate() {
        read(at, item.span.start, None);
        if item.damaged {
            read(item.span.start, item.span.end, u32::try_from(position).ok());
        }
        at = at.max(item.span.end);
    }
    read(at, u32::try_from(text.len()).unwrap_or(u32::MAX), None);
    found
}
