//! What nobody uses: what each file names, once for the workspace.

#![allow(
    missing_docs,
    reason = "salsa's macros make functions that take no documentation; the fields have it"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rubric_grammar::ast::Item;
use rubric_grammar::{LexicalKind, lexical};

use super::queries::{
    Db, SourceFile, Workspace, collected, item, item_count, item_facts, parsed, present, symbols,
};
use crate::check::{self, Source, Used, Uses};
use crate::diagnostic::{Diagnostic, Severity};
use crate::plan::{AmountId, DecisionId, DefineId, InputId, ParameterId, PolicyId, RequirementId, Symbol};
use crate::value::{CategoryId, RecordId};

/// Declarations and `use` clauses of a file that nothing needs.
#[salsa::tracked(returns(clone))]
pub(super) fn unused(db: &dyn Db, workspace: Workspace, file: SourceFile) -> Arc<[Diagnostic]> {
    let collected = collected(db, workspace);
    let Some(policy) = collected.policies.get(&file.id(db)).copied() else { return Arc::default() };
    let items = items(db, file);
    // What could not be parsed may name anything: to call a `use` above it unused would be a second message for one mistake.
    let damaged = items.iter().any(|item| item.damaged);
    let declared = declared(db, workspace);
    let of_policy = |policy: PolicyId| declared.get(&policy).map_or(&[][..], Vec::as_slice);
    let source = Source { file: file.id(db), policy, items: &items, own: of_policy(policy) };
    let fixtures = |policy: PolicyId| -> Vec<String> {
        let of_policy = collected.fixtures.range((policy, String::new())..);
        of_policy.take_while(|((owner, _), _)| *owner == policy).map(|((_, name), _)| name.clone()).collect()
    };
    let mut found =
        check::unused(&symbols(db, workspace), &used(db, workspace), &source, &of_policy, &fixtures);
    if damaged {
        found.retain(|one| one.code != "unused-use");
    }
    found.into()
}

fn items(db: &dyn Db, file: SourceFile) -> Vec<Arc<Item>> {
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

/// What all files name.
#[salsa::tracked(returns(clone))]
fn used(db: &dyn Db, workspace: Workspace) -> Arc<Used> {
    let all: Vec<Arc<Uses>> = present(db, workspace).map(|file| uses(db, workspace, file)).collect();
    Arc::new(Used::of(&symbols(db, workspace), all.iter().map(AsRef::as_ref)))
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
    let mut mentions = Vec::new();
    for position in 0..item_count(db, file) {
        let facts = item_facts(db, workspace, file, position);
        broken |= facts.diagnostics.iter().any(wrong);
        mentions.extend(facts.mentions.iter().copied());
    }
    let words = if policy.is_none() || items.iter().any(|item| item.damaged) {
        words(db, file)
    } else if broken {
        check::names_of(&items)
    } else {
        BTreeSet::new()
    };
    Arc::new(Uses::of(id, &items, &mentions, words))
}

/// Every word of a text that could not be read as a whole, with its item: each may name something.
fn words(db: &dyn Db, file: SourceFile) -> BTreeSet<(String, Option<u32>)> {
    let text = file.text(db).unwrap_or_default();
    let parsed = parsed(db, file);
    let items = &parsed.parse.file.items;
    let (tokens, _) = lexical(&text);
    let mut found = BTreeSet::new();
    for token in tokens.iter().filter(|token| token.kind == LexicalKind::Word) {
        let Some(word) = text.get(token.span.start as usize..token.span.end as usize) else { continue };
        let item = items.partition_point(|it| it.span.end < token.span.end);
        let inside = items.get(item).is_some_and(|it| it.span.start <= token.span.start);
        found.insert((word.to_owned(), u32::try_from(item).ok().filter(|_| inside)));
    }
    found
}
