//! The instructions over slices: a state and a number for each lane.

use super::instruction::{ERROR, KNOWN, MISSING, NO, NOT_APPLICABLE, UNKNOWN};
use crate::plan::CompareOp;

/// States and numbers; there are no numbers of a condition.
#[derive(Clone, Copy)]
pub(super) struct Input<'s> {
    pub(super) states: &'s [u8],
    pub(super) values: &'s [i64],
}

/// A column to be filled.
#[derive(Debug, Default)]
pub(super) struct Output {
    pub(super) states: Vec<u8>,
    pub(super) values: Vec<i64>,
}

/// Lanes that left what instructions hold.
pub(super) type Marks = Vec<usize>;

pub(super) const fn doubted(state: u8) -> u8 {
    if state == MISSING { UNKNOWN } else { state }
}

/// Exchanges unknown and error, so that the greatest becomes `or`.
const fn exchanged(state: u8) -> u8 {
    (state >> 1) | ((state & 1) << 1)
}

pub(super) fn and(a: u8, b: u8) -> u8 {
    doubted(a).min(doubted(b))
}

pub(super) fn or(a: u8, b: u8) -> u8 {
    exchanged(exchanged(doubted(a)).max(exchanged(doubted(b))))
}

pub(super) const fn not(a: u8) -> u8 {
    match a {
        NO => KNOWN,
        KNOWN => NO,
        state => doubted(state),
    }
}

/// What strict operands that are not both known give.
pub(super) const fn strict(a: u8, b: u8) -> u8 {
    if a == ERROR || b == ERROR { ERROR } else { UNKNOWN }
}

const fn flag(yes: bool) -> u8 {
    if yes { KNOWN } else { NO }
}

pub(super) fn each(out: &mut Output, a: Input<'_>, of: impl Fn(u8) -> u8) {
    out.states.clear();
    out.states.extend(a.states.iter().map(|state| of(*state)));
}

pub(super) fn pairs(out: &mut Output, a: Input<'_>, b: Input<'_>, of: impl Fn(u8, u8) -> u8) {
    out.states.clear();
    out.states.extend(a.states.iter().zip(b.states).map(|(a, b)| of(*a, *b)));
}

/// `none` and what is not applicable are before and after nothing.
pub(super) fn compare_constant(out: &mut Output, op: CompareOp, a: Input<'_>, to: i64) {
    match op {
        CompareOp::Eq => test(out, a, |value| value == to),
        CompareOp::Ne => test(out, a, |value| value != to),
        CompareOp::Lt => test(out, a, |value| value < to && value > NOT_APPLICABLE),
        CompareOp::Le => test(out, a, |value| value <= to && value > NOT_APPLICABLE),
        CompareOp::Gt => test(out, a, |value| value > to && value > NOT_APPLICABLE),
        CompareOp::Ge => test(out, a, |value| value >= to && value > NOT_APPLICABLE),
    }
}

pub(super) fn test(out: &mut Output, a: Input<'_>, of: impl Fn(i64) -> bool) {
    out.states.clear();
    out.states.extend(
        a.states.iter().zip(a.values).map(
            |(state, value)| {
                if *state == KNOWN { flag(of(*value)) } else { doubted(*state) }
            },
        ),
    );
}

pub(super) fn compare(out: &mut Output, op: CompareOp, a: Input<'_>, b: Input<'_>) {
    let plain = |a: i64, b: i64| a > NOT_APPLICABLE && b > NOT_APPLICABLE;
    match op {
        CompareOp::Eq => compared(out, a, b, |a, b| a == b && a != super::instruction::NONE),
        CompareOp::Ne => compared(out, a, b, |a, b| a != b || a == super::instruction::NONE),
        CompareOp::Lt => compared(out, a, b, |a, b| a < b && plain(a, b)),
        CompareOp::Le => compared(out, a, b, |a, b| a <= b && plain(a, b)),
        CompareOp::Gt => compared(out, a, b, |a, b| a > b && plain(a, b)),
        CompareOp::Ge => compared(out, a, b, |a, b| a >= b && plain(a, b)),
    }
}

fn compared(out: &mut Output, a: Input<'_>, b: Input<'_>, of: impl Fn(i64, i64) -> bool) {
    out.states.clear();
    let lanes = a.states.iter().zip(a.values).zip(b.states.iter().zip(b.values));
    out.states.extend(lanes.map(|((a, left), (b, right))| {
        if *a == KNOWN && *b == KNOWN { flag(of(*left, *right)) } else { strict(*a, *b) }
    }));
}

pub(super) fn alike(alike: bool, a: u8, b: u8) -> u8 {
    if matches!(a, NO | KNOWN) && matches!(b, NO | KNOWN) { flag((a == b) == alike) } else { strict(a, b) }
}

