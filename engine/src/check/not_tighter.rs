//! # an amendment that may only tighten loosens
//!
//! Severity: error
//!
//! `districts may tighten` allows a district to be less favourable than the state, never more: where the state gives an
//! outcome, the district must give that one or one further down the list; a requirement that is satisfied in the district
//! must be satisfied by the state's law too. And where the state decides, the district must decide: a conflict, an error or a
//! record for which no rule matches is no decision.
//! The checker looks at all complete records of the authority at once, in each stretch of law, and shows one for which it is not
//! so, with what both laws give; the evaluator has confirmed it, and the record stands there as a `test` block.
//!
//! The two laws are whole: the one with all that the policies above amend, the other with all that this policy amends
//! besides, values of parameters too. Where the law above gives no outcome nothing is asked. An amended law that is
//! undetermined because a fact which may be missing (`flag?`) is missing breaks no grant: it is in nobody's favour.
//!
//! Wrong: a child who reads at level and was not at the camp is promoted by one rule and retained by the other.
//!
//! ```rubric
//! policy example {
//!   title     "Promotion"
//!   authority state "Florida"
//!   cite      "§ 1"
//! }
//! record District { key district_id: text }
//! record Student { key student_id: text  district: District jurisdiction  level: count  camp: flag }
//! decision promotion of Student, districts may tighten {
//!   outcomes promoted, retained
//!   default retained cite "(1)"
//!   rule reads_at_level: promoted when level >= 2 cite "(2)"
//! }
//! policy dade {
//!   title     "Dade"
//!   authority district "dade" under example
//!   cite      "B"
//! }
//! amend decision promotion {
//!   rule no_camp: retained when not camp cite "B-1"
//! }
//! ```
//!
//! Right: it says which of the two decides.
//!
//! ```rubric
//! policy example {
//!   title     "Promotion"
//!   authority state "Florida"
//!   cite      "§ 1"
//! }
//! record District { key district_id: text }
//! record Student { key student_id: text  district: District jurisdiction  level: count  camp: flag }
//! decision promotion of Student, districts may tighten {
//!   outcomes promoted, retained
//!   default retained cite "(1)"
//!   rule reads_at_level: promoted when level >= 2 cite "(2)"
//! }
//! policy dade {
//!   title     "Dade"
//!   authority district "dade" under example
//!   cite      "B"
//! }
//! amend decision promotion {
//!   rule no_camp: retained when not camp and level = 2 notwithstanding reads_at_level cite "B-1"
//! }
//! ```
//!
//! Where rules disagree an editor offers both ways out: that the rule of the amendment gives way (`subject to`), and, where its
//! outcome is one that the grant allows, that it prevails (`notwithstanding`). Of the rest there is no fix: a rule that gives
//! more than the state was written to do just that, and only its author, or who grants, can say what is to become of it.
//! Two rules that disagree, one of them of the amendment, are told here and not as `rule-conflict`. This error cannot be
//! allowed. Who was granted to `tighten` and to `relax`, or to `replace`, may change it either way, and nothing is proved.

use super::amended::{Layer, Said};
use crate::diagnostic::Diagnostic;
use crate::prove::{Direction, Overstep};

pub(super) fn told(layer: &Layer<'_>, found: &Overstep) -> Option<Diagnostic> {
    if layer.direction != Direction::Tighten {
        return None;
    }
    let Said { place, message, here } = layer.said(found);
    Some(layer.with_labels(found, Diagnostic::error("not-tighter", place, message).here(here)))
}
