//! # nothing uses this
//!
//! Severity: warning
//!
//! A definition, parameter, category, input or fixture that no rule, no other declaration and no test names has no effect. It was
//! forgotten, or the rule that should read it reads something else.
//!
//! A policy without decisions, requirements, amounts and tests is a vocabulary for others, and what it declares is not
//! reported.
//!
//! Wrong:
//!
//! ```rubric
//! define on_track of Student: flag = credits >= 5
//! decision promotion of Student {
//!   outcomes promoted, retained
//!   cite "§ 3"
//!   default retained
//!   rule enough: promoted when credits >= 5
//! }
//! ```
//!
//! Right:
//!
//! ```rubric
//! define on_track of Student: flag = credits >= 5
//! decision promotion of Student {
//!   outcomes promoted, retained
//!   cite "§ 3"
//!   default retained
//!   rule enough: promoted when on_track
//! }
//! ```
//!
//! For something kept for its value in the results, write `allow(unused-definition) "why"` before it.

use std::collections::BTreeSet;
use std::sync::Arc;

use rubric_grammar::ast::{Item, ItemKind};

use super::walk;
use crate::diagnostic::{Diagnostic, FileId, Place};
use crate::lower::{Mention, Target};
use crate::plan::{DefineId, InputId, ParameterId, Plan, PolicyId, Symbol, Symbols};
use crate::value::{Base, CategoryId, Type};

/// One file of the workspace, as the checks of what is used need it.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The file.
    pub file: FileId,
    /// Its policy.
    pub policy: PolicyId,
    /// Its items, in order; where they stand in the file does not matter here.
    pub items: &'a [Arc<Item>],
    /// What its names stand for: the mentions of lowering, of all its items.
    pub mentions: &'a [Mention],
    /// Some declaration in it has errors, so that mentions may be lacking: then a name that is merely written counts.
    pub broken: bool,
}

pub(super) fn check(plan: &Plan, sources: &[Source<'_>], found: &mut Vec<Diagnostic>) {
    let symbols = &*plan.symbols;
    let used = Used::of(symbols, sources);
    let speaks = |policy: PolicyId| {
        let source = sources.iter().find(|source| source.policy == policy);
        source.is_some_and(|source| source.items.iter().any(|item| has_effect(&item.kind)))
    };
    let mut report = |what: &str, name: &str, place: Place| {
        found.push(
            Diagnostic::warning("unused-definition", place, format!("nothing uses {what} `{name}`"))
                .help("remove it, or name it where it was meant"),
        );
    };
    let id = |position: usize| u32::try_from(position).unwrap_or(u32::MAX);
    for (position, symbol) in symbols.categories.iter().enumerate() {
        let target = Symbol::Category(CategoryId(id(position)));
        if speaks(symbol.policy) && !used.has(target, &symbol.name, symbol.place) {
            report("category", &symbol.name, symbol.place);
        }
    }
    for (position, symbol) in symbols.inputs.iter().enumerate() {
        if speaks(symbol.policy)
            && !used.has(Symbol::Input(InputId(id(position))), &symbol.name, symbol.place)
        {
            report("input", &symbol.name, symbol.place);
        }
    }
    for (position, symbol) in symbols.parameters.iter().enumerate() {
        let target = Symbol::Parameter(ParameterId(id(position)));
        if symbol.version.is_none()
            && speaks(symbol.policy)
            && !used.has(target, &symbol.name, symbol.place)
        {
            report("parameter", &symbol.name, symbol.place);
        }
    }
    for (position, symbol) in symbols.defines.iter().enumerate() {
        let target = Symbol::Define(DefineId(id(position)));
        if speaks(symbol.policy) && !used.has(target, &symbol.name, symbol.place) {
            report("definition", &symbol.name, symbol.place);
        }
    }
    fixtures(sources, &mut report);
}

fn has_effect(kind: &ItemKind) -> bool {
    matches!(kind, ItemKind::Decision(_) | ItemKind::Requirement(_) | ItemKind::Amount(_) | ItemKind::Test(_))
}

fn fixtures(sources: &[Source<'_>], report: &mut impl FnMut(&str, &str, Place)) {
    let items = || sources.iter().flat_map(|source| source.items);
    let from: BTreeSet<&str> = items()
        .filter_map(|item| match &item.kind {
            ItemKind::Fixture(fixture) => fixture.from.as_ref(),
            ItemKind::Test(test) => test.from.as_ref(),
            _ => None,
        })
        .map(|name| name.text.as_str())
        .collect();
    for source in sources.iter().filter(|source| source.items.iter().any(|item| has_effect(&item.kind))) {
        for (position, item) in source.items.iter().enumerate() {
            let ItemKind::Fixture(fixture) = &item.kind else { continue };
            if !from.contains(fixture.name.text.as_str()) {
                let place =
                    Place { file: source.file, item: u32::try_from(position).ok(), span: fixture.name.span };
                report("fixture", &fixture.name.text, place);
            }
        }
    }
}

/// What is named somewhere.
struct Used<'a> {
    /// With the declaration in which it is named.
    mentioned: BTreeSet<(Symbol, FileId, Option<u32>)>,
    /// Categories of types and outcomes.
    categories: BTreeSet<CategoryId>,
    /// Names written in files with errors, with the declaration in which they stand.
    written: BTreeSet<(&'a str, FileId, Option<u32>)>,
}

impl<'a> Used<'a> {
    fn of(symbols: &Symbols, sources: &[Source<'a>]) -> Self {
        let mut used =
            Self { mentioned: BTreeSet::new(), categories: BTreeSet::new(), written: BTreeSet::new() };
        for mention in sources.iter().flat_map(|source| source.mentions) {
            let symbol = match mention.target {
                Target::Symbol(symbol) => symbol,
                Target::Value(category, _) => Symbol::Category(category),
                Target::Field(..) => continue,
            };
            used.mentioned.insert((symbol, mention.place.file, mention.place.item));
        }
        for source in sources.iter().filter(|source| source.broken) {
            for (position, item) in source.items.iter().enumerate() {
                let position = u32::try_from(position).ok();
                walk::names(item, &mut |name| {
                    used.written.insert((&name.text, source.file, position));
                });
            }
        }
        let mut see = |ty: Type| {
            if let Base::Category(category) | Base::Set(category) = ty.base {
                used.categories.insert(category);
            }
        };
        symbols.records.iter().flat_map(|record| &record.fields).for_each(|field| see(field.ty));
        symbols.inputs.iter().for_each(|input| see(input.ty));
        for parameter in &symbols.parameters {
            parameter.by.iter().copied().for_each(&mut see);
            see(parameter.ty);
        }
        for define in &symbols.defines {
            define.params.iter().for_each(|(_, ty)| see(*ty));
            see(define.ty);
        }
        used.categories.extend(symbols.decisions.iter().map(|decision| decision.outcomes));
        used
    }

    /// Whether a declaration is named outside itself.
    fn has(&self, symbol: Symbol, name: &str, own: Place) -> bool {
        let elsewhere = |file: FileId, item: Option<u32>| (file, item) != (own.file, own.item);
        if let Symbol::Category(category) = symbol
            && self.categories.contains(&category)
        {
            return true;
        }
        let from = (symbol, FileId(0), None);
        self.mentioned
            .range(from..)
            .take_while(|(other, ..)| *other == symbol)
            .any(|(_, file, item)| elsewhere(*file, *item))
            || self
                .written
                .range((name, FileId(0), None)..)
                .take_while(|(other, ..)| *other == name)
                .any(|(_, file, item)| elsewhere(*file, *item))
    }
}
