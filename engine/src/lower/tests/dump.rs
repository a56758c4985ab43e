//! Code as text: one expression in prefix form, ids resolved to names.

use std::fmt::Write as _;

use super::support::Body;
use crate::plan::{
    Code, ExprId, FieldKind, Interval, MustCheck, Op, PopulationKind, RowSource, Rows, Symbols, TemplatePart,
};
use crate::value::{Base, Type, Value};

/// A whole body, one line for each part.
pub(super) fn body(symbols: &Symbols, body: &Body, out: &mut String) {
    match body {
        Body::Group(group) => {
            let keys: Vec<String> = group.keys.iter().map(|key| dump(symbols, &group.code, *key)).collect();
            writeln!(out, "group: {}", keys.join(" ")).unwrap();
        }
        Body::Parameter(parameter) => {
            for row in &parameter.rows {
                writeln!(out, "row {}:", interval(row.interval)).unwrap();
                for (key, values) in &row.cells {
                    let values: Vec<String> = values.iter().map(plain).collect();
                    writeln!(out, "  {key:?} = {}", values.join(" ")).unwrap();
                }
                if let Some(value) = &row.otherwise {
                    writeln!(out, "  otherwise = {}", plain(value)).unwrap();
                }
            }
        }
        Body::Define(define) => {
            for arm in &define.arms {
                let when = if arm.interval == Interval::default() {
                    String::new()
                } else {
                    format!(" {}", interval(arm.interval))
                };
                writeln!(out, "define{when}: {}", dump(symbols, &define.code, arm.value)).unwrap();
            }
        }
        Body::Amount(amount) => {
            let code = &amount.code;
            let opt = |id: Option<ExprId>| id.map_or("-".to_owned(), |id| dump(symbols, code, id));
            writeln!(out, "amount where {} law on {}", opt(amount.condition), opt(amount.law_on)).unwrap();
            for (at, line) in amount.lines.iter().enumerate() {
                let value = dump(symbols, code, line.value);
                let limits = format!("from {} to {}", opt(line.at_least), opt(line.at_most));
                let (when, under) = (opt(line.when), &line.subject_to);
                writeln!(
                    out,
                    "  line {at} {}: {} {value} {limits} when {when} under {under:?}",
                    line.label,
                    interval(line.interval)
                )
                .unwrap();
            }
            if let Some(total) = amount.total {
                let limits = format!("from {} to {}", opt(total.at_least), opt(total.at_most));
                writeln!(out, "  total {limits} {:?}", total.rounding).unwrap();
            }
        }
        Body::Decision(decision) => {
            let code = &decision.code;
            let opt = |id: Option<ExprId>| id.map_or("-".to_owned(), |id| dump(symbols, code, id));
            writeln!(out, "decision where {} law on {}", opt(decision.condition), opt(decision.law_on))
                .unwrap();
            for default in &decision.defaults {
                let because = template(symbols, code, &default.because);
                writeln!(out, "  default {} {}{because}", default.outcome, interval(default.interval))
                    .unwrap();
            }
            for (at, rule) in decision.rules.iter().enumerate() {
                let fixed = if rule.fixed { " fixed" } else { "" };
                let part = rule.part.as_deref().map(|part| format!(" in {part}")).unwrap_or_default();
                let because = template(symbols, code, &rule.because);
                writeln!(
                    out,
                    "  rule {at} {}{part}{fixed}: {} {} when {} under {:?} cites {:?}{because}",
                    rule.label,
                    rule.outcome,
                    interval(rule.interval),
                    opt(rule.when),
                    rule.overridden_by,
                    rule.cites,
                )
                .unwrap();
            }
        }
        Body::Requirement(requirement) => {
            let code = &requirement.code;
            let opt = |id: Option<ExprId>| id.map_or("-".to_owned(), |id| dump(symbols, code, id));
            let because = template(symbols, code, &requirement.because);
            writeln!(
                out,
                "requirement {:?} {:?} {} where {} law on {} due {} {}{because}",
                requirement.id,
                requirement.severity,
                interval(requirement.interval),
                opt(requirement.condition),
                opt(requirement.law_on),
                opt(requirement.due.map(|(day, _)| day)),
                requirement.due.is_some_and(|(_, violated)| violated),
            )
            .unwrap();
            for must in &requirement.musts {
                let check = match &must.check {
                    MustCheck::Condition(id) => dump(symbols, code, *id),
                    MustCheck::Unique(keys) => {
                        let keys: Vec<String> = keys.iter().map(|key| dump(symbols, code, *key)).collect();
                        format!("unique by {}", keys.join(" "))
                    }
                };
                writeln!(out, "  must {:?}: {check} cites {:?}", must.label, must.cites).unwrap();
            }
            for except in &requirement.excepts {
                let when = dump(symbols, code, except.when);
                writeln!(out, "  except {} {}: {when}", except.label, interval(except.interval)).unwrap();
            }
        }
    }
}

