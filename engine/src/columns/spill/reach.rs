//! Which records can be read range by range: those of which a run only ever reads the rows of one parent at a time.
//!
//! Rows in ranges have other numbers than in their file, and all rows of a record are never there at once. So a record
//! qualifies only if every way to its rows is one `many` field of the row that is being worked out, no other record names
//! them, none looks them up, and nothing is worked out for all of them. What qualifies and is read otherwise all the same is
//! read slowly, not wrongly.

use std::collections::{BTreeMap, BTreeSet};

use crate::columns::wanted::reached;
use crate::plan::{Code, DefineId, ExprId, Fact, FieldKind, Op, Plan, RecordKind, ResultId, RowSource, Rows};
use crate::table::Wanted;
use crate::value::{Base, RecordId};

/// What can be read range by range.
#[derive(Debug, Default)]
pub(crate) struct Divisible {
    /// By record: the field that names the parent, and of which record that is.
    pub(crate) records: BTreeMap<RecordId, (u32, RecordId)>,
    /// What is worked out from such rows, itself or through others of the same row.
    pub(crate) deep: BTreeSet<Fact>,
}

/// What can be read range by range of what these results and derived facts read.
pub(crate) fn divisible(
    plan: &Plan,
    results: &[ResultId],
    facts: &[DefineId],
    wanted: &[Wanted],
) -> Divisible {
    let symbols = &plan.symbols;
    let mut search = Search { plan, ways: BTreeMap::new(), barred: BTreeSet::new(), read: Vec::new() };
    let (seen, groups) = reached(plan, results, facts);
    search.barred.extend(results.iter().filter_map(|result| symbols.of(*result)));
    search.barred.extend(symbols.waivers);
    for wanted in wanted {
        let Some(declared) = symbols.record(wanted.record) else { continue };
        let parts = 0..u32::try_from(declared.keys).unwrap_or(0);
        for field in wanted.fields.iter().copied().chain(parts) {
            if let Some(Base::Record(target)) = declared.fields.get(field as usize).map(|field| field.ty.base)
            {
                search.barred.insert(target);
            }
        }
    }
    for record in &groups {
        if let Some(RecordKind::Group { of }) = symbols.record(*record).map(|record| record.kind) {
            search.barred.insert(of);
        }
        if let Some(body) = plan.groups.get(&record.0) {
            search.code(None, &body.code, false);
        }
    }
    for fact in &seen {
        match fact {
            Fact::Define(id) => {
                let (Some(symbol), Some(body)) = (symbols.define(*id), plan.defines.get(&id.0)) else {
                    continue;
                };
                search.code(Some(*fact), &body.code, symbol.params.is_empty() && symbol.of.is_some());
            }
            Fact::Decision(id) => {
                let (Some(symbol), Some(body)) = (symbols.decision(*id), plan.decisions.get(&id.0)) else {
                    continue;
                };
                if body.rules.iter().any(|rule| !rule.waivable_by.is_empty()) {
                    search.barred.insert(symbol.of);
                }
                search.code(Some(*fact), &body.code, true);
            }
            Fact::Requirement(id) => {
                let (Some(symbol), Some(body)) = (symbols.requirement(*id), plan.requirements.get(&id.0))
                else {
                    continue;
                };
                // Whether a key is unique is asked of all rows.
                search.barred.insert(symbol.of);
                search.code(Some(*fact), &body.code, true);
            }
            Fact::Amount(id) => {
                let (Some(symbol), Some(body)) = (symbols.amount(*id), plan.amounts.get(&id.0)) else {
                    continue;
                };
                search.barred.insert(symbol.of);
                search.code(Some(*fact), &body.code, true);
            }
            _ => {}
        }
    }
    search.found(wanted)
}

struct Search<'a> {
    plan: &'a Plan,
    /// By record: the ways to its rows, and what reads them.
    ways: BTreeMap<RecordId, BTreeMap<(u32, RecordId), BTreeSet<Fact>>>,
    /// Records that are read otherwise.
    barred: BTreeSet<RecordId>,
    /// What reads what of its own row.
    read: Vec<(Fact, Fact)>,
}

