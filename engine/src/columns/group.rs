//! The rows of a group, built from columns of all members.

use std::sync::Arc;

use super::lanes::{Env, Lanes};
use super::vector::Vector;
use super::worker::{BATCH, Worker};
use crate::evaluate::found::Found;
use crate::evaluate::group::{GroupTable, Grouping};
use crate::plan::RecordKind;
use crate::value::{RecordId, Value};

impl Worker<'_> {
    pub(crate) fn grouping(&self, group: RecordId) -> Grouping {
        let Some(RecordKind::Group { of }) = self.store.symbols().record(group).map(|record| record.kind)
        else {
            return Err(Found::broken("a group that is none"));
        };
        let (Some(body), Some(rows)) = (self.store.plan.groups.get(&group.0), self.rows_of(of)) else {
            return self.evaluator.settle(|| self.evaluator.grouping(group));
        };
        let mut table = GroupTable::default();
        for batch in 0..rows.div_ceil(BATCH) {
            let rows: Vec<u32> = (batch * BATCH..((batch + 1) * BATCH).min(rows)).collect();
            let lanes = Lanes::new(Some(of), rows);
            let env = Env::of(&body.code, &lanes, self.store.as_of);
            let keys: Vec<Arc<Vector>> = body.keys.iter().map(|key| self.eval(&env, *key)).collect();
            for (lane, row) in lanes.rows.iter().enumerate() {
                let member = Value::Reference(self.store.reference(of, *row));
                let parts = keys.iter().map(|key| match key.value(lane, self.store) {
                    None | Some(Value::None | Value::NotApplicable) => None,
                    Some(Value::Reference(reference)) if reference.key.is_empty() => None,
                    value => value,
                });
                table.add(parts.collect(), member);
            }
        }
        Ok(Arc::new(table))
    }
}
