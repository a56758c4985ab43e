//! The rules that pest derives from `rubric.pest`.

#![allow(unreachable_pub, missing_docs, reason = "derived code")]

#[derive(pest_derive::Parser)]
#[grammar = "rubric.pest"]
pub struct RubricParser;
