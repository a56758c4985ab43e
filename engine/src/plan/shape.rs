//! What declarations say, without their own names, citations, explanations and places: two that have one shape give the
//! same for every record, complete or not.
//!
//! Shapes are numbers that stand for texts. One [`Shapes`] is used for all plans that are compared: in it equal texts have
//! equal numbers, and a declaration or expression that reads another says so by the number of that.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

use super::{
    AmountId, Code, DecisionId, DefineId, ExprId, FieldKind, InputId, Interval, MustCheck, Op, ParameterId,
    Plan, PolicyId, PopulationKind, RecordKind, RequirementId, ResultId, RowSource, Rows, operands,
};
use crate::value::{Base, CategoryId, RecordId, Type, Value};

/// The texts of all plans that are compared, and their numbers.
#[derive(Debug, Default)]
pub struct Shapes {
    known: HashMap<String, u32>,
    unlike: u32,
}

/// What something says; equal only to what says the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Shape(u32);

impl Shapes {
    fn of(&mut self, text: String) -> Shape {
        let next = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        Shape(*self.known.entry(text).or_insert(next))
    }

    /// A shape that nothing else has.
    fn unlike(&mut self) -> Shape {
        self.unlike += 1;
        self.of(format!("unlike {}", self.unlike))
    }
}

/// Declarations that read others more deeply than this are like no other.
const DEEPEST: usize = 300;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Item {
    Define(u32),
    Parameter(u32),
    Decision(u32),
    Requirement(u32),
    Amount(u32),
    Group(u32),
}

/// Finds the shapes of one plan.
pub struct Shaper<'a> {
    plan: &'a Plan,
    shapes: &'a mut Shapes,
    known: BTreeMap<Item, Shape>,
    /// What is being read; of a line that reads its own amount, that.
    open: BTreeSet<Item>,
}

/// The shapes of the expressions of a code, by position; nothing for those that read what they are a part of.
pub type CodeShapes = Vec<Option<Shape>>;

impl<'a> Shaper<'a> {
    /// Of a plan.
    #[must_use]
    pub fn new(plan: &'a Plan, shapes: &'a mut Shapes) -> Self {
        Self { plan, shapes, known: BTreeMap::new(), open: BTreeSet::new() }
    }

    /// The shape of a decision, requirement or amount.
    pub fn result(&mut self, id: ResultId) -> Shape {
        self.item(match id {
            ResultId::Decision(id) => Item::Decision(id.0),
            ResultId::Requirement(id) => Item::Requirement(id.0),
            ResultId::Amount(id) => Item::Amount(id.0),
        })
    }

    /// Of a requirement `for each` value, the shape for that value.
    pub fn instance(&mut self, requirement: Shape, value: Option<&str>) -> Shape {
        match value {
            Some(value) => self.shapes.of(format!("for {value} {}", requirement.0)),
            None => requirement,
        }
    }

    /// The shape of a definition.
    pub fn define(&mut self, id: DefineId) -> Shape {
        self.item(Item::Define(id.0))
    }

    /// The shape of a parameter.
    pub fn parameter(&mut self, id: ParameterId) -> Shape {
        self.item(Item::Parameter(id.0))
    }

    /// How a group is formed.
    pub fn group(&mut self, id: RecordId) -> Shape {
        self.item(Item::Group(id.0))
    }

    fn item(&mut self, item: Item) -> Shape {
        if let Some(known) = self.known.get(&item) {
            return *known;
        }
        if self.open.len() > DEEPEST || !self.open.insert(item) {
            return self.shapes.unlike();
        }
        let text = match item {
            Item::Define(id) => self.define_text(DefineId(id)),
            Item::Parameter(id) => self.parameter_text(ParameterId(id)),
            Item::Decision(id) => self.decision_text(DecisionId(id)),
            Item::Requirement(id) => self.requirement_text(RequirementId(id)),
            Item::Amount(id) => self.amount_text(AmountId(id)),
            Item::Group(id) => self.group_text(RecordId(id)),
        };
        self.open.remove(&item);
        let shape = match text {
            Some(text) => self.shapes.of(text),
            None => self.shapes.unlike(),
        };
        self.known.insert(item, shape);
        shape
    }

