//! The invented district: what is wrong with its files, and how many records have each result.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests fail by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rubric_engine::data::{self, DataSource, Dataset, Manifest, Severity};
use rubric_engine::db::Database;
use rubric_engine::evaluate::{By, Evaluator, Options, Verdict};
use rubric_engine::plan::{DecisionId, Plan, RequirementId, ResultStatus, category_value};
use rubric_engine::value::Date;
use rubric_policies::FILES;

struct District {
    database: Database,
    data: Dataset,
    as_of: Date,
}

fn district() -> District {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut database = Database::default();
    for (path, text) in FILES {
        database.set_text(path, Some(text));
    }
    let manifest = Manifest::parse(&fs::read_to_string(root.join("rubric.toml")).unwrap()).unwrap();
    let set = manifest.data["sample"].clone();
    let as_of = set.as_of.unwrap();
    let source = DataSource { path: root.join(&set.path), shown: set.path.clone(), set, preset: None };
    let data = data::read(&database.plan().symbols, &source).unwrap();
    District { database, data, as_of }
}

/// How many records have each result, most first.
fn listed(counts: BTreeMap<String, u32>) -> String {
    let mut counts: Vec<(String, u32)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts.iter().map(|(result, count)| format!("{result} {count}")).collect::<Vec<_>>().join(", ")
}

fn status(status: ResultStatus) -> String {
    let mut name = String::new();
    for found in format!("{status:?}").chars() {
        if found.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(found.to_lowercase());
    }
    name
}

fn decision(plan: &Plan, evaluator: &Evaluator<'_>, name: &str) -> String {
    let position = plan.symbols.decisions.iter().position(|symbol| symbol.name == name).unwrap();
    let symbol = &plan.symbols.decisions[position];
    let mut counts = BTreeMap::new();
    for row in 0..evaluator.rows_of(symbol.of).unwrap() {
        let result = match evaluator.decision(DecisionId(u32::try_from(position).unwrap()), row).verdict {
            Verdict::Outcome(outcome) => {
                category_value(&plan.symbols, symbol.outcomes, outcome).unwrap().to_owned()
            }
            Verdict::Status(found) => status(found),
        };
        *counts.entry(result).or_default() += 1;
    }
    listed(counts)
}

fn requirement(plan: &Plan, evaluator: &Evaluator<'_>, name: &str) -> String {
    let position = plan.symbols.requirements.iter().position(|symbol| symbol.name == name).unwrap();
    let symbol = &plan.symbols.requirements[position];
    let mut counts = BTreeMap::new();
    for row in 0..evaluator.rows_of(symbol.of).unwrap() {
        let found = evaluator.requirement(RequirementId(u32::try_from(position).unwrap()), row).status;
        *counts.entry(status(found)).or_default() += 1;
    }
    listed(counts)
}

#[test]
fn each_fault_of_the_files_is_reported_where_it_is() {
    let district = district();
    let found: Vec<String> = district
        .data
        .errors
        .iter()
        .filter(|error| error.severity != Severity::Information)
        .map(|error| {
            let file = error.file.map_or("", |file| district.data.files[file as usize].as_str());
            let file = file.rsplit('/').next().unwrap();
            format!(
                "{file}:{} {} {}",
                error.line.unwrap(),
                error.column.as_deref().unwrap_or("-"),
                error.code
            )
        })
        .collect();
    assert_eq!(
        found.join("\n"),
        "\
StaffSectionAssociation.csv:24 on_site missing-value
StaffSectionAssociation.csv:27 - dangling-key
StudentCompetencyObjective.csv:56 competency_level missing-value
StudentCompetencyObjective.csv:225 competency_level unknown-code
StudentCompetencyObjective.csv:640 competency_level unknown-code
enrollment_history.csv:213 Grade unknown-code
enrollment_history.csv:649 - dangling-key
students.csv:85 - duplicate-key
students.csv:378 DOB bad-date
students.csv:380 DOB missing-value"
    );
}

#[test]
fn every_outcome_occurs() {
    let district = district();
    let plan = district.database.plan();
    let evaluator = Evaluator::new(&plan, &district.data, district.as_of, Options::default());
    for (name, expected) in [
        (
            "promotion",
            "not_applicable 291, promoted 50, promoted_for_good_cause 20, retained 17, undetermined 8, error 2",
        ),
        (
            "progression",
            "not_applicable 277, moves_on 44, moves_on_with_support 33, continues 25, undetermined 5, conflict 2, error 2",
        ),
        (
            "lab_staffing",
            "not_applicable 13, not_staffed 6, paraprofessional_with_teacher_of_record 6, teacher_in_the_lab 2, undetermined 2",
        ),
        ("age_eligibility", "not_applicable 257, eligible 123, ineligible 3, undetermined 3, error 2"),
        (
            "last_season",
            "kept_even_if_retained 344, lost_if_retained 32, lost_in_any_case 7, undetermined 3, error 2",
        ),
    ] {
        let found = decision(&plan, &evaluator, name);
        assert_eq!(found, expected, "{name}");
        let symbol = plan.symbols.decisions.iter().find(|symbol| symbol.name == name).unwrap();
        for outcome in &plan.symbols.category(symbol.outcomes).unwrap().values {
            assert!(
                found.split(", ").any(|one| one.starts_with(&format!("{} ", outcome.name))),
                "{name}: {}",
                outcome.name
            );
        }
    }
    for (name, expected) in [
        ("lab_supervision", "not_applicable 13, met 8, violated 4, undetermined 2, excepted 1, pending 1"),
        ("title_i_paraprofessional", "not_applicable 29, violated 3, met 2, undetermined 2"),
        ("credential_in_force", "met 24, not_applicable 16, violated 4, undetermined 1"),
        ("credential_dates", "met 27, violated 1"),
    ] {
        assert_eq!(requirement(&plan, &evaluator, name), expected, "{name}");
    }
}

#[test]
fn every_rule_decides_for_somebody() {
    let district = district();
    let plan = district.database.plan();
    let evaluator = Evaluator::new(&plan, &district.data, district.as_of, Options::default());
    for (position, symbol) in (0_u32..).zip(&plan.symbols.decisions) {
        let body = &plan.decisions[&position];
        let mut used = vec![false; body.rules.len()];
        // The district has no blended programs on file; that policy's own tests meet each of its rules.
        let Some(rows) = evaluator.rows_of(symbol.of) else {
            assert_eq!(symbol.name, "blended_model");
            continue;
        };
        for row in 0..rows {
            for by in evaluator.decision(DecisionId(position), row).by {
                if let By::Rule(rule) = by {
                    used[rule as usize] = true;
                }
            }
        }
        // What other districts amend is for their own students; the tests of their policies meet it.
        for (rule, used) in body.rules.iter().zip(used).filter(|(rule, _)| rule.guard.is_none()) {
            assert!(used, "{}: {}", symbol.name, rule.label);
        }
    }
}
