//! Amounts with what is amended in them.

use super::{Guarded, around};
use crate::plan::{AmountAmendment, AmountBody, ExprId, Interval, LineBody, LineLayer, Shift};

/// An amount with its amendments. A line that is amended is one line still, whose parts the guard chooses, so that the
/// total is the sum of the lines in force, as ever.
#[must_use]
pub fn amount(base: &AmountBody, amendments: &[&AmountAmendment]) -> AmountBody {
    let mut body = base.clone();
    for amendment in amendments {
        let shift = body.code.append(&amendment.code);
        for line in &amendment.lines {
            put(&mut body, &shifted(line, shift), shift.of(amendment.guard));
        }
    }
    body
}

fn shifted(line: &LineBody, shift: Shift) -> LineBody {
    let id = |id: Option<ExprId>| id.map(|id| shift.of(id));
    LineBody {
        value: shift.of(line.value),
        when: id(line.when),
        at_most: id(line.at_most),
        at_least: id(line.at_least),
        because: shift.because(&line.because),
        ..line.clone()
    }
}

/// Puts a line in the place of the versions of that label that are in force with it, and beside them on other days.
fn put(body: &mut AmountBody, line: &LineBody, guard: ExprId) {
    let mut open = vec![line.interval];
    for position in 0..body.lines.len() {
        let Some(parent) = body.lines.get(position).filter(|parent| parent.label == line.label).cloned()
        else {
            continue;
        };
        let Some(inside) = parent.interval.meet(&line.interval) else { continue };
        open = open.iter().flat_map(|days| less(*days, inside)).collect();
        let merged = merge(body, &parent, line, guard, inside);
        let before = body.lines.len();
        for interval in around(parent.interval, inside) {
            body.lines.push(LineBody { interval, ..parent.clone() });
        }
        if let Some(place) = body.lines.get_mut(position) {
            *place = merged;
        }
        also_subject_to(body, position, before);
    }
    for interval in open {
        let mut guarded = Guarded { code: &mut body.code, guard, place: line.place };
        let when = Some(guarded.guard_and(line.when));
        let layers = vec![layer(line, guard)];
        body.lines.push(LineBody { when, interval, layers, ..line.clone() });
    }
}

fn layer(line: &LineBody, guard: ExprId) -> LineLayer {
    let LineBody { policy, cites, because, place, .. } = line.clone();
    LineLayer { policy, guard, cites, because, place }
}

/// What is left of some days without others.
fn less(days: Interval, without: Interval) -> Vec<Interval> {
    match days.meet(&without) {
        Some(both) => around(days, both).collect(),
        None => vec![days],
    }
}

fn merge(
    body: &mut AmountBody,
    parent: &LineBody,
    line: &LineBody,
    guard: ExprId,
    interval: Interval,
) -> LineBody {
    let mut guarded = Guarded { code: &mut body.code, guard, place: line.place };
    let value = guarded.choose(line.value, parent.value);
    let when = guarded.choose_when(line.when, parent.when);
    // Lowering has made sure that both have a limit or neither has.
    let mut limit = |own: Option<ExprId>, other: Option<ExprId>| {
        own.zip(other).map(|(own, other)| guarded.choose(own, other))
    };
    let at_most = limit(line.at_most, parent.at_most);
    let at_least = limit(line.at_least, parent.at_least);
    let mut layers = vec![layer(line, guard)];
    layers.extend(parent.layers.iter().cloned());
    LineBody { value, when, at_most, at_least, interval, layers, ..parent.clone() }
}

/// What gives way to a line gives way to the other versions that were made of it, too.
fn also_subject_to(body: &mut AmountBody, position: usize, first: usize) {
    let index = |position: usize| u32::try_from(position).unwrap_or(u32::MAX);
    let added: Vec<u32> = (first..body.lines.len()).map(index).collect();
    for line in &mut body.lines {
        if line.subject_to.contains(&index(position)) {
            line.subject_to.extend(&added);
        }
    }
}
