//! Random policies and records.
//!
//! For tests of what must agree whatever is written: facts that are taken away and the same facts on file, the evaluator
//! and whatever is faster, one order of rules and another. [`program`] gives policies that the checker accepts and whose
//! expressions use nearly every operation of the plan; [`World`] gives records for any plan. Both are decided by a seed, so
//! that a failure says how to see it again; [`shrink`] finds a small program that still fails.

mod compare;
mod coverage;
mod expression;
mod make;
mod outcome;
mod program;
mod random;
mod rough;
mod tree;
mod usage;
mod world;

pub use compare::{Compared, differences};
pub use coverage::{CONSTRUCTS, covered};
pub use make::{Settings, program};
pub use outcome::outcome;
pub use program::{File, Item, Program, shrink};
pub use random::Random;
pub use rough::{Flaws, Roughness, listed, rough, smaller};
pub use tree::{Kind, Node};
pub use usage::{Usage, every_operation};
pub use world::{Slot, World};

/// The seed of the first random case: `RUBRIC_SEED`, or 0; a failure says its own.
#[must_use]
pub fn first_seed() -> u64 {
    std::env::var("RUBRIC_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// How many random cases a test looks at: `RUBRIC_CASES`, or the default, which keeps a run short.
#[must_use]
pub fn cases(default: usize) -> usize {
    std::env::var("RUBRIC_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}