fn interval(interval: Interval) -> String {
    let from = interval.from.map_or(String::new(), |day| day.to_string());
    let until = interval.until.map_or(String::new(), |day| day.to_string());
    format!("{from}..{until}")
}

fn template(symbols: &Symbols, code: &Code, parts: &[TemplatePart]) -> String {
    let parts: Vec<String> = parts
        .iter()
        .map(|part| match part {
            TemplatePart::Text(text) => format!("{text:?}"),
            TemplatePart::Value(id) => dump(symbols, code, *id),
        })
        .collect();
    if parts.is_empty() { String::new() } else { format!(" because {}", parts.join(" ")) }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_decimal(6).unwrap_or_else(|| number.to_fraction()),
        Value::Category(position) => format!("#{position}"),
        Value::Text(text) => format!("{text:?}"),
        Value::Date(date) => date.to_string(),
        other => format!("{other:?}"),
    }
}

pub(super) fn dump(symbols: &Symbols, code: &Code, id: ExprId) -> String {
    let expr = code.get(id).unwrap();
    let sub = |id: ExprId| dump(symbols, code, id);
    let list = |ids: &[ExprId]| ids.iter().map(|id| sub(*id)).collect::<Vec<_>>().join(" ");
    let call = |name: &str, ids: &[ExprId]| format!("({name} {})", list(ids));
    let field = |of: ExprId, field: u32| match code.get(of).unwrap().ty.base {
        Base::Record(record) => symbols.record(record).unwrap().fields[field as usize].name.clone(),
        other => panic!("a field of {other:?}"),
    };
    match &expr.op {
        Op::Literal(value) => literal(symbols, value, expr.ty),
        Op::AsOf => "as_of".to_owned(),
        Op::Input(id) => format!("input:{}", symbols.inputs[id.0 as usize].name),
        Op::Row(slot) => format!("row{slot}"),
        Op::Argument(position) => format!("arg{position}"),
        Op::TestRow(row) => format!("test{row}"),
        Op::Field { of, field: at } => format!("{}.{}", sub(*of), field(*of, *at)),
        Op::Define { define, of, arguments } => {
            let name = &symbols.define(*define).unwrap().name;
            let of = of.map(|of| format!("{}.", sub(of))).unwrap_or_default();
            if arguments.is_empty() {
                format!("{of}{name}!")
            } else {
                format!("{of}{name}({})", list(arguments))
            }
        }
        Op::Decision { decision, of } => {
            format!("{}.{}?", sub(*of), symbols.decision(*decision).unwrap().name)
        }
        Op::IsMet { requirement, value, of } => {
            let value = value.map(|value| format!("({})", sub(value))).unwrap_or_default();
            format!("(met {}.{}{value})", sub(*of), symbols.requirement(*requirement).unwrap().name)
        }
        Op::Amount { amount, line, of } => {
            let symbol = symbols.amount(*amount).unwrap();
            let line = line.map(|line| format!(".{}", symbol.lines[line as usize])).unwrap_or_default();
            format!("{}.{}{line}$", sub(*of), symbol.name)
        }
        Op::Apportion { total, rows: of, by, unit } => {
            let of = rows(symbols, code, of);
            format!(
                "(apportion:{} {} over {of} by {})",
                format!("{unit:?}").to_lowercase(),
                sub(*total),
                sub(*by)
            )
        }
        Op::Parameter { parameter, keys, on } => {
            let name = &symbols.parameter(*parameter).unwrap().name;
            let on = on.map(|on| format!(" on {}", sub(on))).unwrap_or_default();
            format!("{name}[{}]{on}", list(keys))
        }
        Op::Lookup { record, keys } => format!("{}[{}]", symbols.record(*record).unwrap().name, list(keys)),
        Op::Not(a) => call("not", &[*a]),
        Op::And(a, b) => call("and", &[*a, *b]),
        Op::Or(a, b) => call("or", &[*a, *b]),
        Op::Negate(a) => call("-", &[*a]),
        Op::Arithmetic(op, a, b) => call(&format!("{op:?}").to_lowercase(), &[*a, *b]),
        Op::Shift { start, by, back, month_end } => {
            let way = if *back { "back" } else { "shift" };
            call(&format!("{way}:{month_end:?}").to_lowercase(), &[*start, *by])
        }
        Op::Compare(op, a, b) => call(&format!("{op:?}").to_lowercase(), &[*a, *b]),
        Op::InList(a, all) => format!("({} in {})", sub(*a), list(all)),
        Op::InSet(a, set) => format!("({} in-set {})", sub(*a), sub(*set)),
        Op::Between(a, low, high) => call("between", &[*a, *low, *high]),
        Op::IsKnown(a) => call("known", &[*a]),
        Op::IsMissing(a) => call("missing", &[*a]),
        Op::IsNone(a) => call("none", &[*a]),
        Op::TextTest(test, a, b) => call(&format!("{test:?}").to_lowercase(), &[*a, *b]),
        Op::Presumed(a, b) => call("presumed", &[*a, *b]),
        Op::Rounded(a, mode, unit) => call(&format!("rounded:{mode:?}:{unit:?}").to_lowercase(), &[*a]),
        Op::If(a, b, c) => call("if", &[*a, *b, *c]),
        Op::Case(case) => {
            let arms: Vec<String> =
                case.arms.iter().map(|(a, b)| format!("{}→{}", sub(*a), sub(*b))).collect();
            let otherwise = case.otherwise.map(|id| format!(" else {}", sub(id))).unwrap_or_default();
            format!("(case {}{otherwise})", arms.join(" "))
        }
        Op::Aggregate { kind, rows: of, operand } => {
            let operand = operand.map(|id| format!(" of {}", sub(id))).unwrap_or_default();
            format!("({}{operand} over {})", format!("{kind:?}").to_lowercase(), rows(symbols, code, of))
        }
        Op::Pick { kind, rows: of, by, read } => {
            let by = by.map(|id| format!(" by {}", sub(id))).unwrap_or_default();
            format!(
                "({} {} over {}{by})",
                format!("{kind:?}").to_lowercase(),
                sub(*read),
                rows(symbols, code, of)
            )
        }
        Op::Quantity(kind, n, of) => {
            format!("({} {} of {})", format!("{kind:?}").to_lowercase(), sub(*n), rows(symbols, code, of))
        }
        Op::Population(of) => {
            let kind = match of.kind {
                PopulationKind::InTop(share) => format!("in-top {}", sub(share)),
                kind => format!("{kind:?}").to_lowercase(),
            };
            let own = of.own.map(|own| format!(" for {}", sub(own))).unwrap_or_default();
            let per = if of.per.is_empty() { String::new() } else { format!(" per {}", list(&of.per)) };
            format!("({kind} of {} among {}{per}{own})", sub(of.operand), rows(symbols, code, &of.rows))
        }
        Op::Part(part, a, start) => {
            let start = start.map(|(month, day)| format!(":{month}-{day}")).unwrap_or_default();
            call(&format!("{part:?}{start}").to_lowercase(), &[*a])
        }
        Op::Affix(first, n, a) => call(if *first { "first" } else { "last" }, &[*n, *a]),
        Op::Elapsed(unit, a, b, end) => call(&format!("{unit:?}:{end:?}").to_lowercase(), &[*a, *b]),
        Op::Min(all) => call("min", all),
        Op::Max(all) => call("max", all),
        Op::Age(a, b, end) => call(&format!("age:{end:?}").to_lowercase(), &[*a, *b]),
        Op::MakeDate(y, m, d) => call("date", &[*y, *m, *d]),
        Op::NthWeekday(n, weekday, month, year) => call(&format!("nth:{weekday}:{month}"), &[*n, *year]),
        Op::SchoolYearOf(a, (month, day)) => call(&format!("school_year:{month}-{day}"), &[*a]),
        Op::ToCount(a) => call("count", &[*a]),
    }
}

