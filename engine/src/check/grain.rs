//! How finely a number can be divided: of which decimal unit it is surely a whole multiple.

use std::cell::RefCell;
use std::collections::BTreeMap;

use rubric_grammar::ast::{AggregateKind, RoundingUnit};

use crate::diagnostic::Place;
use crate::plan::{
    AmountBody, AmountId, ArithmeticOp, Code, DefineId, ExprId, LineBody, Op, ParameterId, Plan,
    PopulationKind,
};
use crate::value::{Base, Number, Value};

/// The places after the point that a number may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Grain {
    /// So many at most.
    Places(u32),
    /// Some number of them.
    Finite,
    /// Perhaps without end, as 1/3 has.
    Endless,
}

/// Whole cents.
pub(super) const CENTS: Grain = Grain::Places(2);

/// More places than a literal usefully has.
const MOST_PLACES: u32 = 40;

impl Grain {
    /// That of a constant.
    fn of_number(number: &Number) -> Self {
        let fits = |places: &u32| number.has_places(*places);
        (0..=MOST_PLACES).find(fits).map_or(Self::Endless, Self::Places)
    }

    fn times(self, other: Self) -> Self {
        match (self, other) {
            (Self::Places(a), Self::Places(b)) => Self::Places(a.saturating_add(b)),
            (Self::Endless, _) | (_, Self::Endless) => Self::Endless,
            _ => Self::Finite,
        }
    }

    /// What a fact of that type may have: money on file is whole cents, and what is read from decimals ends.
    const fn of_fact(base: Base) -> Self {
        match base {
            Base::Money => CENTS,
            Base::Number | Base::Percent => Self::Finite,
            _ => Self::Places(0),
        }
    }

    /// What is left when nothing else is known of an expression.
    const fn of_type(base: Base) -> Self {
        match base {
            Base::Money | Base::Number | Base::Percent => Self::Endless,
            _ => Self::Places(0),
        }
    }
}

/// That of a unit of rounding.
pub(super) fn of_unit(unit: RoundingUnit) -> Grain {
    Grain::Places(match unit {
        RoundingUnit::Cents => 2,
        RoundingUnit::Dollars | RoundingUnit::Whole => 0,
        RoundingUnit::Places(places) => u32::from(places),
    })
}

/// A unit in words: "dollars".
pub(super) fn unit_words(unit: RoundingUnit) -> String {
    match unit {
        RoundingUnit::Cents => "cents".to_owned(),
        RoundingUnit::Dollars => "dollars".to_owned(),
        RoundingUnit::Whole => "whole".to_owned(),
        RoundingUnit::Places(places) => format!("{places} places"),
    }
}

/// Something whose grain is worked out once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    Define(DefineId),
    Amount(AmountId),
    Line(AmountId, u32),
}

/// Finds grains in a plan.
pub(super) struct Grains<'p> {
    plan: &'p Plan,
    known: RefCell<BTreeMap<Node, Grain>>,
}

impl<'p> Grains<'p> {
    pub(super) const fn new(plan: &'p Plan) -> Self {
        Self { plan, known: RefCell::new(BTreeMap::new()) }
    }

    /// That of an expression outside definitions with arguments.
    pub(super) fn of(&self, code: &Code, id: ExprId) -> Grain {
        self.expr(code, id, &[])
    }

    /// The part of an expression that is finer than a unit while nothing in it is.
    pub(super) fn finest(&self, code: &Code, root: ExprId, unit: Grain) -> ExprId {
        let mut at = root;
        loop {
            let Some(expr) = code.get(at) else { return at };
            let finer = |id: &ExprId| self.of(code, *id) > unit;
            let whole = matches!(expr.op, Op::Define { .. } | Op::Amount { .. } | Op::Field { .. });
            match crate::plan::operands(&expr.op).into_iter().find(finer) {
                Some(next) if !whole => at = next,
                _ => return at,
            }
        }
    }

