//! Parameters: rows that lie over those of the parent.

use std::cmp::Ordering;

use rubric_grammar::Span;
use rubric_grammar::ast;

use super::super::lowering::cites;
use super::super::parameter::Shape;
use super::super::{Context, Lowered, Lowering};
use crate::diagnostic::{Applicability, Diagnostic, Place};
use crate::layer;
use crate::plan::{
    Amendment, Grant, Interval, ParameterAmendment, ParameterBody, ParameterRow, ParameterSymbol, Permission,
    Symbol, show,
};
use crate::value::{Base, Value};

/// Lowers `amend parameter`. The parent is the parameter as the policies above have it; absent where that has errors.
#[must_use]
pub fn parameter(
    cx: &Context<'_>,
    amendment: &Amendment,
    item: &ast::Parameter,
    parent: Option<&ParameterBody>,
) -> Lowered<ParameterAmendment> {
    let mut lowering = Lowering::new(cx);
    let Symbol::Parameter(id) = amendment.target else { return lowering.finish(|_| None) };
    lowering.mention(item.name.span, super::super::Target::Symbol(amendment.target));
    let Some((symbol, owner)) = cx.symbols.parameter(id).zip(cx.symbols.owner(amendment.target)) else {
        return lowering.finish(|_| None);
    };
    if let Some(name) = item.by.first() {
        lowering.not_amendable(name.span, "by what a parameter is kept", "leave `by …` out");
    }
    if let Some(ty) = &item.ty {
        lowering.not_amendable(ty.span, "the type of a parameter", "leave `: …` out");
    }
    if symbol.ty.base == Base::Damaged || symbol.by.iter().any(|ty| ty.base == Base::Damaged) {
        lowering.failed = true;
        return lowering.finish(|_| None);
    }
    let shape = Shape { keys: symbol.by.clone(), ty: symbol.ty };
    let rows = lowering.dated_rows(item, &shape, |lowering, days, span| lowering.days_of(owner, days, span));
    let cites = cites(&item.cites);
    let whole = ParameterAmendment { policy: cx.policy, rows, cites };
    if let (Some(parent), false) = (parent, lowering.failed) {
        lowering.lies_over(symbol, &whole, parent);
        if !whole.rows.is_empty() {
            lowering.direction(amendment, symbol, &whole, parent, item);
        }
    }
    lowering.finish(|_| Some(whole))
}

/// What a row does to a value of the parent.
struct Change<'r> {
    row: &'r ParameterRow,
    /// That of the parent.
    below: &'r ParameterRow,
    /// Of a table: the key; none of what it gives otherwise.
    key: Option<&'r [i64]>,
    interval: Interval,
    from: Value,
    to: Value,
    order: Option<Ordering>,
}