impl Search<'_> {
    /// `own`: slot 0 is the row that is worked out.
    fn code(&mut self, fact: Option<Fact>, code: &Code, own: bool) {
        let mut slots: BTreeSet<u16> = BTreeSet::new();
        if own {
            slots.insert(0);
        }
        // The rows of a population are worked out batch by batch.
        for expr in &code.exprs {
            if let Op::Population(population) = &expr.op
                && matches!(population.rows.source, RowSource::All(_))
            {
                slots.insert(population.rows.slot);
            }
        }
        let is_own =
            |of: ExprId| matches!(code.get(of).map(|of| &of.op), Some(Op::Row(slot)) if slots.contains(slot));
        for expr in &code.exprs {
            match &expr.op {
                Op::Lookup { record, .. } => {
                    self.barred.insert(*record);
                }
                Op::Aggregate { rows, .. }
                | Op::Pick { rows, .. }
                | Op::Quantity(_, _, rows)
                | Op::Apportion { rows, .. } => self.source(fact, code, &rows.source, &is_own),
                Op::Population(population) => self.source(fact, code, &population.rows.source, &is_own),
                Op::Define { define, of: Some(of), arguments } if arguments.is_empty() && is_own(*of) => {
                    self.read.extend(fact.map(|fact| (fact, Fact::Define(*define))));
                }
                Op::Decision { decision, of } if is_own(*of) => {
                    self.read.extend(fact.map(|fact| (fact, Fact::Decision(*decision))));
                }
                Op::IsMet { requirement, of, .. } if is_own(*of) => {
                    self.read.extend(fact.map(|fact| (fact, Fact::Requirement(*requirement))));
                }
                Op::Amount { amount, of, .. } if is_own(*of) => {
                    self.read.extend(fact.map(|fact| (fact, Fact::Amount(*amount))));
                }
                _ => {}
            }
        }
    }

    fn source(
        &mut self,
        fact: Option<Fact>,
        code: &Code,
        source: &RowSource,
        is_own: &dyn Fn(ExprId) -> bool,
    ) {
        match source {
            RowSource::Many { of, field } => {
                let Some(Base::Record(parent)) = code.get(*of).map(|expr| expr.ty.base) else { return };
                let declared = self.plan.symbols.record(parent);
                match declared.and_then(|declared| declared.fields.get(*field as usize)).map(|it| it.kind) {
                    Some(FieldKind::Many { record, by }) => match fact.filter(|_| is_own(*of)) {
                        Some(fact) => {
                            let ways = self.ways.entry(record).or_default();
                            ways.entry((by, parent)).or_default().insert(fact);
                        }
                        None => {
                            self.barred.insert(record);
                        }
                    },
                    Some(FieldKind::Members) => {
                        if let Some(RecordKind::Group { of }) = declared.map(|declared| declared.kind) {
                            self.barred.insert(of);
                        }
                    }
                    _ => {}
                }
            }
            RowSource::All(record) => {
                self.barred.insert(*record);
            }
            RowSource::Values(_) => {}
            RowSource::Flatten { outer, inner } => {
                let Rows { source, .. } = &**outer;
                self.source(fact, code, source, is_own);
                self.source(fact, code, inner, is_own);
            }
        }
    }

    fn found(self, wanted: &[Wanted]) -> Divisible {
        let mut found = Divisible::default();
        for (record, ways) in &self.ways {
            let mut each = ways.iter();
            let (Some(((by, parent), facts)), None) = (each.next(), each.next()) else { continue };
            let is_read = |record: RecordId| wanted.iter().any(|wanted| wanted.record == record);
            let is_record = self.plan.symbols.record(*parent).is_some_and(|it| it.kind == RecordKind::Record);
            let is_free = !self.barred.contains(record) && record != parent;
            if is_free && is_record && is_read(*record) && is_read(*parent) {
                found.records.insert(*record, (*by, *parent));
                found.deep.extend(facts);
            }
        }
        loop {
            let more = self.read.iter().filter(|(_, read)| found.deep.contains(read)).map(|(fact, _)| *fact);
            let more: Vec<Fact> = more.filter(|fact| !found.deep.contains(fact)).collect();
            if more.is_empty() {
                return found;
            }
            found.deep.extend(more);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::wanted;
    use crate::db::Database;

    /// The records that can be read range by range, by name, when all results are asked for.
    fn of(rules: &str) -> String {
        let mut db = Database::default();
        db.set_text(
            "p.rubric",
            Some(&format!(
                "policy p {{\n  title \"T\" authority state \"S\" cite \"1\" effective from 2014-07-01\n}}\n\
                 record District {{ key id: text  schools: many School }}\n\
                 record School {{ key id: text  district: District  students: many Student }}\n\
                 record Student {{ key id: text  school: School  marks: many Mark by student  tutored: many Mark by tutor }}\n\
                 record Mark {{ student: Student  tutor: Student?  value: count  notes: many Note }}\n\
                 record Note {{ key id: text  mark: Student  text: count }}\n{rules}"
            )),
        );
        let plan = db.plan();
        let results = &plan.symbols.results;
        assert!(!results.is_empty(), "nothing to run: {rules}");
        let wanted = wanted(&plan, results, &[]);
        let found = divisible(&plan, results, &[], &wanted);
        let names = found.records.iter().map(|(record, (by, parent))| {
            let declared = plan.symbols.record(*record).unwrap();
            let parent = plan.symbols.record(*parent).unwrap();
            format!("{} by {} of {}", declared.name, declared.fields[*by as usize].name, parent.name)
        });
        let deep = found.deep.iter().map(|fact| fact.name(&plan.symbols));
        format!("{}; {}", names.collect::<Vec<_>>().join(", "), deep.collect::<Vec<_>>().join(", "))
    }

    #[test]
    fn rows_of_one_parent_at_a_time() {
        for (rules, expected) in [
            (
                "amount a of Student: number { cite \"1\" line l = sum of value over marks }",
                "Mark by student of Student; a",
            ),
            (
                "define total of Student: number = sum of value over marks\n\
                 define more of Student: number = total + 1\n\
                 amount a of Student: number { cite \"1\" line l = more }",
                "Mark by student of Student; total, more, a",
            ),
            // By two fields.
            (
                "amount a of Student: number { cite \"1\" line l = sum of value over marks line m = sum of value over tutored }",
                "; ",
            ),
            // All of them.
            (
                "amount a of Student: number { cite \"1\" line l = sum of value over marks line m = count of Mark }",
                "; ",
            ),
            // Through the rows of another: a derived fact of each is worked out by itself, the rows as such are not.
            (
                "define total of Student: number = sum of value over marks\n\
                 amount a of School: number { cite \"1\" line l = sum of total over students }",
                "Mark by student of Student; total",
            ),
            ("amount a of School: number { cite \"1\" line l = sum of value over students.marks }", "; "),
            // Results of its own.
            (
                "amount a of Student: number { cite \"1\" line l = sum of value over marks }\n\
                 amount b of Mark: number { cite \"1\" line l = value }",
                "; ",
            ),
        ] {
            assert_eq!(of(rules), expected, "{rules}");
        }
    }
}
