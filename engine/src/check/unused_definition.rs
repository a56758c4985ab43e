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

use rubric_grammar::ast::{Item, ItemKind};

use super::walk;
use crate::diagnostic::{Diagnostic, FileId, Place};
use crate::lower::{Mention, Target};
use crate::plan::{PolicyId, Symbol, Symbols};
use crate::value::{Base, CategoryId, Type};

/// One file of the workspace, as the checks of what is used need it.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The file.
    pub file: FileId,
    /// Its policy.
    pub policy: PolicyId,
    /// Its items, in order; where they stand in the file does not matter here.
    pub items: &'a [Item],
    /// What its policy declares.
    pub own: &'a [Symbol],
}

/// What one file names. Equal after an edit that names the same, so that no other file is looked at again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uses {
    /// The file.
    file: FileId,
    /// With the item in which it is named, sorted, each once.
    mentioned: Vec<(Symbol, Option<u32>)>,
    /// Names that are merely written, with the item: of a file with errors, in which mentions may be lacking.
    written: BTreeSet<(String, Option<u32>)>,
    /// Fixtures that others are from.
    from: BTreeSet<String>,
}

impl Uses {
    /// What a file names. `mentions`: what its names stand for, of all its items. `words`: what is merely written, with
    /// its item, where a declaration has errors.
    #[must_use]
    pub fn of<'m>(
        file: FileId,
        items: &[Item],
        mentions: impl IntoIterator<Item = &'m Mention>,
        words: BTreeSet<(String, Option<u32>)>,
    ) -> Self {
        let mentioned = mentions.into_iter().filter_map(|mention| {
            let symbol = match mention.target {
                Target::Symbol(symbol) => symbol,
                Target::Value(category, _) => Symbol::Category(category),
                Target::Field(..) => return None,
            };
            Some((symbol, mention.place.item))
        });
        let from = items.iter().filter_map(|item| match &item.kind {
            ItemKind::Fixture(fixture) => fixture.from.as_ref(),
            ItemKind::Test(test) => test.from.as_ref(),
            _ => None,
        });
        let from = from.map(|name| name.text.clone()).collect();
        let mut mentioned: Vec<_> = mentioned.collect();
        mentioned.sort_unstable();
        mentioned.dedup();
        Self { file, mentioned, written: words, from }
    }
}

/// The names that are written in items.
#[must_use]
pub fn names_of(items: &[Item]) -> BTreeSet<(String, Option<u32>)> {
    let mut found = BTreeSet::new();
    for (position, item) in items.iter().enumerate() {
        let position = u32::try_from(position).ok();
        walk::names(item, &mut |name| {
            found.insert((name.text.clone(), position));
        });
    }
    found
}

/// What a policy declares and nothing needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unneeded {
    symbols: BTreeSet<Symbol>,
    fixtures: BTreeSet<String>,
}

impl Unneeded {
    /// `own`: what the policy declares, with the names of its `fixtures`; `typed`: the categories of types and outcomes;
    /// `used`: what the workspace names, in parts.
    #[must_use]
    pub fn of(
        symbols: &Symbols,
        own: &[Symbol],
        fixtures: &[String],
        typed: &BTreeSet<CategoryId>,
        used: &[&Used],
    ) -> Self {
        let needed = |target: &Symbol| {
            if let Symbol::Category(category) = target
                && typed.contains(category)
            {
                return true;
            }
            let Some((_, name, place)) = declared(symbols, *target) else { return true };
            used.iter().any(|part| part.has(*target, name, place))
        };
        let from = |name: &String| used.iter().any(|part| part.from.contains(name));
        Self {
            symbols: own.iter().copied().filter(|target| !needed(target)).collect(),
            fixtures: fixtures.iter().filter(|name| !from(name)).cloned().collect(),
        }
    }
}

/// The categories of types and outcomes.
#[must_use]
pub fn typed(symbols: &Symbols) -> BTreeSet<CategoryId> {
    let mut found = BTreeSet::new();
    let mut see = |ty: Type| {
        if let Base::Category(category) | Base::Set(category) = ty.base {
            found.insert(category);
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
    found.extend(symbols.decisions.iter().map(|decision| decision.outcomes));
    found
}

/// The word for a declaration that something should need, its name and where it is declared.
fn declared(symbols: &Symbols, target: Symbol) -> Option<(&'static str, &str, Place)> {
    match target {
        Symbol::Category(id) => symbols.category(id).map(|it| ("category", &*it.name, it.place)),
        Symbol::Input(id) => symbols.inputs.get(id.0 as usize).map(|it| ("input", &*it.name, it.place)),
        Symbol::Parameter(id) => symbols.parameter(id).map(|it| ("parameter", &*it.name, it.place)),
        Symbol::Define(id) => symbols.define(id).map(|it| ("definition", &*it.name, it.place)),
        _ => None,
    }
}

pub(super) fn check(
    symbols: &Symbols,
    unneeded: &Unneeded,
    source: &Source<'_>,
    found: &mut Vec<Diagnostic>,
) {
    if !source.items.iter().any(|item| has_effect(&item.kind)) {
        return;
    }
    let mut report = |what: &str, name: &str, place: Place| {
        found.push(
            Diagnostic::warning("unused-definition", place, format!("nothing uses {what} `{name}`"))
                .help("remove it, or name it where it was meant"),
        );
    };
    for target in source.own.iter().filter(|target| unneeded.symbols.contains(target)) {
        if let Some((what, name, place)) = declared(symbols, *target) {
            report(what, name, place);
        }
    }
    for (position, item) in source.items.iter().enumerate() {
        let ItemKind::Fixture(fixture) = &item.kind else { continue };
        if unneeded.fixtures.contains(&fixture.name.text) {
            let item = u32::try_from(position).ok();
            let place = Place { file: source.file, item, span: fixture.name.span };
            report("fixture", &fixture.name.text, place);
        }
    }
}

fn has_effect(kind: &ItemKind) -> bool {
    matches!(kind, ItemKind::Decision(_) | ItemKind::Requirement(_) | ItemKind::Amount(_) | ItemKind::Test(_))
}

/// What is named in some files of the workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// With the declaration in which it is named.
    mentioned: BTreeSet<(Symbol, FileId, Option<u32>)>,
    /// Names written in files with errors, with the declaration in which they stand.
    written: BTreeSet<(String, FileId, Option<u32>)>,
    /// Fixtures that others are from.
    from: BTreeSet<String>,
}

impl Used {
    /// What these files name.
    pub fn of<'a>(files: impl IntoIterator<Item = &'a Uses>) -> Self {
        let mut used = Self::default();
        for uses in files {
            let mentioned = uses.mentioned.iter().map(|(symbol, item)| (*symbol, uses.file, *item));
            used.mentioned.extend(mentioned);
            let written = uses.written.iter().map(|(name, item)| (name.clone(), uses.file, *item));
            used.written.extend(written);
            used.from.extend(uses.from.iter().cloned());
        }
        used
    }

    /// Whether a declaration is named outside itself.
    fn has(&self, symbol: Symbol, name: &str, own: Place) -> bool {
        let elsewhere = |file: FileId, item: Option<u32>| (file, item) != (own.file, own.item);
        let from = (symbol, FileId(0), None);
        self.mentioned
            .range(from..)
            .take_while(|(other, ..)| *other == symbol)
            .any(|(_, file, item)| elsewhere(*file, *item))
            || self
                .written
                .range((name.to_owned(), FileId(0), None)..)
                .take_while(|(other, ..)| *other == name)
                .any(|(_, file, item)| elsewhere(*file, *item))
    }
}
