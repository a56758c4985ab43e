//! Which constructs of the plan a policy uses.

use std::collections::BTreeSet;

use rubric_engine::plan::{Code, FieldKind, MustCheck, Op, Plan, PopulationKind, RowSource, Rows};

/// Every operation, and of some their kinds; and what declarations can have.
pub const CONSTRUCTS: &[&str] = &[
    "literal",
    "as_of",
    "input",
    "row",
    "argument",
    "field",
    "define",
    "decision",
    "is_met",
    "is_met(value)",
    "amount",
    "line",
    "apportion",
    "parameter",
    "parameter(key)",
    "parameter on",
    "lookup",
    "not",
    "and",
    "or",
    "negate",
    "Add",
    "Sub",
    "Mul",
    "Div",
    "shift",
    "shift back",
    "Eq",
    "Ne",
    "Lt",
    "Le",
    "Gt",
    "Ge",
    "in list",
    "in set",
    "between",
    "is_known",
    "is_missing",
    "is_none",
    "StartsWith",
    "EndsWith",
    "Matches",
    "presumed",
    "HalfUp",
    "HalfEven",
    "Up",
    "Down",
    "if",
    "case",
    "case without otherwise",
    "Any",
    "None",
    "All",
    "SomeAndAll",
    "Count",
    "Sum",
    "Highest",
    "Lowest",
    "Average",
    "CountDistinct",
    "Latest",
    "Earliest",
    "Only",
    "AtLeast",
    "AtMost",
    "Exactly",
    "percent_rank",
    "in top",
    "total",
    "FirstDay",
    "LastDay",
    "Year",
    "Month",
    "Day",
    "Length",
    "first of",
    "last of",
    "Days",
    "Months",
    "Years",
    "min",
    "max",
    "age",
    "date",
    "nth_weekday",
    "school_year",
    "to_count",
    "many",
    "members",
    "all rows",
    "values",
    "flatten",
    "default",
    "override",
    "dated rule",
    "decision where",
    "law on",
    "waivable rule",
    "requirement where",
    "for each",
    "due",
    "then violated",
    "except",
    "unique",
    "waivable requirement",
    "amount where",
    "subject to",
    "at least",
    "at most",
    "limited total",
    "rounded total",
    "dated define",
    "group",
    "amended parameter",
    "added rule",
    "amended default",
    "added must",
    "replaced must",
    "added except",
    "replaced except",
    "added line",
    "replaced line",
];

/// The constructs that a plan uses.
#[must_use]
pub fn covered(plan: &Plan) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut add = |name: &str| {
        found.insert(name.to_owned());
    };
    let codes = plan
        .groups
        .values()
        .map(|body| &body.code)
        .chain(plan.defines.values().map(|body| &body.code))
        .chain(plan.decisions.values().map(|body| &body.code))
        .chain(plan.requirements.values().map(|body| &body.code))
        .chain(plan.amounts.values().map(|body| &body.code));
    for code in codes {
        code.exprs.iter().for_each(|expr| operation(plan, code, &expr.op, &mut add));
    }
    if !plan.groups.is_empty() {
        add("group");
    }
    if plan.defines.values().any(|body| body.arms.len() > 1) {
        add("dated define");
    }
    if plan.symbols.parameters.iter().any(|symbol| symbol.version.is_some()) {
        add("amended parameter");
    }
    for body in plan.decisions.values() {
        let with = [
            (!body.defaults.is_empty(), "default"),
            (body.rules.iter().any(|rule| !rule.overridden_by.is_empty()), "override"),
            (body.rules.iter().any(|rule| rule.interval.from.is_some()), "dated rule"),
            (body.condition.is_some(), "decision where"),
            (body.law_on.is_some(), "law on"),
            (body.rules.iter().any(|rule| !rule.waivable_by.is_empty()), "waivable rule"),
            (body.rules.iter().any(|rule| rule.guard.is_some() && !rule.is_default), "added rule"),
            (body.rules.iter().any(|rule| rule.is_default), "amended default"),
        ];
        with.into_iter().filter(|(has, _)| *has).for_each(|(_, name)| add(name));
    }
    for body in plan.requirements.values() {
        let with = [
            (body.condition.is_some(), "requirement where"),
            (body.each.is_some(), "for each"),
            (body.due.is_some_and(|(_, violated)| !violated), "due"),
            (body.due.is_some_and(|(_, violated)| violated), "then violated"),
            (!body.excepts.is_empty(), "except"),
            (body.musts.iter().any(|must| matches!(must.check, MustCheck::Unique(_))), "unique"),
            (!body.waivable_by.is_empty(), "waivable requirement"),
            (body.musts.iter().any(|must| must.guard.is_some()), "added must"),
            (body.musts.iter().any(|must| !must.put_aside.is_empty()), "replaced must"),
            (body.excepts.iter().any(|except| except.guard.is_some()), "added except"),
            (body.excepts.iter().any(|except| !except.put_aside.is_empty()), "replaced except"),
        ];
        with.into_iter().filter(|(has, _)| *has).for_each(|(_, name)| add(name));
    }
    for body in plan.amounts.values() {
        let with = [
            (body.condition.is_some(), "amount where"),
            (body.lines.iter().any(|line| !line.subject_to.is_empty()), "subject to"),
            (body.lines.iter().any(|line| line.at_least.is_some()), "at least"),
            (
                body.lines.iter().any(|line| line.layers.last().is_some_and(|it| it.policy == line.policy)),
                "added line",
            ),
            (
                body.lines.iter().any(|line| line.layers.last().is_some_and(|it| it.policy != line.policy)),
                "replaced line",
            ),
            (body.lines.iter().any(|line| line.at_most.is_some()), "at most"),
            (body.total.is_some_and(|total| total.at_most.is_some()), "limited total"),
            (body.total.is_some_and(|total| total.rounding.is_some()), "rounded total"),
        ];
        with.into_iter().filter(|(has, _)| *has).for_each(|(_, name)| add(name));
    }
    found
}

