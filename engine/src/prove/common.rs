//! What two versions have in common: an expression that both read has one value, also where it cannot be followed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use super::encode::Frame;
use super::sym::{Leaf, Sym};
use super::world::Law;
use crate::plan::{Code, ExprId, Op, Plan, Shape, Shaper, Shapes};

/// What an expression is read under.
type Key = (Shape, Vec<Option<Leaf>>, Vec<Sym>, Law);

/// The expressions that both versions have, and the values found for them.
#[derive(Clone, Default)]
pub(super) struct Common {
    /// By the address of a code, which the plans hold in place while they are compared: the shapes of its expressions.
    shapes: Rc<HashMap<usize, BTreeMap<u32, Shape>>>,
    known: BTreeMap<Key, Sym>,
}

fn address(code: &Code) -> usize {
    std::ptr::from_ref(code).addr()
}

impl Common {
    /// What the plans have in common.
    pub(super) fn of(old: &Plan, new: &Plan) -> Self {
        let mut shapes = Shapes::default();
        let mut read = |plan: &Plan| -> Vec<(usize, BTreeMap<u32, Shape>)> {
            let mut shaper = Shaper::new(plan, &mut shapes);
            super::vocabulary::codes(plan)
                .map(|code| {
                    let found = shaper.code(code).into_iter().zip(&code.exprs).zip(0_u32..);
                    let worth = found
                        .filter_map(|((shape, expr), at)| Some((at, shape.filter(|_| is_worth(&expr.op))?)));
                    (address(code), worth.collect())
                })
                .collect()
        };
        let (one, other) = (read(old), read(new));
        let all = |list: &[(usize, BTreeMap<u32, Shape>)]| -> BTreeSet<Shape> {
            list.iter().flat_map(|(_, shapes)| shapes.values().copied()).collect()
        };
        let both: BTreeSet<Shape> = all(&one).intersection(&all(&other)).copied().collect();
        let mut shapes = HashMap::new();
        for (code, mut found) in one.into_iter().chain(other) {
            found.retain(|_, shape| both.contains(shape));
            shapes.insert(code, found);
        }
        Self { shapes: Rc::new(shapes), known: BTreeMap::new() }
    }

    /// Under what an expression is kept; nothing where it is not in common.
    pub(super) fn key(&self, frame: &Frame<'_>, id: ExprId) -> Option<Key> {
        if self.shapes.is_empty() {
            return None;
        }
        let shape = self.shapes.get(&address(frame.code))?.get(&id.0)?;
        Some((*shape, frame.slots.clone(), frame.arguments.clone(), frame.law.clone()))
    }

    pub(super) fn get(&self, key: &Key) -> Option<&Sym> {
        self.known.get(key)
    }

    pub(super) fn keep(&mut self, key: Key, sym: Sym) {
        self.known.insert(key, sym);
    }
}

/// Whether an operation is more than a look at what is there.
fn is_worth(op: &Op) -> bool {
    !matches!(
        op,
        Op::Literal(_)
            | Op::AsOf
            | Op::Row(_)
            | Op::Argument(_)
            | Op::Field { .. }
            | Op::Input(_)
            | Op::TestRow(_)
    )
}