    fn expr(&self, code: &Code, id: ExprId, arguments: &[Grain]) -> Grain {
        let Some(expr) = code.get(id) else { return Grain::Places(0) };
        let of = |id: ExprId| self.expr(code, id, arguments);
        let most = |all: &[ExprId]| all.iter().map(|id| of(*id)).max().unwrap_or(Grain::Places(0));
        match &expr.op {
            Op::Literal(Value::Number(number)) => Grain::of_number(number),
            Op::Field { .. } | Op::Input(_) => Grain::of_fact(expr.ty.base),
            Op::Argument(position) => {
                let given = arguments.get(usize::from(*position)).copied();
                given.unwrap_or(Grain::of_type(expr.ty.base))
            }
            Op::Define { define, arguments, .. } if arguments.is_empty() => {
                self.once(Node::Define(*define), || self.define(*define, &[]))
            }
            Op::Define { define, arguments, .. } => {
                let given: Vec<Grain> = arguments.iter().map(|id| of(*id)).collect();
                self.define(*define, &given)
            }
            Op::Amount { amount, line: None, .. } => self.amount(*amount),
            Op::Amount { amount, line: Some(line), .. } => self.line(*amount, *line),
            Op::Parameter { parameter, .. } => self.parameter(*parameter),
            Op::Negate(a) => of(*a),
            Op::ToCount(_) => Grain::Places(0),
            Op::Rounded(a, _, unit) => of(*a).min(of_unit(*unit)),
            Op::Presumed(a, b) | Op::If(_, a, b) => most(&[*a, *b]),
            Op::Case(case) => {
                let values: Vec<ExprId> =
                    case.arms.iter().map(|(_, value)| *value).chain(case.otherwise).collect();
                most(&values)
            }
            Op::Min(all) | Op::Max(all) => most(all),
            Op::Arithmetic(ArithmeticOp::Add | ArithmeticOp::Sub, a, b) => most(&[*a, *b]),
            Op::Arithmetic(ArithmeticOp::Mul, a, b) => of(*a).times(of(*b)),
            Op::Arithmetic(ArithmeticOp::Div, a, b) => match code.get(*b).map(|expr| &expr.op) {
                Some(Op::Literal(Value::Number(by))) => {
                    let one_by = Number::ONE.div(by).map_or(Grain::Endless, |part| Grain::of_number(&part));
                    of(*a).times(one_by)
                }
                _ => Grain::Endless,
            },
            Op::Aggregate {
                kind: AggregateKind::Sum | AggregateKind::Highest | AggregateKind::Lowest,
                operand: Some(operand),
                ..
            } => of(*operand),
            Op::Pick { read, .. } => of(*read),
            Op::Population(population) if population.kind == PopulationKind::Total => of(population.operand),
            Op::Apportion { unit, .. } => of_unit(*unit),
            _ => Grain::of_type(expr.ty.base),
        }
    }

    /// What is in the middle of being found out lies on a circle, which is reported as such.
    fn once(&self, node: Node, find: impl FnOnce() -> Grain) -> Grain {
        if let Some(known) = self.known.borrow().get(&node) {
            return *known;
        }
        self.known.borrow_mut().insert(node, Grain::Places(0));
        let found = find();
        self.known.borrow_mut().insert(node, found);
        found
    }

    fn define(&self, define: DefineId, arguments: &[Grain]) -> Grain {
        // One with errors has been reported.
        let Some(body) = self.plan.defines.get(&define.0) else { return Grain::Places(0) };
        let arms = body.arms.iter().map(|arm| self.expr(&body.code, arm.value, arguments));
        arms.max().unwrap_or(Grain::Places(0))
    }

    fn amount(&self, amount: AmountId) -> Grain {
        self.once(Node::Amount(amount), || {
            let Some(body) = self.plan.amounts.get(&amount.0) else { return Grain::Places(0) };
            if let Some((_, unit)) = body.total.and_then(|total| total.rounding) {
                return of_unit(unit);
            }
            let limits = body.total.iter().flat_map(|total| [total.at_most, total.at_least]).flatten();
            let limits = limits.map(|limit| self.of(&body.code, limit));
            let lines = body.lines.iter().map(|line| self.version(body, line));
            limits.chain(lines).max().unwrap_or(Grain::Places(0))
        })
    }

    fn line(&self, amount: AmountId, line: u32) -> Grain {
        self.once(Node::Line(amount, line), || {
            let symbol = self.plan.symbols.amount(amount);
            let label = symbol.and_then(|symbol| symbol.lines.get(line as usize));
            let (Some(body), Some(label)) = (self.plan.amounts.get(&amount.0), label) else {
                return Grain::Places(0);
            };
            let versions: Vec<&LineBody> = body.lines.iter().filter(|line| *line.label == **label).collect();
            if versions.is_empty() {
                // The generated line is a difference of the total and all others.
                let others = body.lines.iter().map(|line| self.version(body, line));
                return others.chain([self.amount(amount)]).max().unwrap_or(Grain::Places(0));
            }
            versions.into_iter().map(|line| self.version(body, line)).max().unwrap_or(Grain::Places(0))
        })
    }

    fn version(&self, body: &AmountBody, line: &LineBody) -> Grain {
        let parts = [Some(line.value), line.at_most, line.at_least].into_iter().flatten();
        parts.map(|part| self.of(&body.code, part)).max().unwrap_or(Grain::Places(0))
    }

    fn parameter(&self, parameter: ParameterId) -> Grain {
        let Some(body) = self.plan.parameters.get(&parameter.0) else { return Grain::Places(0) };
        let cells = body.rows.iter().flat_map(|row| row.cells.values().flatten().chain(&row.otherwise));
        let grains = cells.map(|value| match value {
            Value::Number(number) => Grain::of_number(number),
            _ => Grain::Places(0),
        });
        grains.max().unwrap_or(Grain::Places(0))
    }
}

/// The edits that round an expression: brackets around it and the rounding behind.
pub(super) fn round_edits(place: Place, rounding: &str) -> Vec<(Place, String)> {
    let at = |offset: u32| Place { span: rubric_grammar::Span::new(offset, offset), ..place };
    vec![(at(place.span.start), "(".to_owned()), (at(place.span.end), format!(") rounded {rounding}"))]
}

/// All typed code of a plan but that of tests.
pub(super) fn codes(plan: &Plan) -> impl Iterator<Item = &Code> {
    let defines = plan.defines.values().map(|body| &body.code);
    let decisions = plan.decisions.values().map(|body| &body.code);
    let requirements = plan.requirements.values().map(|body| &body.code);
    let amounts = plan.amounts.values().map(|body| &body.code);
    defines.chain(decisions).chain(requirements).chain(amounts)
}
