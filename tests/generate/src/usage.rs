//! Which operations of the plan programs use.

use std::collections::BTreeMap;
use std::fmt;

use rubric_engine::plan::{Code, Op, Plan, PopulationKind, RowSource, operands};

/// How often each operation is used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// By name, variants apart: `Compare Lt`.
    pub times: BTreeMap<String, usize>,
}

/// Every operation that a program can have, by name; those of tests alone are not among them.
#[must_use]
pub fn every_operation() -> Vec<&'static str> {
    vec![
        "Literal",
        "AsOf",
        "Input",
        "Row",
        "Argument",
        "Field",
        "Define",
        "Decision",
        "IsMet",
        "IsMet each",
        "Amount",
        "Amount line",
        "Apportion",
        "Parameter",
        "Parameter keyed",
        "Parameter on",
        "Lookup",
        "Not",
        "And",
        "Or",
        "Negate",
        "Arithmetic Add",
        "Arithmetic Sub",
        "Arithmetic Mul",
        "Arithmetic Div",
        "Shift",
        "Compare Eq",
        "Compare Ne",
        "Compare Lt",
        "Compare Le",
        "Compare Gt",
        "Compare Ge",
        "InList",
        "InSet",
        "Between",
        "IsKnown",
        "IsMissing",
        "IsNone",
        "TextTest StartsWith",
        "TextTest EndsWith",
        "TextTest Matches",
        "Presumed",
        "Rounded HalfUp",
        "Rounded Up",
        "Rounded Down",
        "Rounded HalfEven",
        "If",
        "Case",
        "Aggregate Count",
        "Aggregate CountDistinct",
        "Aggregate Any",
        "Aggregate None",
        "Aggregate All",
        "Aggregate SomeAndAll",
        "Aggregate Sum",
        "Aggregate Highest",
        "Aggregate Lowest",
        "Aggregate Average",
        "Pick Latest",
        "Pick Earliest",
        "Pick Only",
        "Quantity AtLeast",
        "Quantity AtMost",
        "Quantity Exactly",
        "Population PercentRank",
        "Population InTop",
        "Population Total",
        "Part FirstDay",
        "Part LastDay",
        "Part Year",
        "Part Length",
        "Affix first",
        "Affix last",
        "Elapsed Days",
        "Elapsed Months",
        "Elapsed Years",
        "Min",
        "Max",
        "Age",
        "MakeDate",
        "NthWeekday",
        "SchoolYearOf",
        "ToCount",
        "Rows Many",
        "Rows All",
        "Rows Values",
        "Rows Flatten",
    ]
}

impl Usage {
    /// Counts the operations of a plan.
    pub fn add(&mut self, plan: &Plan) {
        for body in plan.defines.values() {
            self.code(&body.code);
        }
        for body in plan.decisions.values() {
            self.code(&body.code);
        }
        for body in plan.requirements.values() {
            self.code(&body.code);
        }
        for body in plan.amounts.values() {
            self.code(&body.code);
        }
        for body in plan.groups.values() {
            self.code(&body.code);
        }
    }

    /// The operations that none of the programs uses.
    #[must_use]
    pub fn lacking(&self) -> Vec<&'static str> {
        every_operation().into_iter().filter(|name| !self.times.contains_key(*name)).collect()
    }

    fn code(&mut self, code: &Code) {
        for expr in &code.exprs {
            for name in names(&expr.op) {
                *self.times.entry(name).or_default() += 1;
            }
            debug_assert!(operands(&expr.op).iter().all(|operand| code.get(*operand).is_some()));
        }
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.times.keys().map(String::len).max().unwrap_or(0);
        for (name, times) in &self.times {
            writeln!(f, "{name:width$} {times}")?;
        }
        for name in self.lacking() {
            writeln!(f, "{name:width$} never")?;
        }
        Ok(())
    }
}

fn source(from: &RowSource) -> &'static str {
    match from {
        RowSource::Many { .. } => "Rows Many",
        RowSource::All(_) => "Rows All",
        RowSource::Values(_) => "Rows Values",
        RowSource::Flatten { .. } => "Rows Flatten",
    }
}

/// An operation with its variant, and the rows that it goes over.
fn names(op: &Op) -> Vec<String> {
    let plain = |name: &str| vec![name.to_owned()];
    let of = |name: &str, variant: &dyn fmt::Debug| vec![format!("{name} {variant:?}")];
    match op {
        Op::Literal(_) => plain("Literal"),
        Op::AsOf => plain("AsOf"),
        Op::Input(_) => plain("Input"),
        Op::Row(_) => plain("Row"),
        Op::Argument(_) => plain("Argument"),
        Op::TestRow(_) => plain("TestRow"),
        Op::Field { .. } => plain("Field"),
        Op::Define { .. } => plain("Define"),
        Op::Decision { .. } => plain("Decision"),
        Op::IsMet { value: None, .. } => plain("IsMet"),
        Op::IsMet { .. } => plain("IsMet each"),
        Op::Amount { line: None, .. } => plain("Amount"),
        Op::Amount { .. } => plain("Amount line"),
        Op::Apportion { rows, .. } => vec!["Apportion".to_owned(), source(&rows.source).to_owned()],
        Op::Parameter { on: Some(_), .. } => plain("Parameter on"),
        Op::Parameter { keys, .. } if keys.is_empty() => plain("Parameter"),
        Op::Parameter { .. } => plain("Parameter keyed"),
        Op::Lookup { .. } => plain("Lookup"),
        Op::Not(_) => plain("Not"),
        Op::And(..) => plain("And"),
        Op::Or(..) => plain("Or"),
        Op::Negate(_) => plain("Negate"),
        Op::Arithmetic(op, ..) => of("Arithmetic", op),
        Op::Shift { .. } => plain("Shift"),
        Op::Compare(op, ..) => of("Compare", op),
        Op::InList(..) => plain("InList"),
        Op::InSet(..) => plain("InSet"),
        Op::Between(..) => plain("Between"),
        Op::IsKnown(_) => plain("IsKnown"),
        Op::IsMissing(_) => plain("IsMissing"),
        Op::IsNone(_) => plain("IsNone"),
        Op::TextTest(test, ..) => of("TextTest", test),
        Op::Presumed(..) => plain("Presumed"),
        Op::Rounded(_, mode, _) => of("Rounded", mode),
        Op::If(..) => plain("If"),
        Op::Case(_) => plain("Case"),
        Op::Aggregate { kind, rows, .. } => {
            vec![format!("Aggregate {kind:?}"), source(&rows.source).to_owned()]
        }
        Op::Pick { kind, rows, .. } => vec![format!("Pick {kind:?}"), source(&rows.source).to_owned()],
        Op::Quantity(kind, _, rows) => vec![format!("Quantity {kind:?}"), source(&rows.source).to_owned()],
        Op::Population(population) => plain(match population.kind {
            PopulationKind::PercentRank => "Population PercentRank",
            PopulationKind::InTop(_) => "Population InTop",
            PopulationKind::Total => "Population Total",
        }),
        Op::Part(part, ..) => of("Part", part),
        Op::Affix(true, ..) => plain("Affix first"),
        Op::Affix(false, ..) => plain("Affix last"),
        Op::Elapsed(unit, ..) => of("Elapsed", unit),
        Op::Min(_) => plain("Min"),
        Op::Max(_) => plain("Max"),
        Op::Age(..) => plain("Age"),
        Op::MakeDate(..) => plain("MakeDate"),
        Op::NthWeekday(..) => plain("NthWeekday"),
        Op::SchoolYearOf(..) => plain("SchoolYearOf"),
        Op::ToCount(_) => plain("ToCount"),
    }
}
