//! The rows of a group, built from columns of all members.

use std::sync::Arc;

use super::lanes::Env;
use super::vector::Vector;
use super::worker::Worker;
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
        let parts = self.for_each_batch(of, rows, |worker, lanes| {
            let env = Env::of(&body.code, lanes, worker.store.as_of);
            let keys: Vec<Arc<Vector>> = body.keys.iter().map(|key| worker.eval(&env, *key)).collect();
            let members = lanes.rows.iter().enumerate().map(|(lane, row)| {
                let parts = keys.iter().map(|key| match key.value(lane, worker.store) {
                    None | Some(Value::None | Value::NotApplicable) => None,
                    Some(Value::Reference(reference)) if reference.key.is_empty() => None,
                    value => value,
                });
                (parts.collect(), Value::Reference(worker.store.reference(of, *row)))
            });
            members.collect::<Vec<(Option<Arc<[Value]>>, Value)>>()
        });
        let mut table = GroupTable::default();
        for (key, member) in parts.into_iter().flatten() {
            table.add(key, member);
        }
        Ok(Arc::new(table))
    }
}