impl Lowering<'_> {
    /// An amendment lies over values: on a day without one there is nothing to amend.
    fn lies_over(&mut self, symbol: &ParameterSymbol, own: &ParameterAmendment, parent: &ParameterBody) {
        for row in &own.rows {
            let Some(hole) = layer::first_without(parent, row.interval) else { continue };
            let name = &symbol.name;
            let days = super::days(hole);
            let diagnostic =
                Diagnostic::error("amends-nothing", row.place, format!("`{name}` has no value {days}"))
                    .help("an amendment changes a value that the parent has: begin and end with it");
            self.report(diagnostic);
            return;
        }
    }

    /// Whether what is granted allows every change, on every day and for every key.
    fn direction(
        &mut self,
        amendment: &Amendment,
        symbol: &ParameterSymbol,
        own: &ParameterAmendment,
        parent: &ParameterBody,
        item: &ast::Parameter,
    ) {
        let (symbols, span) = (self.cx.symbols, item.name.span);
        let changes = changes(own, parent);
        let mut wanted = if symbols_ordered(self, symbol) { direction_of(&changes) } else { Permission::Set };
        let granted = symbols.granted(amendment.target, amendment.policy);
        if granted.is_empty() || !symbols_ordered(self, symbol) {
            self.is_granted(amendment, &[wanted], span, "sets it");
            return;
        }
        let allows = |order: Option<Ordering>| {
            granted.iter().any(|grant| match order {
                Some(Ordering::Equal) => true,
                Some(Ordering::Greater) => grant.what.includes(Permission::Raise),
                Some(Ordering::Less) => grant.what.includes(Permission::Lower),
                None => grant.what == Permission::Set,
            })
        };
        let Some(wrong) = changes.iter().find(|change| !allows(change.order)) else { return };
        // What was as it is granted, until the parent changed.
        let before = changes.iter().rev().find(|change| {
            allows(change.order)
                && std::ptr::eq(change.row, wrong.row)
                && change.key == wrong.key
                && change.interval.from < wrong.interval.from
        });
        if let Some(before) = before {
            let ended = self.ended(item, (own, parent), wrong, allows);
            self.overtaken(symbol, before, wrong, &granted, ended);
            return;
        }
        let does = match wrong.order {
            Some(Ordering::Less) => {
                wanted = if wanted == Permission::Set { wanted } else { Permission::Lower };
                "lowers it"
            }
            Some(Ordering::Greater) => "raises it",
            _ => "sets it",
        };
        let value = |value: &Value| show(symbols, value, symbol.ty);
        let plural = symbols
            .authority(amendment.policy)
            .map_or_else(String::new, |it| format!("{}s", it.level.word()));
        let words: Vec<&str> = granted.iter().map(|grant| grant.what.word()).collect();
        let message = format!(
            "{plural} may {} `{}`, and {} this {does} from {} to {}",
            words.join(" and "),
            symbol.name,
            super::days(wrong.interval),
            value(&wrong.from),
            value(&wrong.to),
        );
        let mut diagnostic = Diagnostic::error("wrong-direction", wrong.row.place, message);
        for grant in &granted {
            diagnostic = diagnostic.label(grant.place, "what is granted");
        }
        self.report(
            diagnostic.help(format!(
                "change the value, or have it granted above that {plural} may {}",
                wanted.word()
            )),
        );
    }
}

impl Lowering<'_> {
    /// A later change of the parent has overtaken a value.
    fn overtaken(
        &mut self,
        symbol: &ParameterSymbol,
        before: &Change<'_>,
        wrong: &Change<'_>,
        granted: &[&Grant],
        ended: Option<(Place, String)>,
    ) {
        let symbols = self.cx.symbols;
        let value = |value: &Value| show(symbols, value, symbol.ty);
        let (own, was, is) = (value(&wrong.to), value(&before.from), value(&wrong.from));
        let from = wrong.interval.from.map_or_else(String::new, |day| day.to_string());
        let words: Vec<&str> = granted.iter().map(|grant| grant.what.word()).collect();
        let plural = granted.first().map_or_else(String::new, |grant| format!("{}s", grant.level.word()));
        let message = format!(
            "{plural} may {} `{}`, and {own} does only until {from}: then the law above goes from {was} to {is}",
            words.join(" and "),
            symbol.name,
        );
        let mut diagnostic = Diagnostic::error("overtaken-value", wrong.row.place, message)
            .here(own)
            .label(wrong.below.place, format!("{is} from {from} on"));
        for grant in granted {
            diagnostic = diagnostic.label(grant.place, "what is granted");
        }
        if let Some(edit) = ended {
            diagnostic = diagnostic.fix(
                format!("end it: `{}`", edit.1.trim_start()),
                Applicability::Maybe,
                vec![edit],
            );
        }
        self.report(
            diagnostic.help(format!(
                "end this value on that day (`until {from}`), or give another one from then on"
            )),
        );
    }

    /// What ends a row on the day on which it is overtaken, where nothing of it is lost by that: from then on no value of the
    /// row is as it was granted and another than the parent's.
    fn ended(
        &self,
        item: &ast::Parameter,
        (own, parent): (&ParameterAmendment, &ParameterBody),
        wrong: &Change<'_>,
        allows: impl Fn(Option<Ordering>) -> bool,
    ) -> Option<(Place, String)> {
        let day = wrong.interval.from?;
        let mut later = own.clone();
        for row in later.rows.iter_mut().filter(|row| row.place == wrong.row.place) {
            row.interval.from = Some(day);
        }
        let is_lost = |change: &Change<'_>| allows(change.order) && change.order != Some(Ordering::Equal);
        let of_row = |change: &&Change<'_>| change.row.place == wrong.row.place;
        if changes(&later, parent).iter().filter(of_row).any(is_lost) {
            return None;
        }
        let entry = item.entries.iter().find(|entry| self.cx.place(entry.span) == wrong.row.place)?;
        let written = &entry.interval;
        let end = written.span.end;
        Some(match (&written.end, &written.from) {
            (None, _) => (self.cx.place(Span::new(end, end)), format!(" until {day}")),
            (Some(_), None) => (self.cx.place(written.span), format!("until {day}")),
            (Some(_), Some(from)) => {
                let text = format!("from {:04}-{:02}-{:02} until {day}", from.year, from.month, from.day);
                (self.cx.place(written.span), text)
            }
        })
    }
}

