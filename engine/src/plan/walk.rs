//! What an operation uses.

use super::{Code, ExprId, Op, PopulationKind, RowSource, Rows};

/// The expressions that an operation uses directly, in the order of the text.
#[must_use]
pub fn operands(op: &Op) -> Vec<ExprId> {
    let mut found = Vec::new();
    match op {
        Op::Literal(_) | Op::AsOf | Op::Input(_) | Op::Row(_) | Op::Argument(_) | Op::TestRow(_) => {}
        Op::Field { of, .. } | Op::Decision { of, .. } | Op::Amount { of, .. } => found.push(*of),
        Op::IsMet { of, value, .. } => {
            found.push(*of);
            found.extend(value);
        }
        Op::Define { of, arguments, .. } => {
            found.extend(of);
            found.extend(arguments);
        }
        Op::Parameter { keys, on, .. } => {
            found.extend(keys);
            found.extend(on);
        }
        Op::Lookup { keys, .. } => found.extend(keys),
        Op::Not(a)
        | Op::Negate(a)
        | Op::IsKnown(a)
        | Op::IsMissing(a)
        | Op::IsNone(a)
        | Op::Rounded(a, _, _)
        | Op::Part(_, a, _)
        | Op::SchoolYearOf(a, _)
        | Op::ToCount(a) => found.push(*a),
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
        | Op::NthWeekday(a, _, _, b) => found.extend([*a, *b]),
        Op::Shift { start, by, .. } => found.extend([*start, *by]),
        Op::InList(a, list) => {
            found.push(*a);
            found.extend(list);
        }
        Op::Between(a, b, c) | Op::If(a, b, c) | Op::MakeDate(a, b, c) => found.extend([*a, *b, *c]),
        Op::Case(case) => {
            for (condition, value) in &case.arms {
                found.extend([*condition, *value]);
            }
            found.extend(case.otherwise);
        }
        Op::Aggregate { rows, operand, .. } => {
            of_rows(rows, &mut found);
            found.extend(operand);
        }
        Op::Population(population) => {
            if let PopulationKind::InTop(share) = population.kind {
                found.push(share);
            }
            found.push(population.operand);
            of_rows(&population.rows, &mut found);
            found.extend(&population.per);
            found.extend(population.own);
        }
        Op::Pick { rows, by, read, .. } => {
            of_rows(rows, &mut found);
            found.extend(by);
            found.push(*read);
        }
        Op::Apportion { total, rows, by, .. } => {
            found.push(*total);
            of_rows(rows, &mut found);
            found.push(*by);
        }
        Op::Quantity(_, n, rows) => {
            found.push(*n);
            of_rows(rows, &mut found);
        }
        Op::Min(list) | Op::Max(list) => found.extend(list),
    }
    found
}

fn of_rows(rows: &Rows, found: &mut Vec<ExprId>) {
    of_source(&rows.source, found);
    found.extend(rows.filter);
}

fn of_source(source: &RowSource, found: &mut Vec<ExprId>) {
    match source {
        RowSource::Many { of, .. } => found.push(*of),
        RowSource::All(_) | RowSource::Values(_) => {}
        RowSource::Flatten { outer, inner } => {
            of_rows(outer, found);
            of_source(inner, found);
        }
    }
}

/// Whether some expression below (and with) this one satisfies the test.
pub fn any_operation(code: &Code, from: ExprId, mut test: impl FnMut(&Op) -> bool) -> bool {
    let mut open = vec![from];
    while let Some(id) = open.pop() {
        let Some(expr) = code.get(id) else { continue };
        if test(&expr.op) {
            return true;
        }
        open.extend(operands(&expr.op));
    }
    false
}