    fn effective(&self, policy: PolicyId) -> String {
        self.plan.symbols.policy(policy).map(|policy| interval(&policy.effective)).unwrap_or_default()
    }

    fn define_text(&mut self, id: DefineId) -> Option<String> {
        let plan = self.plan;
        let (symbol, body) = (plan.symbols.define(id)?, plan.defines.get(&id.0)?);
        let code = self.read(&body.code).0;
        let mut text = format!("define {}", self.ty(symbol.ty));
        for (_, ty) in &symbol.params {
            let _ = write!(text, " ({})", self.ty(*ty));
        }
        if let Some(of) = symbol.of {
            let _ = write!(text, " of {}", self.record(of));
        }
        for arm in &body.arms {
            let _ = write!(text, "; {} {}", interval(&arm.interval), at(&code, arm.value));
        }
        Some(text)
    }

    fn parameter_text(&mut self, id: ParameterId) -> Option<String> {
        let plan = self.plan;
        let (symbol, body) = (plan.symbols.parameter(id)?, plan.parameters.get(&id.0)?);
        let mut text = format!("parameter {}", self.ty(symbol.ty));
        for ty in &symbol.by {
            let _ = write!(text, " by {}", self.ty(*ty));
        }
        for row in &body.rows {
            let _ = write!(text, "; {} {:?} {:?}", interval(&row.interval), row.cells, row.otherwise);
        }
        Some(text)
    }

    fn decision_text(&mut self, id: DecisionId) -> Option<String> {
        let plan = self.plan;
        let (symbol, body) = (plan.symbols.decision(id)?, plan.decisions.get(&id.0)?);
        let code = self.read(&body.code).0;
        let mut text = format!(
            "decision of {} {} {} where {} law {}",
            self.record(symbol.of),
            self.category(symbol.outcomes),
            self.effective(symbol.policy),
            maybe(&code, body.condition),
            maybe(&code, body.law_on)
        );
        for default in &body.defaults {
            let _ = write!(text, "; default {} {}", default.outcome, interval(&default.interval));
        }
        for rule in &body.rules {
            let when = maybe(&code, rule.when);
            let _ = write!(
                text,
                "; rule {} {when} {} by {:?}",
                rule.outcome,
                interval(&rule.interval),
                rule.overridden_by
            );
            if !rule.waivable_by.is_empty() {
                let _ = write!(text, " waivable {:?} {:?} {:?}", rule.part, rule.label, rule.waivable_by);
            }
        }
        if body.rules.iter().any(|rule| !rule.waivable_by.is_empty()) {
            // Waivers name it.
            let _ = write!(text, "; named {}", symbol.name);
        }
        Some(text)
    }

    fn requirement_text(&mut self, id: RequirementId) -> Option<String> {
        let plan = self.plan;
        let (symbol, body) = (plan.symbols.requirement(id)?, plan.requirements.get(&id.0)?);
        let code = self.read(&body.code).0;
        let each = symbol.each.map(|category| self.category(category));
        let mut text = format!(
            "requirement of {} {} {each:?} {:?} {} where {} law {} due {:?}",
            self.record(symbol.of),
            self.effective(symbol.policy),
            body.each,
            interval(&body.interval),
            maybe(&code, body.condition),
            maybe(&code, body.law_on),
            body.due.map(|(due, violated)| (at(&code, due), violated)),
        );
        for must in &body.musts {
            let _ = write!(text, "; {}", interval(&must.interval));
            match &must.check {
                MustCheck::Condition(condition) => {
                    let _ = write!(text, "; must {}", at(&code, *condition));
                }
                MustCheck::Unique(parts) => {
                    let parts: Vec<String> = parts.iter().map(|part| at(&code, *part)).collect();
                    let _ = write!(text, "; unique {}", parts.join(" "));
                }
            }
        }
        for except in &body.excepts {
            let _ = write!(text, "; except {} {}", interval(&except.interval), at(&code, except.when));
        }
        if !body.waivable_by.is_empty() {
            let _ = write!(text, "; waivable {} {:?}", symbol.name, body.waivable_by);
        }
        Some(text)
    }

