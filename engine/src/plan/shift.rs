//! One code behind another.

use super::{Code, ExprId, Op, PopulationKind, RowSource, Rows, TemplatePart};

impl Code {
    /// Adds the expressions of another code, and gives by how much their ids are shifted.
    pub fn append(&mut self, other: &Self) -> Shift {
        let shift = Shift(u32::try_from(self.exprs.len()).unwrap_or(u32::MAX));
        self.exprs.extend(other.exprs.iter().cloned().map(|mut expr| {
            shift.op(&mut expr.op);
            expr
        }));
        shift
    }
}

/// By how much ids are shifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift(u32);

impl Shift {
    /// The id that an expression of the added code has now.
    #[must_use]
    pub const fn of(self, id: ExprId) -> ExprId {
        ExprId(id.0.saturating_add(self.0))
    }

    /// The pieces of a text.
    #[must_use]
    pub fn because(self, parts: &[TemplatePart]) -> Vec<TemplatePart> {
        let shifted = parts.iter().map(|part| match part {
            TemplatePart::Text(text) => TemplatePart::Text(text.clone()),
            TemplatePart::Value(id) => TemplatePart::Value(self.of(*id)),
        });
        shifted.collect()
    }

    fn id(self, id: &mut ExprId) {
        *id = self.of(*id);
    }

    fn ids<'e>(self, ids: impl IntoIterator<Item = &'e mut ExprId>) {
        ids.into_iter().for_each(|id| self.id(id));
    }

    fn op(self, op: &mut Op) {
        match op {
            Op::Literal(_) | Op::AsOf | Op::Input(_) | Op::Row(_) | Op::Argument(_) | Op::TestRow(_) => {}
            Op::Field { of, .. } | Op::Decision { of, .. } | Op::Amount { of, .. } => self.id(of),
            Op::IsMet { of, value, .. } => {
                self.id(of);
                self.ids(value);
            }
            Op::Define { of, arguments, .. } => {
                self.ids(of);
                self.ids(arguments);
            }
            Op::Parameter { keys, on, .. } => {
                self.ids(keys);
                self.ids(on);
            }
            Op::Lookup { keys, .. } => self.ids(keys),
            Op::Not(a)
            | Op::Negate(a)
            | Op::IsKnown(a)
            | Op::IsMissing(a)
            | Op::IsNone(a)
            | Op::Rounded(a, _, _)
            | Op::Part(_, a, _)
            | Op::SchoolYearOf(a, _)
            | Op::ToCount(a) => self.id(a),
            Op::And(a, b)
            | Op::Or(a, b)
            | Op::Arithmetic(_, a, b)
            | Op::Compare(_, a, b)
            | Op::InSet(a, b)
            | Op::TextTest(_, a, b)
            | Op::Presumed(a, b)
            | Op::Affix(_, a, b)
            | Op::Elapsed(_, a, b, _)
            | Op::Age(a, b, _)
            | Op::NthWeekday(a, _, _, b) => self.ids([a, b]),
            Op::Shift { start, by, .. } => self.ids([start, by]),
            Op::InList(a, list) => {
                self.id(a);
                self.ids(list);
            }
            Op::Between(a, b, c) | Op::If(a, b, c) | Op::MakeDate(a, b, c) => self.ids([a, b, c]),
            Op::Case(case) => {
                for (condition, value) in &mut case.arms {
                    self.ids([condition, value]);
                }
                self.ids(&mut case.otherwise);
            }
            Op::Aggregate { rows, operand, .. } => {
                self.rows(rows);
                self.ids(operand);
            }
            Op::Population(population) => {
                if let PopulationKind::InTop(share) = &mut population.kind {
                    self.id(share);
                }
                self.id(&mut population.operand);
                self.rows(&mut population.rows);
                self.ids(&mut population.per);
                self.ids(&mut population.own);
            }
            Op::Pick { rows, by, read, .. } => {
                self.rows(rows);
                self.ids(by);
                self.id(read);
            }
            Op::Apportion { total, rows, by, .. } => {
                self.rows(rows);
                self.ids([total, by]);
            }
            Op::Quantity(_, n, rows) => {
                self.id(n);
                self.rows(rows);
            }
            Op::Min(list) | Op::Max(list) => self.ids(list),
        }
    }

    fn rows(self, rows: &mut Rows) {
        self.source(&mut rows.source);
        self.ids(&mut rows.filter);
    }

    fn source(self, source: &mut RowSource) {
        match source {
            RowSource::Many { of, .. } => self.id(of),
            RowSource::All(_) | RowSource::Values(_) => {}
            RowSource::Flatten { outer, inner } => {
                self.rows(outer);
                self.source(inner);
            }
        }
    }
}