fn symbols_ordered(lowering: &Lowering<'_>, symbol: &ParameterSymbol) -> bool {
    crate::names::is_ordered(lowering.cx.symbols, symbol.ty.base)
}

/// What all changes together need.
fn direction_of(changes: &[Change<'_>]) -> Permission {
    let any = |order: Option<Ordering>| changes.iter().any(|change| change.order == order);
    match (any(Some(Ordering::Greater)), any(Some(Ordering::Less)), any(None)) {
        (_, false, false) => Permission::Raise,
        (false, true, false) => Permission::Lower,
        _ => Permission::Set,
    }
}

/// Of a key (none: of what a row gives otherwise), the values above and here.
type Pair<'r> = (Option<&'r [i64]>, &'r [Value], &'r [Value]);

/// Every value that differs from the parent's, by stretches of time.
fn changes<'r>(own: &'r ParameterAmendment, parent: &'r ParameterBody) -> Vec<Change<'r>> {
    let mut found = Vec::new();
    for (interval, row, below) in layer::meetings(own, parent) {
        // What the row says of keys that the parent names, and of those that only the row names.
        let keys = row.cells.keys().chain(row.otherwise.iter().flat_map(|_| below.cells.keys()));
        let mut pairs: Vec<Pair<'_>> = Vec::new();
        for key in keys {
            let to =
                row.cells.get(key).map(Vec::as_slice).or(row.otherwise.as_ref().map(std::slice::from_ref));
            let from = below
                .cells
                .get(key)
                .map(Vec::as_slice)
                .or(below.otherwise.as_ref().map(std::slice::from_ref));
            pairs.extend(from.zip(to).map(|(from, to)| (Some(key.as_slice()), from, to)));
        }
        if let (Some(from), Some(to)) = (&below.otherwise, &row.otherwise) {
            pairs.push((None, std::slice::from_ref(from), std::slice::from_ref(to)));
        }
        for (key, from, to) in pairs {
            let order = match (from, to) {
                ([from], [to]) => order(to, from),
                (from, to) if from == to => Some(Ordering::Equal),
                _ => None,
            };
            if let (Some(from), Some(to)) = (from.first(), to.first()) {
                found.push(Change { row, below, key, interval, from: from.clone(), to: to.clone(), order });
            }
        }
    }
    found
}

fn order(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        (Value::SchoolYear(a), Value::SchoolYear(b)) => Some(a.cmp(b)),
        (Value::Category(a), Value::Category(b)) => Some(a.cmp(b)),
        (Value::Never, Value::Never) => Some(Ordering::Equal),
        (Value::Never, Value::Date(_)) => Some(Ordering::Greater),
        (Value::Date(_), Value::Never) => Some(Ordering::Less),
        (a, b) if a == b => Some(Ordering::Equal),
        _ => None,
    }
}
