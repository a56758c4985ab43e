//! Groups: rows that share a key, seen as one row. They are built from their members when first asked for.

use std::collections::HashMap;
use std::sync::Arc;

use super::evaluator::{Evaluator, Frame};
use super::found::Found;
use crate::plan::{RecordKind, RowSource};
use crate::value::{RecordId, Reference, Value};

/// The rows of a group.
#[derive(Debug, Default)]
pub(crate) struct GroupTable {
    /// Key and members, in the order of their first members.
    pub(crate) rows: Vec<(Arc<[Value]>, Vec<Value>)>,
    /// Rows that belong to nobody, because a part of their key is not known.
    pub(crate) nobody: Vec<Value>,
    by_key: HashMap<Arc<[Value]>, u32>,
}

/// The rows of a group, or why there are none to speak of.
pub(crate) type Grouping = Result<Arc<GroupTable>, Found>;

impl GroupTable {
    /// Adds a member, to nobody's rows where a part of its key is not known.
    pub(crate) fn add(&mut self, key: Option<Arc<[Value]>>, member: Value) {
        let Some(key) = key else {
            self.nobody.push(member);
            return;
        };
        let next = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        let row = *self.by_key.entry(Arc::clone(&key)).or_insert(next);
        if row == next {
            self.rows.push((key, vec![member]));
        } else if let Some((_, members)) = self.rows.get_mut(row as usize) {
            members.push(member);
        }
    }

    /// The row with that key.
    pub(crate) fn find(&self, key: &[Value]) -> Option<u32> {
        self.by_key.get(key).copied()
    }
}

impl Evaluator<'_> {
    /// Builds the rows of a group.
    pub(crate) fn grouping(&self, group: RecordId) -> Grouping {
        let Some(RecordKind::Group { of }) = self.symbols().record(group).map(|record| record.kind) else {
            return Err(Found::broken("a group that is none"));
        };
        let Some(body) = self.plan.groups.get(&group.0) else {
            return Err(Found::broken(&format!("group `{}` has errors", self.record_name(group))));
        };
        let mut table = GroupTable::default();
        let mut frame = Frame::new(&body.code, &[], self.as_of);
        for (member, _) in self.source(&mut frame, &RowSource::All(of))? {
            frame.bind(0, Some(member.clone()));
            let parts: Option<Arc<[Value]>> = body
                .keys
                .iter()
                .map(|&key| match self.eval(&mut frame, key).value() {
                    None | Some(Value::None | Value::NotApplicable) => None,
                    Some(Value::Reference(reference)) if reference.key.is_empty() => None,
                    Some(value) => Some(value.clone()),
                })
                .collect();
            table.add(parts, member);
        }
        Ok(Arc::new(table))
    }

    /// The same row, found by its key if it is a row of a group.
    pub(crate) fn located(&self, reference: &Reference) -> Reference {
        if reference.row.is_some() || !self.is_group(reference.record) {
            return reference.clone();
        }
        let row = self.group_table(reference.record).ok().and_then(|table| table.find(&reference.key));
        Reference { row, ..reference.clone() }
    }

    /// Takes over what another evaluator of the same records found.
    pub(crate) fn knows_group(&self, group: RecordId, grouping: Grouping) {
        self.memory.groupings.keep(group, Arc::new(grouping));
    }

    pub(crate) fn is_group(&self, record: RecordId) -> bool {
        self.symbols().record(record).is_some_and(|record| matches!(record.kind, RecordKind::Group { .. }))
    }
}