    fn amount_text(&mut self, id: AmountId) -> Option<String> {
        let plan = self.plan;
        let (symbol, body) = (plan.symbols.amount(id)?, plan.amounts.get(&id.0)?);
        let code = self.read(&body.code).0;
        let mut text = format!(
            "amount {} of {} {} where {} law {} lines {:?}",
            self.ty(symbol.ty),
            self.record(symbol.of),
            self.effective(symbol.policy),
            maybe(&code, body.condition),
            maybe(&code, body.law_on),
            symbol.lines,
        );
        for line in &body.lines {
            let label = if *line.label == *symbol.name { "" } else { &line.label };
            let _ = write!(
                text,
                "; line {label} {} {} {} {} {} {:?}",
                interval(&line.interval),
                at(&code, line.value),
                maybe(&code, line.when),
                maybe(&code, line.at_most),
                maybe(&code, line.at_least),
                line.subject_to,
            );
        }
        if let Some(total) = &body.total {
            let (most, least) = (maybe(&code, total.at_most), maybe(&code, total.at_least));
            let _ = write!(text, "; total {most} {least} {:?}", total.rounding);
        }
        Some(text)
    }

    fn group_text(&mut self, id: RecordId) -> Option<String> {
        let plan = self.plan;
        let (symbol, body) = (plan.symbols.record(id)?, plan.groups.get(&id.0)?);
        let RecordKind::Group { of } = symbol.kind else { return None };
        let code = self.read(&body.code).0;
        let mut text = format!("group {} of {}", symbol.name, self.record(of));
        for (field, key) in symbol.fields.iter().zip(&body.keys) {
            let _ = write!(text, "; {} {} {}", field.name, self.ty(field.ty), at(&code, *key));
        }
        Some(text)
    }

    /// The shapes of all expressions of a code.
    pub fn code(&mut self, code: &Code) -> CodeShapes {
        let (shapes, tainted) = self.read(code);
        shapes.into_iter().zip(tainted).map(|(shape, tainted)| (!tainted).then_some(shape)).collect()
    }

    /// The shapes of all expressions of a code, and which of them read what is being read.
    fn read(&mut self, code: &Code) -> (Vec<Shape>, Vec<bool>) {
        let mut shapes: Vec<Shape> = Vec::with_capacity(code.exprs.len());
        let mut tainted: Vec<bool> = Vec::with_capacity(code.exprs.len());
        for expr in &code.exprs {
            let (mut text, mut taint) = self.head(code, &expr.op);
            let _ = write!(text, " {}", self.ty(expr.ty));
            for operand in operands(&expr.op) {
                let position = operand.0 as usize;
                match (shapes.get(position), tainted.get(position)) {
                    (Some(shape), Some(theirs)) => {
                        let _ = write!(text, " {}", shape.0);
                        taint |= theirs;
                    }
                    _ => {
                        let shape = self.shapes.unlike();
                        let _ = write!(text, " {}", shape.0);
                    }
                }
            }
            shapes.push(self.shapes.of(text));
            tainted.push(taint);
        }
        (shapes, tainted)
    }

    fn reference(&mut self, item: Item) -> (String, bool) {
        if self.open.contains(&item) {
            return ("itself".to_owned(), true);
        }
        (format!("{}", self.item(item).0), false)
    }