/// `of / by` against the other, cross-multiplied.
pub(super) fn compare_quotient(
    out: &mut Output,
    marks: &mut Marks,
    op: CompareOp,
    (factor, divisor): (i64, i64),
    [of, by, other]: [Input<'_>; 3],
) {
    out.states.clear();
    let numerators = of.states.iter().zip(of.values);
    let denominators = by.states.iter().zip(by.values);
    let others = other.states.iter().zip(other.values);
    for (lane, (((n, over), (d, under)), (c, value))) in numerators.zip(denominators).zip(others).enumerate()
    {
        let state = match (*n, *d) {
            (KNOWN, KNOWN) if *under == 0 => ERROR,
            (KNOWN, KNOWN) => KNOWN,
            (n, d) => strict(n, d),
        };
        out.states.push(if state == KNOWN && *c == KNOWN {
            let product = |a: i64, b: i64, by: i64| {
                i128::from(a).checked_mul(i128::from(b))?.checked_mul(i128::from(by))
            };
            match (product(*over, 1, factor), product(*value, *under, divisor)) {
                (Some(left), Some(right)) => {
                    let (left, right) = if *under < 0 { (right, left) } else { (left, right) };
                    flag(match op {
                        CompareOp::Eq => left == right,
                        CompareOp::Ne => left != right,
                        CompareOp::Lt => left < right,
                        CompareOp::Le => left <= right,
                        CompareOp::Gt => left > right,
                        CompareOp::Ge => left >= right,
                    })
                }
                _ => {
                    marks.push(lane);
                    UNKNOWN
                }
            }
        } else {
            strict(state, *c)
        });
    }
}

/// Whether it is a number, and does not stand for something else.
fn is_plain(value: &i64) -> bool {
    *value > NOT_APPLICABLE
}

/// A strict operation on one number; where it gives none the record is replayed.
pub(super) fn number(out: &mut Output, marks: &mut Marks, a: Input<'_>, of: impl Fn(i64) -> Option<i64>) {
    out.states.clear();
    out.values.clear();
    for (lane, (state, value)) in a.states.iter().zip(a.values).enumerate() {
        let found = if *state == KNOWN { of(*value).filter(is_plain) } else { Some(0) };
        if found.is_none() {
            marks.push(lane);
        }
        out.states.push(doubted(*state));
        out.values.push(found.unwrap_or(0));
    }
}

/// The same on two.
pub(super) fn numbers(
    out: &mut Output,
    marks: &mut Marks,
    a: Input<'_>,
    b: Input<'_>,
    of: impl Fn(i64, i64) -> Option<i64>,
) {
    out.states.clear();
    out.values.clear();
    let lanes = a.states.iter().zip(a.values).zip(b.states.iter().zip(b.values));
    for (lane, ((a, left), (b, right))) in lanes.enumerate() {
        let known = *a == KNOWN && *b == KNOWN;
        let found = if known { of(*left, *right).filter(is_plain) } else { Some(0) };
        if found.is_none() {
            marks.push(lane);
        }
        out.states.push(if known { KNOWN } else { strict(*a, *b) });
        out.values.push(found.unwrap_or(0));
    }
}

/// The same numbers, with other states.
pub(super) fn copied(out: &mut Output, a: Input<'_>, of: impl Fn(u8) -> u8) {
    out.states.clear();
    out.states.extend(a.states.iter().map(|state| of(*state)));
    out.values.clear();
    out.values.extend_from_slice(a.values);
}

pub(super) fn presumed(out: &mut Output, a: Input<'_>, otherwise: Input<'_>) {
    choose(out, a, otherwise, a.states.iter().map(|state| *state != MISSING));
}

/// The lanes of the one or the other; there may be no numbers.
fn choose(out: &mut Output, a: Input<'_>, b: Input<'_>, first: impl Iterator<Item = bool> + Clone) {
    out.states.clear();
    let states = a.states.iter().zip(b.states).zip(first.clone());
    out.states.extend(states.map(|((a, b), first)| if first { *a } else { *b }));
    out.values.clear();
    let values = a.values.iter().zip(b.values).zip(first);
    out.values.extend(values.map(|((a, b), first)| if first { *a } else { *b }));
}

pub(super) fn choice(out: &mut Output, condition: Input<'_>, yes: Input<'_>, no: Input<'_>) {
    choose(out, yes, no, condition.states.iter().map(|state| *state != NO));
    // Where the condition does not say, both must agree.
    let open = |state: &u8| !matches!(*state, NO | KNOWN);
    if !condition.states.iter().any(open) {
        return;
    }
    for (lane, state) in condition.states.iter().enumerate().filter(|(_, state)| open(state)) {
        let of = |side: Input<'_>| side.states.get(lane).copied().unwrap_or(ERROR);
        let (a, b) = (of(yes), of(no));
        let common = match (a, b) {
            _ if *state == ERROR => ERROR,
            (ERROR, ERROR) => ERROR,
            (MISSING, MISSING) => MISSING,
            (KNOWN, KNOWN) if yes.values.get(lane) == no.values.get(lane) => KNOWN,
            (NO, NO) => NO,
            _ => UNKNOWN,
        };
        if let Some(place) = out.states.get_mut(lane) {
            *place = common;
        }
    }
}
