//! Parameters as they are for the records of an authority.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::plan::{Interval, OverRow, ParameterAmendment, ParameterBody, ParameterRow};
use crate::value::Date;

/// A parameter's version: rows of the amendment lie over those of the parent while they are in force, where the parent has
/// a value at all. Of the rows that it gives no two share a day.
#[must_use]
pub fn parameter(parent: &ParameterBody, amendment: &ParameterAmendment) -> ParameterBody {
    let own = ParameterBody { rows: amendment.rows.clone(), cites: Vec::new() };
    let mut rows: Vec<ParameterRow> = Vec::new();
    for (interval, day) in stretches(parent, &own) {
        let Some(below) = parent.row_at(day) else { continue };
        let row = match own.row_at(day) {
            Some(row) => over(row, below, interval),
            None => ParameterRow { interval, ..below.clone() },
        };
        match rows.last_mut() {
            Some(last) if same_source(last, &row) && last.interval.until == row.interval.from => {
                last.interval.until = row.interval.until;
            }
            _ => rows.push(row),
        }
    }
    let cites = parent.cites.iter().chain(&amendment.cites).cloned().collect();
    ParameterBody { rows, cites }
}

/// Stretches of time in which no row begins or ends, each with a day in it.
fn stretches(parent: &ParameterBody, own: &ParameterBody) -> Vec<(Interval, Date)> {
    let intervals = parent.rows.iter().chain(&own.rows).map(|row| row.interval);
    let days: BTreeSet<Date> =
        intervals.flat_map(|interval| [interval.from, interval.until]).flatten().collect();
    let days: Vec<Date> = days.into_iter().collect();
    let Some(first) = days.first() else {
        return vec![(Interval::default(), Date::constant(2000, 1, 1))];
    };
    let mut found = Vec::with_capacity(days.len() + 1);
    if let Ok(before) = first.yesterday() {
        found.push((Interval { from: None, until: Some(*first) }, before));
    }
    for (position, day) in days.iter().enumerate() {
        found.push((Interval { from: Some(*day), until: days.get(position + 1).copied() }, *day));
    }
    found
}

fn over(row: &ParameterRow, below: &ParameterRow, interval: Interval) -> ParameterRow {
    let whole = row.otherwise.is_some() || row.cells.contains_key([].as_slice());
    let mut merged = row.clone();
    merged.interval = interval;
    let own = (!whole).then(|| row.cells.keys().cloned().collect());
    if !whole {
        merged.otherwise.clone_from(&below.otherwise);
        for (key, values) in &below.cells {
            merged.cells.entry(key.clone()).or_insert_with(|| values.clone());
        }
    }
    merged.over = Some(Arc::new(OverRow { row: below.clone(), own }));
    merged
}

fn same_source(a: &ParameterRow, b: &ParameterRow) -> bool {
    let below = |row: &ParameterRow| row.over.as_ref().map(|over| over.row.place);
    a.place == b.place && below(a) == below(b)
}

/// The rows of an amendment, each with the row of the parent that it lies over and the days on which it does.
#[must_use]
pub fn meetings<'r>(
    amendment: &'r ParameterAmendment,
    parent: &'r ParameterBody,
) -> Vec<(Interval, &'r ParameterRow, &'r ParameterRow)> {
    let mut found = Vec::new();
    for below in &parent.rows {
        for row in &amendment.rows {
            let Some(both) = below.interval.meet(&row.interval) else { continue };
            // Of rows that share days only those that are in force on some of them are asked.
            let own = ParameterBody { rows: amendment.rows.clone(), cites: Vec::new() };
            let in_force = stretches(parent, &own).into_iter().any(|(_, day)| {
                both.contains(day)
                    && parent.row_at(day).is_some_and(|row| row == below)
                    && own.row_at(day).is_some_and(|other| other == row)
            });
            if in_force {
                found.push((both, row, below));
            }
        }
    }
    found
}

/// The first days of an interval on which a parameter has no value.
#[must_use]
pub fn first_without(parent: &ParameterBody, interval: Interval) -> Option<Interval> {
    let days = ParameterBody {
        rows: parent.rows.iter().take(1).map(|row| ParameterRow { interval, ..row.clone() }).collect(),
        cites: Vec::new(),
    };
    stretches(parent, &days)
        .into_iter()
        .find(|(_, day)| interval.contains(*day) && parent.row_at(*day).is_none())
        .and_then(|(stretch, _)| stretch.meet(&interval))
}
