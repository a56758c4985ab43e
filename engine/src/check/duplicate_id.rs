//! # two requirements have the same id
//!
//! Severity: error
//!
//! The `id` of a requirement stands for it in reports and correspondence for as long as anybody reads them: it is stable, and
//! no other requirement has it, in no policy.
//!
//! Wrong:
//!
//! ```rubric
//! requirement enough of Student { id "ST-01"  cite "§ 9"  must credits >= 5 }
//! requirement known of Student { id "ST-01"  cite "§ 10"  must grade >= KG }
//! ```
//!
//! Right:
//!
//! ```rubric
//! requirement enough of Student { id "ST-01"  cite "§ 9"  must credits >= 5 }
//! requirement known of Student { id "ST-02"  cite "§ 10"  must grade >= KG }
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::plan::{RequirementId, Symbols};

pub(super) fn check<'i>(
    symbols: &Symbols,
    ids: impl IntoIterator<Item = &'i (RequirementId, Arc<str>)>,
    found: &mut Vec<Diagnostic>,
) {
    let mut by_id: BTreeMap<&str, Vec<RequirementId>> = BTreeMap::new();
    for (requirement, id) in ids {
        by_id.entry(id).or_default().push(*requirement);
    }
    for (id, requirements) in by_id {
        let mut same: Vec<_> = requirements.iter().filter_map(|one| symbols.requirement(*one)).collect();
        same.sort_by_key(|symbol| symbol.place);
        let Some((first, others)) = same.split_first() else { continue };
        for other in others {
            let message = format!("`{}` has the id of `{}`: `{id}`", other.name, first.name);
            let diagnostic = Diagnostic::error("duplicate-id", other.place, message)
                .label(first.place, "this requirement has it already")
                .help("give it an id that was never used");
            found.push(diagnostic);
        }
    }
}