    /// An operation without its operands, and whether it reads what is being read.
    fn head(&mut self, code: &Code, op: &Op) -> (String, bool) {
        let plan = self.plan;
        let symbols = &plan.symbols;
        let sure = |text: String| (text, false);
        match op {
            Op::Literal(Value::Reference(reference)) => {
                let name = symbols.record(reference.record).map(|record| record.name.as_str());
                sure(format!("row {name:?} {:?} {:?}", reference.row, reference.key))
            }
            Op::Literal(value) => sure(format!("literal {value:?}")),
            Op::AsOf => sure("as of".to_owned()),
            Op::Input(InputId(input)) => match symbols.inputs.get(*input as usize) {
                Some(input) => sure(format!("input {} {}", input.name, self.ty(input.ty))),
                None => sure("no input".to_owned()),
            },
            Op::Row(slot) => sure(format!("slot {slot}")),
            Op::Argument(position) => sure(format!("argument {position}")),
            Op::TestRow(row) => sure(format!("test row {row}")),
            Op::Field { of, field } => sure(format!("field {}", self.field(code, *of, *field))),
            Op::Define { define, of, .. } => {
                let (shape, itself) = self.reference(Item::Define(define.0));
                (format!("define {shape} {}", of.is_some()), itself)
            }
            Op::Decision { decision, .. } => {
                let (shape, itself) = self.reference(Item::Decision(decision.0));
                (format!("decision {shape}"), itself)
            }
            Op::IsMet { requirement, value, .. } => {
                let (shape, itself) = self.reference(Item::Requirement(requirement.0));
                (format!("is met {shape} {}", value.is_some()), itself)
            }
            Op::Amount { amount, line, .. } => {
                let (shape, itself) = self.reference(Item::Amount(amount.0));
                let label = line
                    .and_then(|line| symbols.amount(*amount)?.lines.get(line as usize))
                    .map(String::as_str);
                (format!("amount {shape} {label:?}"), itself)
            }
            Op::Apportion { rows, unit, .. } => sure(format!("apportion {} {unit:?}", self.rows(code, rows))),
            Op::Parameter { parameter, keys, on } => {
                let (shape, itself) = self.reference(Item::Parameter(parameter.0));
                (format!("parameter {shape} {} {}", keys.len(), on.is_some()), itself)
            }
            Op::Lookup { record, keys } => sure(format!("lookup {} {}", self.record(*record), keys.len())),
            Op::Not(_) => sure("not".to_owned()),
            Op::And(..) => sure("and".to_owned()),
            Op::Or(..) => sure("or".to_owned()),
            Op::Negate(_) => sure("negate".to_owned()),
            Op::Arithmetic(op, ..) => sure(format!("arithmetic {op:?}")),
            Op::Shift { back, month_end, .. } => sure(format!("shift {back} {month_end:?}")),
            Op::Compare(op, ..) => sure(format!("compare {op:?}")),
            Op::InList(_, list) => sure(format!("in list {}", list.len())),
            Op::InSet(..) => sure("in set".to_owned()),
            Op::Between(..) => sure("between".to_owned()),
            Op::IsKnown(_) => sure("is known".to_owned()),
            Op::IsMissing(_) => sure("is missing".to_owned()),
            Op::IsNone(_) => sure("is none".to_owned()),
            Op::TextTest(test, ..) => sure(format!("text {test:?}")),
            Op::Presumed(..) => sure("presumed".to_owned()),
            Op::Rounded(_, mode, unit) => sure(format!("rounded {mode:?} {unit:?}")),
            Op::If(..) => sure("if".to_owned()),
            Op::Case(case) => sure(format!("case {} {}", case.arms.len(), case.otherwise.is_some())),
            Op::Aggregate { kind, rows, operand } => {
                sure(format!("aggregate {kind:?} {} {}", self.rows(code, rows), operand.is_some()))
            }
            Op::Pick { kind, rows, by, .. } => {
                sure(format!("pick {kind:?} {} {}", self.rows(code, rows), by.is_some()))
            }
            Op::Quantity(kind, _, rows) => sure(format!("quantity {kind:?} {}", self.rows(code, rows))),
            Op::Population(population) => {
                let kind = match population.kind {
                    PopulationKind::PercentRank => "percent rank",
                    PopulationKind::InTop(_) => "in top",
                    PopulationKind::Total => "total",
                };
                let rows = self.rows(code, &population.rows);
                let (per, own) = (population.per.len(), population.own.is_some());
                sure(format!("population {kind} {rows} {per} {own}"))
            }
            Op::Part(part, _, start) => sure(format!("part {part:?} {start:?}")),
            Op::Affix(first, ..) => sure(format!("affix {first}")),
            Op::Elapsed(unit, _, _, end) => sure(format!("elapsed {unit:?} {end:?}")),
            Op::Min(list) => sure(format!("min {}", list.len())),
            Op::Max(list) => sure(format!("max {}", list.len())),
            Op::Age(_, _, end) => sure(format!("age {end:?}")),
            Op::MakeDate(..) => sure("date".to_owned()),
            Op::NthWeekday(_, weekday, month, _) => sure(format!("nth weekday {weekday} {month}")),
            Op::SchoolYearOf(_, start) => sure(format!("school year {start:?}")),
            Op::ToCount(_) => sure("count".to_owned()),
        }
    }