fn literal(symbols: &Symbols, value: &Value, ty: Type) -> String {
    match (value, ty.base) {
        (Value::Flag(flag), _) => if *flag { "yes" } else { "no" }.to_owned(),
        (Value::Number(number), base) => {
            let digits = number.to_decimal(6).unwrap_or_else(|| number.to_fraction());
            match base {
                Base::Money => format!("${digits}"),
                Base::Percent => format!("{digits}:percent"),
                Base::Days => format!("{digits}d"),
                Base::Months => format!("{digits}m"),
                Base::Number => format!("{digits}n"),
                _ => digits,
            }
        }
        (Value::Category(position), Base::Category(id)) => {
            symbols.category(id).unwrap().values[*position as usize].name.clone()
        }
        (Value::Text(text), _) => format!("{text:?}"),
        (Value::Date(date), _) => date.to_string(),
        (Value::SchoolYear(year), _) => format!("SY{year}"),
        (other, _) => format!("{other:?}").to_lowercase(),
    }
}

fn rows(symbols: &Symbols, code: &Code, of: &Rows) -> String {
    let filter = of.filter.map(|id| format!(" where {}", dump(symbols, code, id))).unwrap_or_default();
    format!("[{} as row{}{filter}]", source(symbols, code, &of.source), of.slot)
}

fn source(symbols: &Symbols, code: &Code, of: &RowSource) -> String {
    match of {
        RowSource::Many { of, field } => {
            let Base::Record(record) = code.get(*of).unwrap().ty.base else { panic!("rows of no record") };
            let field = &symbols.record(record).unwrap().fields[*field as usize];
            assert!(matches!(field.kind, FieldKind::Many { .. } | FieldKind::Members));
            format!("{}.{}", dump(symbols, code, *of), field.name)
        }
        RowSource::All(record) => format!("all {}", symbols.record(*record).unwrap().name),
        RowSource::Values(category) => format!("values {}", symbols.category(*category).unwrap().name),
        RowSource::Flatten { outer, inner } => {
            format!("{} / {}", rows(symbols, code, outer), source(symbols, code, inner))
        }
    }
}