/// The names of an operation. There is no arm for the rest: what is new has to be named here.
fn operation(plan: &Plan, code: &Code, op: &Op, add: &mut impl FnMut(&str)) {
    match op {
        Op::Literal(_) => add("literal"),
        Op::AsOf => add("as_of"),
        Op::Input(_) => add("input"),
        Op::Row(_) => add("row"),
        Op::Argument(_) => add("argument"),
        Op::TestRow(_) => {}
        Op::Field { .. } => add("field"),
        Op::Define { .. } => add("define"),
        Op::Decision { .. } => add("decision"),
        Op::IsMet { value, .. } => add(if value.is_some() { "is_met(value)" } else { "is_met" }),
        Op::Amount { line, .. } => add(if line.is_some() { "line" } else { "amount" }),
        Op::Apportion { rows, .. } => {
            add("apportion");
            sources(plan, code, rows, add);
        }
        Op::Parameter { keys, on, .. } => {
            add(if keys.is_empty() { "parameter" } else { "parameter(key)" });
            if on.is_some() {
                add("parameter on");
            }
        }
        Op::Lookup { .. } => add("lookup"),
        Op::Not(_) => add("not"),
        Op::And(..) => add("and"),
        Op::Or(..) => add("or"),
        Op::Negate(_) => add("negate"),
        Op::Arithmetic(op, ..) => add(&format!("{op:?}")),
        Op::Shift { back, .. } => add(if *back { "shift back" } else { "shift" }),
        Op::Compare(op, ..) => add(&format!("{op:?}")),
        Op::InList(..) => add("in list"),
        Op::InSet(..) => add("in set"),
        Op::Between(..) => add("between"),
        Op::IsKnown(_) => add("is_known"),
        Op::IsMissing(_) => add("is_missing"),
        Op::IsNone(_) => add("is_none"),
        Op::TextTest(test, ..) => add(&format!("{test:?}")),
        Op::Presumed(..) => add("presumed"),
        Op::Rounded(_, mode, _) => add(&format!("{mode:?}")),
        Op::If(..) => add("if"),
        Op::Case(case) => add(if case.otherwise.is_some() { "case" } else { "case without otherwise" }),
        Op::Aggregate { kind, rows, .. } | Op::Pick { kind, rows, .. } => {
            add(&format!("{kind:?}"));
            sources(plan, code, rows, add);
        }
        Op::Quantity(kind, _, rows) => {
            add(&format!("{kind:?}"));
            sources(plan, code, rows, add);
        }
        Op::Population(population) => add(match population.kind {
            PopulationKind::PercentRank => "percent_rank",
            PopulationKind::InTop(_) => "in top",
            PopulationKind::Total => "total",
        }),
        Op::Part(part, ..) => add(&format!("{part:?}")),
        Op::Affix(first, ..) => add(if *first { "first of" } else { "last of" }),
        Op::Elapsed(unit, ..) => add(&format!("{unit:?}")),
        Op::Min(_) => add("min"),
        Op::Max(_) => add("max"),
        Op::Age(..) => add("age"),
        Op::MakeDate(..) => add("date"),
        Op::NthWeekday(..) => add("nth_weekday"),
        Op::SchoolYearOf(..) => add("school_year"),
        Op::ToCount(_) => add("to_count"),
    }
}

fn sources(plan: &Plan, code: &Code, rows: &Rows, add: &mut impl FnMut(&str)) {
    source(plan, code, &rows.source, add);
}

fn source(plan: &Plan, code: &Code, from: &RowSource, add: &mut impl FnMut(&str)) {
    match from {
        RowSource::Many { of, field } => {
            let owner = match code.get(*of).map(|expr| expr.ty.base) {
                Some(rubric_engine::value::Base::Record(owner)) => plan.symbols.record(owner),
                _ => None,
            };
            match owner.and_then(|owner| owner.fields.get(*field as usize)).map(|field| field.kind) {
                Some(FieldKind::Members) => add("members"),
                _ => add("many"),
            }
        }
        RowSource::All(_) => add("all rows"),
        RowSource::Values(_) => add("values"),
        RowSource::Flatten { outer, inner } => {
            add("flatten");
            sources(plan, code, outer, add);
            source(plan, code, inner, add);
        }
    }
}