    fn rows(&mut self, code: &Code, rows: &Rows) -> String {
        format!("{} {} {}", self.source(code, &rows.source), rows.slot, rows.filter.is_some())
    }

    fn source(&mut self, code: &Code, source: &RowSource) -> String {
        match source {
            RowSource::Many { of, field } => format!("many {}", self.field(code, *of, *field)),
            RowSource::All(record) => format!("all {}", self.record(*record)),
            RowSource::Values(category) => format!("values {}", self.category(*category)),
            RowSource::Flatten { outer, inner } => {
                format!("[{} {}]", self.rows(code, outer), self.source(code, inner))
            }
        }
    }

    /// A field of the record that an expression is a row of.
    fn field(&mut self, code: &Code, of: ExprId, position: u32) -> String {
        let plan = self.plan;
        let symbols = &plan.symbols;
        let record = match code.get(of).map(|expr| expr.ty.base) {
            Some(Base::Record(record) | Base::Many(record)) => symbols.record(record),
            _ => None,
        };
        let Some((record, field)) =
            record.and_then(|record| Some((record, record.fields.get(position as usize)?)))
        else {
            return format!("unlike {}", self.shapes.unlike().0);
        };
        let kind = match field.kind {
            FieldKind::Cell => "cell".to_owned(),
            FieldKind::Many { record, by } => {
                let by = symbols.record(record).and_then(|record| record.fields.get(by as usize));
                format!("many {} {:?}", self.record(record), by.map(|by| by.name.as_str()))
            }
            FieldKind::Members => match record.kind {
                RecordKind::Group { of } => format!("members {}", self.record(of)),
                RecordKind::Record => "members".to_owned(),
            },
            FieldKind::Damaged => format!("unlike {}", self.shapes.unlike().0),
        };
        let (ty, absent) = (self.ty(field.ty), field.absent.as_ref().map(|absent| &absent.value));
        format!("{}.{} {kind} {ty} {absent:?} {}", record.name, field.name, field.judged_by.is_some())
    }

    fn ty(&mut self, ty: Type) -> String {
        let base = match ty.base {
            Base::Category(category) => format!("category {}", self.category(category)),
            Base::Set(category) => format!("set {}", self.category(category)),
            Base::Record(record) => self.record(record),
            Base::Many(record) => format!("many {}", self.record(record)),
            other => format!("{other:?}"),
        };
        format!("<{base}{}>", if ty.optional { "?" } else { "" })
    }

    fn category(&mut self, id: CategoryId) -> String {
        let Some(category) = self.plan.symbols.category(id) else {
            return format!("unlike {}", self.shapes.unlike().0);
        };
        let names: Vec<&str> = category.values.iter().map(|value| value.name.as_str()).collect();
        let text = format!("category {} {names:?}", category.ordered);
        format!("#{}", self.shapes.of(text).0)
    }

    fn record(&mut self, id: RecordId) -> String {
        let plan = self.plan;
        match plan.symbols.record(id) {
            Some(record) if record.kind == RecordKind::Record => {
                // What is one row and what another is told by the key.
                let keys: Vec<&str> =
                    record.fields.iter().take(record.keys).map(|field| field.name.as_str()).collect();
                format!("{}({})", record.name, keys.join(" "))
            }
            Some(record) => {
                let (shape, _) = self.reference(Item::Group(id.0));
                format!("{} {shape}", record.name)
            }
            None => format!("unlike {}", self.shapes.unlike().0),
        }
    }
}

