//! `rubric test`: the tests written in policies.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread;

use rubric_engine::diagnostic::FileId;
use rubric_engine::plan::{Plan, TestBody};
use rubric_engine::testing::{Coverage, judge, mutants, run_covered};

use super::{Outcome, generate};
use crate::cli::{ReportFormat, TestArgs};
use crate::failure::Failure;
use crate::project::{self, Project};
use crate::render::{self, Lookup, Mutation, Tested};
use crate::session::show_obstacles;
use crate::terminal::{Style, Terminal, counted};

pub(crate) fn test(args: &TestArgs, terminal: Terminal) -> Result<Outcome, Failure> {
    let project = project::locate(&args.paths)?.load(&[])?;
    let obstacles = project.errors_before_proofs();
    if !obstacles.is_empty() {
        return show_obstacles(&obstacles, "no test was run", terminal);
    }
    let plan = project.database.plan();
    let asked: BTreeSet<FileId> = project.asked.iter().copied().collect();
    let tests: Vec<Arc<TestBody>> = plan
        .tests
        .iter()
        .filter(|test| asked.contains(&test.place.file))
        .filter(|test| {
            args.filter.as_ref().is_none_or(|filter| {
                let policy = plan.symbols.policy(test.policy).map_or("", |policy| policy.name.as_str());
                test.title.contains(filter) || policy.contains(filter)
            })
        })
        .cloned()
        .collect();
    let mut coverage = Coverage::default();
    let progress = terminal.progress("testing", tests.len() as u64);
    let mut reports = Vec::new();
    for test in &tests {
        reports.push(run_covered(&plan, test, &mut coverage));
        progress.advance(1);
    }
    drop(progress);
    let covered = || {
        let all = coverage.report(&plan).into_iter();
        all.filter(|part| asked.contains(&part.place.file)).collect()
    };
    let mut tested = Tested { reports, coverage: args.coverage.then(covered), mutation: None };
    let all_passed = tested.failed() == 0;
    if args.mutate && all_passed {
        tested.mutation = Some(mutation(&project, &plan, &tests, terminal));
    }
    if args.generate && all_passed {
        return generate::write(args, &project, &plan, &tests, terminal);
    }
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
    let Some(mutation) = &tested.mutation else {
        if args.mutate {
            terminal.say("no change was tried: the tests have to pass first");
        }
        if args.generate {
            terminal.say("no test was written: the tests have to pass first");
        }
        return Ok(Outcome::found(failed > 0));
    };
    let score = mutation.score();
    if args.format == ReportFormat::Full {
        terminal.say(&render::score_words(score, terminal));
    }
    let under = args.fail_under.filter(|least| !score.reaches(usize::from(*least)));
    if let Some(least) = under {
        terminal.say(&format!("the score is under {least}%"));
    }
    Ok(Outcome::found(under.is_some()))
}

/// Which small changes of the policies that were asked for the tests notice.
fn mutation(project: &Project, plan: &Plan, tests: &[Arc<TestBody>], terminal: Terminal) -> Mutation {
    let text = |place| project.database.source(place);
    let mut mutants = mutants(plan, &text);
    mutants.retain(|mutant| project.asked.contains(&mutant.place.file));
    let progress = terminal.progress("mutating", mutants.len() as u64);
    let threads = thread::available_parallelism().map_or(1, Into::into);
    let fates = judge(plan, tests, &mutants, threads, &|| progress.advance(1));
    let names = mutants.iter().map(|mutant| mutant.of.name(plan)).collect();
    Mutation { mutants, names, fates }
}
