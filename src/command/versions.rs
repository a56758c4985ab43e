//! `rubric diff` without records: what two versions of policies say otherwise, and of whom they ever decide otherwise.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use rubric_engine::plan::{Plan, PolicyId};
use rubric_engine::versions::{Version, compare};

use super::Outcome;
use crate::cli::{DiffArgs, ReportFormat};
use crate::failure::Failure;
use crate::project;
use crate::render;
use crate::session::show_obstacles;
use crate::terminal::Terminal;

pub(crate) fn versions(args: &DiffArgs, terminal: Terminal) -> Result<Outcome, Failure> {
    let (Some((old, in_old)), Some((new, in_new))) =
        (loaded(&args.old, terminal)?, loaded(&args.new, terminal)?)
    else {
        return Ok(Outcome::Findings);
    };
    let progress = terminal.progress("comparing", new.symbols.results.len() as u64);
    let advance = || progress.advance(1);
    let found = compare(
        Version { plan: &old, policies: &in_old },
        Version { plan: &new, policies: &in_new },
        &advance,
    );
    drop(progress);
    terminal.print(&match args.format {
        ReportFormat::Full => render::full_versions(&found, terminal),
        ReportFormat::Json => render::to_json(&render::versions_report(&found))?,
    })?;
    terminal.say(&render::versions_summary(&found));
    Ok(Outcome::found(found.differ()))
}

/// A plan, and which of its policies are those of the path.
type Loaded = (Arc<Plan>, BTreeSet<PolicyId>);

/// The plan of a version and its own policies; nothing when it has errors, which have been shown.
fn loaded(path: &Path, terminal: Terminal) -> Result<Option<Loaded>, Failure> {
    let project = project::locate(&[path.to_path_buf()])?.load(&[])?;
    let errors = project.errors_before_proofs();
    if !errors.is_empty() {
        show_obstacles(&errors, "nothing was compared", terminal)?;
        terminal.say(&format!("`{}` cannot be compared", path.display()));
        return Ok(None);
    }
    let plan = project.database.plan();
    let policies = (0_u32..)
        .zip(&plan.symbols.policies)
        .filter(|(_, policy)| project.own_policies.contains(&policy.name))
        .map(|(id, _)| PolicyId(id))
        .collect();
    Ok(Some((plan, policies)))
}