fn at(shapes: &[Shape], id: ExprId) -> String {
    shapes.get(id.0 as usize).map_or_else(|| "none".to_owned(), |shape| shape.0.to_string())
}

fn maybe(shapes: &[Shape], id: Option<ExprId>) -> String {
    id.map_or_else(|| "-".to_owned(), |id| at(shapes, id))
}

fn interval(interval: &Interval) -> String {
    let day = |day: Option<crate::value::Date>| day.map_or_else(|| "-".to_owned(), |day| day.to_string());
    format!("{}..{}", day(interval.from), day(interval.until))
}

#[cfg(test)]
mod tests {
    use super::{Shaper, Shapes};
    use crate::db::Database;
    use crate::plan::{DefineId, ResultId};

    const HEADER: &str = "policy p { title \"T\" cite \"§\" }\n\
        category Size { small, large }\n\
        record S { key id: text  n: count  f: flag  size: Size  rows: many R }\n\
        record R { key id: text  s: S  level: count }\n\
        parameter cut: count { cite \"§\" from 2020-01-01: 3 }\n";

    fn alike(a: &str, b: &str) -> bool {
        let plan = |text: &str| {
            let mut database = Database::default();
            let file = database.set_text("p.rubric", Some(text));
            let errors: Vec<_> = database
                .diagnostics(file)
                .into_iter()
                .filter(|it| it.severity == crate::diagnostic::Severity::Error)
                .collect();
            assert!(errors.is_empty(), "{text}\n{errors:?}");
            database.plan()
        };
        let (a, b) = (plan(a), plan(b));
        let mut shapes = Shapes::default();
        let mut of = |plan: &crate::plan::Plan| {
            let mut shaper = Shaper::new(plan, &mut shapes);
            let results: Vec<ResultId> = plan.symbols.results.clone();
            let results: Vec<_> = results.into_iter().map(|id| shaper.result(id)).collect();
            let defines = 0..u32::try_from(plan.symbols.defines.len()).unwrap();
            (results, defines.map(|id| shaper.define(DefineId(id))).collect::<Vec<_>>())
        };
        of(&a) == of(&b)
    }

    const BODY: &str = "define high of S: flag = n >= cut\n\
        decision d of S { outcomes up, down  cite \"§\"  default down  rule r: up when high and (count of rows where level > 1) >= 2 }\n\
        amount pay of S { cite \"§\"  line base = $5 when size = large  line more = pay.base * 2 }\n";

    #[test]
    fn only_what_changes_results_changes_the_shape() {
        let text = format!("{HEADER}{BODY}");
        // Nothing, names of rules, citations, the order of unrelated declarations, white space.
        let same: [&dyn Fn(&str) -> String; 4] = [
            &str::to_owned,
            &|text| text.replace("rule r:", "rule reads:"),
            &|text| text.replace("cite \"§\"  default", "cite \"§ 2\"  default"),
            &|text| text.replace("category Size", "record T { key id: text  size: Size }\ncategory Size"),
        ];
        for (number, change) in same.iter().enumerate() {
            assert!(alike(&text, &change(&text)), "{number}");
        }
        let other: [(&str, &str); 14] = [
            (": 3 ", ": 4 "),
            ("from 2020-01-01", "from 2020-01-02"),
            ("n >= cut", "n > cut"),
            ("level > 1", "level > 2"),
            (">= 2 }", ">= 3 }"),
            ("default down", "default up"),
            ("rule r: up", "rule r: down"),
            ("small, large", "large, small"),
            ("f: flag", "f: flag  g: flag"),
            ("n: count", "n: count?"),
            ("line base = $5", "line base = $6"),
            ("* 2", "* 3"),
            ("line more", "line others"),
            ("cite \"§\" }", "cite \"§\" effective from 2024-01-01 }"),
        ];
        for (old, new) in other {
            let changed = text.replacen(old, new, 1);
            assert_ne!(changed, text, "{old}");
            // A field that nobody reads changes nothing.
            assert_eq!(alike(&text, &changed), old == "f: flag", "{old} -> {new}");
        }
    }
}
