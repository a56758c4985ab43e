//! `rubric test --generate`: tests at the sides of thresholds and days that no test stands on.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::sync::Arc;

use rubric_engine::db::Database;
use rubric_engine::diagnostic::FileId;
use rubric_engine::plan::{Plan, PolicyId, Symbols, TestBody};
use rubric_engine::testing::{Generated, Side, Written, generate, sides};

use super::Outcome;
use crate::atomic;
use crate::cli::TestArgs;
use crate::failure::Failure;
use crate::project::Project;
use crate::render::Lookup;
use crate::terminal::{Terminal, counted};

/// Writes the tests; those that were run all passed.
pub(super) fn write(
    args: &TestArgs,
    project: &Project,
    plan: &Plan,
    tests: &[Arc<TestBody>],
    terminal: Terminal,
) -> Result<Outcome, Failure> {
    let files: BTreeSet<FileId> = project.asked.iter().copied().collect();
    let text = |place| project.database.source(place);
    let mut draft = Draft::new(&project.database, &plan.symbols);
    let progress = terminal.progress("generating", sides(plan, &files, &text) as u64);
    let found =
        generate(plan, tests, &files, &text, &mut |policy, block| draft.compile(policy, block), &|| {
            progress.advance(1)
        });
    drop(progress);
    let written = blocks(project, plan, &found);
    match &args.out {
        Some(path) => {
            if path.exists() {
                return Err(Failure::new(format!("`{}` is there already", path.display()))
                    .help("name a new file, and move the tests that are right to their policies"));
            }
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).map_err(|error| Failure::io("make", folder, &error))?;
            }
            atomic::replace(path, written.as_bytes()).map_err(|error| Failure::io("write", path, &error))?;
        }
        None => terminal.print(&written)?,
    }
    let mut lookup = Lookup::new(&project.database);
    let mut made = 0;
    for side in &found {
        match &side.found {
            Generated::Test(_) => made += 1,
            Generated::Nothing(why) => {
                let spot = lookup.spot(side.place, "");
                terminal.say(&format!(
                    "{}:{}: no test for a side of `{}`: {why}",
                    spot.source.path, spot.start.line, side.border
                ));
            }
        }
    }
    let wrote = format!("{} written", counted(made, "test"));
    terminal.say(&if made == 0 { wrote } else { format!("{wrote}: a person must confirm each of them") });
    Ok(Outcome::Clean)
}

/// The tests, those of each policy together.
fn blocks(project: &Project, plan: &Plan, found: &[Side]) -> String {
    let mut by_policy: BTreeMap<PolicyId, Vec<&Written>> = BTreeMap::new();
    for side in found {
        if let Generated::Test(written) = &side.found {
            by_policy.entry(written.policy).or_default().push(written);
        }
    }
    let mut text = String::new();
    for (policy, blocks) in by_policy {
        let Some(declared) = plan.symbols.policy(policy) else { continue };
        let path = project.database.path(declared.place.file);
        let _ = writeln!(text, "// for the end of {path}\n");
        let uses: BTreeSet<&String> = blocks.iter().flat_map(|written| &written.uses).collect();
        for policy in &uses {
            let _ = writeln!(text, "use {policy}");
        }
        if !uses.is_empty() {
            text.push('\n');
        }
        for written in blocks {
            let _ = writeln!(text, "{}\n", written.block.trim_end());
        }
    }
    text.truncate(text.trim_end().len());
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// The policies once more, to try blocks in.
struct Draft {
    database: Database,
    symbols: Arc<Symbols>,
}

impl Draft {
    fn new(of: &Database, symbols: &Arc<Symbols>) -> Self {
        let mut files = of.files();
        files.sort();
        let mut database = Database::default();
        for file in files {
            database.set_text(of.path(file), Some(&of.text(file)));
        }
        Self { database, symbols: Arc::clone(symbols) }
    }

    /// The test that a block at the end of a policy's file is, or what is wrong with it.
    fn compile(&mut self, policy: PolicyId, block: &str) -> Result<Arc<TestBody>, String> {
        let nowhere = || "its policy is not known".to_owned();
        let file = self.symbols.policy(policy).ok_or_else(nowhere)?.place.file;
        let path = self.database.path(file).to_owned();
        let text = self.database.text(file);
        self.database.set_text(&path, Some(&format!("{}\n\n{block}", text.trim_end())));
        let plan = self.database.plan();
        let found = self.database.errors(file);
        let wrong = found.into_iter().next().map(|it| it.message);
        let test = plan.tests.iter().rfind(|test| test.place.file == file).cloned();
        self.database.set_text(&path, Some(&text));
        match (wrong, test) {
            (Some(wrong), _) => Err(wrong),
            (None, Some(test)) if self.is_same(&plan.symbols, policy) => Ok(test),
            (None, _) => Err("it is no test there".to_owned()),
        }
    }

    /// Whether everything is declared as it was, but for what the policy can name.
    fn is_same(&self, now: &Symbols, policy: PolicyId) -> bool {
        let mut now = now.clone();
        let (Some(before), Some(after)) =
            (self.symbols.policy(policy), now.policies.get_mut(policy.0 as usize))
        else {
            return false;
        };
        after.scope = before.scope.clone();
        now == *self.symbols
    }
}
