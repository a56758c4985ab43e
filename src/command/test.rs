//! `rubric test`: the tests written in policies.

use std::collections::BTreeSet;
use std::sync::Arc;

use rubric_engine::diagnostic::FileId;
use rubric_engine::plan::TestBody;
use rubric_engine::testing::{Coverage, run_covered};

use super::Outcome;
use crate::cli::{ReportFormat, TestArgs};
use crate::failure::Failure;
use crate::project;
use crate::render::{self, Lookup, Tested};
use crate::session::show_obstacles;
use crate::terminal::{Style, Terminal, counted};

pub(crate) fn test(args: &TestArgs, terminal: Terminal) -> Result<Outcome, Failure> {
    let project = project::locate(&args.paths)?.load(&[])?;
    let obstacles = project.errors();
    if !obstacles.is_empty() {
        return show_obstacles(&obstacles, "no test was run", terminal);
    }
    let plan = project.database.plan();
    let asked: BTreeSet<FileId> = project.asked.iter().copied().collect();
    let tests: Vec<&Arc<TestBody>> = plan
        .tests
        .iter()
        .filter(|test| asked.contains(&test.place.file))
        .filter(|test| {
            args.filter.as_ref().is_none_or(|filter| {
                let policy = plan.symbols.policy(test.policy).map_or("", |policy| policy.name.as_str());
                test.title.contains(filter) || policy.contains(filter)
            })
        })
        .collect();
    let mut coverage = Coverage::default();
    let progress = terminal.progress("testing", tests.len() as u64);
    let mut reports = Vec::new();
    for test in tests {
        reports.push(run_covered(&plan, test, &mut coverage));
        progress.advance(1);
    }
    drop(progress);
    let covered = || {
        let all = coverage.report(&plan).into_iter();
        all.filter(|part| asked.contains(&part.place.file)).collect()
    };
    let tested = Tested { reports, coverage: args.coverage.then(covered) };
    let mut lookup = Lookup::new(&project.database);
    terminal.print(&match args.format {
        ReportFormat::Full => render::full_tests(&tested, &plan.symbols, &mut lookup, terminal),
        ReportFormat::Json => render::to_json(&render::test_report(&tested, &plan.symbols, &mut lookup))?,
    })?;
    let failed = tested.failed();
    if let (Some(filter), []) = (&args.filter, tested.reports.as_slice()) {
        terminal.say(&format!("no test has `{filter}` in its title or in the name of its policy"));
        return Ok(Outcome::Clean);
    }
    if args.format == ReportFormat::Full {
        let passed = counted(tested.reports.len() - failed, "test") + " passed";
        let passed = terminal.paint(Style::Good, &passed).into_owned();
        let failed_words = terminal.paint(Style::Bad, &format!("{failed} failed")).into_owned();
        terminal.say(&if failed == 0 { passed } else { format!("{passed}, {failed_words}") });
    }
    Ok(Outcome::found(failed > 0))
}
