//! Tests of the evaluator on plans built by hand.

mod aggregates;
mod build;
mod depth;
mod enumeration;
mod requirements;
mod tables;
