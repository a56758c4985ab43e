//! Amounts: lines in the place of those of the parent, or beside them.

use rubric_grammar::ast;

use super::super::{Context, Lowered, Lowering};
use super::all_cites;
use crate::plan::{Amendment, AmountAmendment, AmountBody, LineBody, Permission, Symbol};

/// Lowers `amend amount`. The parent is the amount as the policies above have it; absent where that has errors.
#[must_use]
pub fn amount(
    cx: &Context<'_>,
    amendment: &Amendment,
    item: &ast::Amount,
    parent: Option<&AmountBody>,
) -> Lowered<AmountAmendment> {
    let mut lowering = Lowering::new(cx);
    let Symbol::Amount(id) = amendment.target else { return lowering.finish(|_| None) };
    let Some((symbol, owner)) = cx.symbols.amount(id).zip(cx.symbols.owner(amendment.target)) else {
        return lowering.finish(|_| None);
    };
    lowering.keeps_of_amount(item);
    let Some((_, guard)) = lowering.amended_record(amendment, &item.name) else {
        return lowering.finish(|_| None);
    };
    lowering.bind_lines(id, symbol, item);
    if let Some(line) = item.lines.iter().find(|line| !line.subject_to.is_empty()) {
        let help = "write it into `when`; a line that is replaced gives way to what the parent's does";
        lowering.not_amendable(line.label.span, "which line gives way to which", help);
        return lowering.finish(|_| None);
    }
    let one_value = parent.is_some_and(|parent| parent.lines.iter().all(|line| *line.label == *symbol.name));
    let mut lines: Vec<LineBody> = match (&item.value, parent) {
        (Some(value), Some(_)) if !one_value => {
            let help = format!(
                "say which line: `line … = …`; it has {}",
                super::super::unit::one_of(symbol.lines.iter().map(String::as_str))
            );
            lowering.not_amendable(value.span, "an amount of several lines as a whole", &help);
            Vec::new()
        }
        (None, Some(_)) if one_value && !item.lines.is_empty() => {
            let span = item.lines.first().map_or(item.name.span, |line| line.label.span);
            let help = format!("write the whole of it: `amend amount {} = …`", item.name.text);
            lowering.not_amendable(span, "a part of an amount that has no lines", &help);
            Vec::new()
        }
        (Some(value), _) => lowering.only_line(item, symbol, value),
        (None, _) if item.lines.is_empty() => Vec::new(),
        (None, _) => lowering.lines(item, symbol),
    };
    for line in &mut lines {
        let known = parent.is_some_and(|parent| parent.lines.iter().any(|other| other.label == line.label));
        let (wanted, what) = match known {
            true => (Permission::Replace, "replaces a line"),
            false => (Permission::Add, "adds a line"),
        };
        if !lowering.is_granted(amendment, &[wanted], line.place.span, what) {
            break;
        }
        match lowering.days_of(owner, line.interval, line.place.span) {
            Some(days) => line.interval = days,
            None => lowering.failed = true,
        }
        if item.value.is_none() {
            line.cites = all_cites(&item.cites, &line.cites);
        }
        if let Some(parent) = parent {
            lowering.same_limits(line, parent);
        }
    }
    let (Some(_), Some(guard)) = (parent, guard) else {
        lowering.failed = true;
        return lowering.finish(|_| None);
    };
    lowering.finish(|code| Some(AmountAmendment { policy: cx.policy, code, guard, lines }))
}

impl Lowering<'_> {
    fn keeps_of_amount(&mut self, item: &ast::Amount) {
        if let Some(of) = &item.of {
            self.not_amendable(of.span, "the record of an amount", "leave `of …` out");
        }
        if let Some(ty) = &item.ty {
            self.not_amendable(ty.span, "the type of an amount", "leave `: …` out");
        }
        if let Some(condition) = &item.condition {
            self.not_amendable(
                condition.span,
                "to whom an amount applies",
                "leave `where …` out; a line may say `when`",
            );
        }
        if let Some(law_on) = &item.law_on {
            self.not_amendable(law_on.span, "the day whose law is applied", "leave `law on …` out");
        }
        if let Some(because) = &item.because {
            self.not_amendable(
                because.span,
                "the text of an amount",
                "leave it out; a line may say `because`",
            );
        }
        let limit = item.limits.at_most.as_ref().or(item.limits.at_least.as_ref());
        if let Some(limit) = limit {
            self.not_amendable(limit.span, "the limits of the total", "limit the lines");
        } else if item.rounding.is_some() {
            self.not_amendable(item.name.span, "how the total is rounded", "round the lines");
        }
    }

    /// A line keeps the limits that it has, with other values, so that what it is clamped to is clear.
    fn same_limits(&mut self, line: &LineBody, parent: &AmountBody) {
        let others = parent.lines.iter().filter(|other| other.label == line.label);
        for other in others.filter(|other| other.interval.overlaps(&line.interval)) {
            let differs = if line.at_most.is_some() == other.at_most.is_some() {
                (line.at_least.is_some() != other.at_least.is_some()).then_some(("at least", "max"))
            } else {
                Some(("at most", "min"))
            };
            let Some((word, function)) = differs else { continue };
            let place = other.place;
            let help = format!(
                "write `{word}` with both or with neither; or write it into the value: `{function}(…, …)`"
            );
            let message = format!("of `{}` here and above only one has `{word}`", line.label);
            let diagnostic =
                self.error("not-amendable", line.place.span, message).label(place, "the line above");
            self.report(diagnostic.help(help));
            return;
        }
    }
}
