//! # the condition of an aggregate reads nothing of its rows
//!
//! Severity: warning
//!
//! `count of results where english_learner` asks the same question for every row: either all rows count or none does. Mostly
//! a name was meant to be a field of the rows but is one of the record around them, or the condition belongs outside.
//!
//! Wrong:
//!
//! ```rubric
//! define reading_results of Student: count =
//!   count of results where english_learner
//! ```
//!
//! Right: the condition reads a field of each result.
//!
//! ```rubric
//! define reading_results of Student: count =
//!   count of results where subject = reading
//! ```
//!
//! To count under a condition of the whole, say so: `if english_learner then (count of results) else 0`. To keep it as it is,
//! write `allow(filter-reads-nothing) "why"` before the declaration.

use super::reach;
use crate::diagnostic::Diagnostic;
use crate::plan::{Code, ExprId, Op, RowSource, Rows};

pub(super) fn check(code: &Code, found: &mut Vec<Diagnostic>) {
    for expr in &code.exprs {
        let Some(rows) = reach::rows_of(&expr.op) else { continue };
        look(code, rows, found);
    }
}

fn look(code: &Code, rows: &Rows, found: &mut Vec<Diagnostic>) {
    let mut slots = vec![rows.slot];
    if let RowSource::Flatten { outer, .. } = &rows.source {
        look(code, outer, found);
        outer_slots(outer, &mut slots);
    }
    let Some(filter) = rows.filter else { return };
    if reads(code, filter, &slots) {
        return;
    }
    let Some(place) = code.get(filter).map(|expr| expr.place) else { return };
    found.push(
        Diagnostic::warning(
            "filter-reads-nothing",
            place,
            "this condition reads nothing of the rows it chooses",
        )
        .here("the same for every row")
        .help("name a field of the rows, or take the condition out of the brackets"),
    );
}

fn outer_slots(rows: &Rows, slots: &mut Vec<u16>) {
    slots.push(rows.slot);
    if let RowSource::Flatten { outer, .. } = &rows.source {
        outer_slots(outer, slots);
    }
}

fn reads(code: &Code, expr: ExprId, slots: &[u16]) -> bool {
    reach::within(code, expr)
        .into_iter()
        .any(|expr| matches!(expr.op, Op::Row(slot) if slots.contains(&slot)))
}
