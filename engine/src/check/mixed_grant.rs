//! # a value that may be raised tightens one result and loosens another
//!
//! Severity: warning
//!
//! `districts may raise` (or `lower`) lets a district be stricter, or more generous, by one number. Where two rules read it in
//! opposite ways, raising it does both: one record loses by it and another gains, so that the grant allows more than it
//! seems to. The checker looks for two such records among the decisions and requirements that hang on the parameter, whatever
//! policy of the state they stand in, with any greater (or lesser) value; the evaluator has confirmed both, and they stand
//! there as `test` blocks. Where all readers move one way, or it can be shown that none moves the other, nothing is said.
//!
//! Wrong: a higher level promotes fewer children, and gives the summer school to more.
//!
//! ```rubric
//! policy example {
//!   title     "Promotion"
//!   authority state "Florida"
//!   cite      "§ 1"
//! }
//! record District { key district_id: text }
//! record Student { key student_id: text  district: District jurisdiction  level: count }
//! parameter passing_level: count, districts may raise { cite "(3)" from 2014-07-01: 2 }
//! decision promotion of Student {
//!   outcomes promoted, retained
//!   default retained cite "(1)"
//!   rule reads_at_level: promoted when level >= passing_level cite "(2)"
//! }
//! decision summer_school of Student {
//!   outcomes offered, not_offered
//!   default not_offered cite "(4)"
//!   rule reads_below_level: offered when level < passing_level cite "(5)"
//! }
//! ```
//!
//! Right: a level of its own for each.
//!
//! ```rubric
//! policy example {
//!   title     "Promotion"
//!   authority state "Florida"
//!   cite      "§ 1"
//! }
//! record District { key district_id: text }
//! record Student { key student_id: text  district: District jurisdiction  level: count }
//! parameter passing_level: count, districts may raise { cite "(3)" from 2014-07-01: 2 }
//! parameter summer_level: count { cite "(4)" from 2014-07-01: 2 }
//! decision promotion of Student {
//!   outcomes promoted, retained
//!   default retained cite "(1)"
//!   rule reads_at_level: promoted when level >= passing_level cite "(2)"
//! }
//! decision summer_school of Student {
//!   outcomes offered, not_offered
//!   default not_offered cite "(4)"
//!   rule reads_below_level: offered when level < summer_level cite "(5)"
//! }
//! ```
//!
//! Of a table each cell is looked at, what `otherwise` gives too, and of a requirement `for each` value each of its first 64
//! values; what is left is said to be `not-decided`. There is no fix: which of the readers shall keep the parameter is for
//! whoever makes the policy to say. Where both are meant, say so: `allow(mixed-grant) "reason"` before the parameter. Amounts,
//! and decisions whose outcomes are `in any order`, have no direction and are not looked at.

use super::not_decided;
use crate::diagnostic::Diagnostic;
use crate::layer;
use crate::plan::{ParameterId, Permission, Plan, Symbol};
use crate::prove::{Mixed, Moved, mixed, readers};

pub(super) fn told(whole: &Plan, parameter: ParameterId) -> Vec<Diagnostic> {
    let symbols = &whole.symbols;
    let Some(symbol) = symbols.parameter(parameter) else { return Vec::new() };
    let above = symbols.above(symbol.policy);
    let law = layer::only(whole, |policy| policy == symbol.policy || above.contains(&policy));
    let results = readers(&law, parameter);
    let grants = symbols.grants.get(&Symbol::Parameter(parameter)).map_or(&[][..], Vec::as_slice);
    let mut found = Vec::new();
    for (what, rises) in [(Permission::Raise, true), (Permission::Lower, false)] {
        let Some(grant) = grants.iter().find(|grant| grant.what == what) else { continue };
        let (name, word) = (&symbol.name, if rises { "raised" } else { "lowered" });
        match mixed(&law, whole, &results, parameter, rises) {
            None => {}
            Some(Mixed::Both(tighter, looser)) => {
                let moved = |moved: &Moved| {
                    let name = moved.subject.name(symbols);
                    format!("of one record `{name}` goes from {} to {}", moved.before.word, moved.after.word)
                };
                let message = format!(
                    "`{name}` may be {word}, and that works both ways: {}, {}",
                    moved(&tighter),
                    moved(&looser)
                );
                let test = |moved: &Moved| {
                    let name = moved.subject.name(symbols);
                    let title =
                        format!("{name}: {} before {} is {word}", moved.before.word, symbol.name);
                    let expected = format!("%.{} = {}", moved.subject.written(symbols), moved.after.written(moved.subject));
                    moved.witness.test(symbols, &title, &expected)
                };
                found.push(Diagnostic::warning("mixed-grant", grant.place, message).help(format!(
                    "give the rules that it tightens and those that it loosens a parameter each, and grant the one; records \
                     that show it, made up:\n\n{}\n{}",
                    test(&tighter),
                    test(&looser)
                )));
            }
            Some(Mixed::NotDecided(why)) => {
                let what = format!("whether `{name}`, {word}, moves all that reads it one way");
                found.push(not_decided::open(grant.place, &what, &why));
            }
        }
    }
    found
}
