//! A state with the amendments of three districts, run as one.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rubric_tests::Sandbox;
use serde_json::Value;

use crate::sandbox;

const DISTRICTS: [&str; 3] = [
    "districts.brackwater.progression",
    "districts.corbel_point.progression",
    "districts.tern_island.progression",
];

/// Children of grade 3 in four districts and in none: one who reads at level 2, an English learner who was not at the
/// camp, one with a portfolio of the end of May, one who reads at level 1.
fn state() -> Sandbox {
    let mut students = "student_unique_id,birth_date,district,portfolio_submitted,portfolio_at_level_2,us_school_entry,attended_summer_camp,portfolio_received\n".to_owned();
    let mut stays =
        "student_unique_id,school_id,entry_date,entry_grade_level,repeat_grade_indicator\n".to_owned();
    let mut about = "student_unique_id,education_organization_id,limited_english_proficiency\n".to_owned();
    let mut sittings = "assessment_identifier,namespace,student_unique_id,student_assessment_identifier,administration_date\n".to_owned();
    let mut scores = "assessment_identifier,namespace,student_unique_id,student_assessment_identifier,assessment_reporting_method,result\n".to_owned();
    for (place, district) in
        ["brackwater", "corbel_point", "tern_island", "elsewhere", ""].into_iter().enumerate()
    {
        for (kind, more, language, level) in [
            ("reader", "no,,,no,", "Not Limited", 2),
            ("learner", "no,,2023-01-09,no,", "Limited", 1),
            ("portfolio", "yes,yes,,no,2024-05-30", "Not Limited", 1),
            ("retained", "no,,,no,", "Not Limited", 1),
        ] {
            let id = format!("{kind}-{place}");
            let language = language.replace(' ', "");
            let _ = writeln!(students, "{id},2015-03-01,{district},{more}");
            let _ = writeln!(stays, "{id},s1,2023-08-14,03,no");
            let _ = writeln!(about, "{id},e1,{language}");
            let _ = writeln!(sittings, "state,example,{id},1,2024-05-06");
            let _ = writeln!(scores, "state,example,{id},1,Proficiency level,{level}");
        }
    }
    sandbox()
        .with("rubric.toml", "[project]\nname = \"state\"\n")
        .with("data/Student.csv", &students)
        .with("data/StudentSchoolAssociation.csv", &stays)
        .with("data/StudentEducationOrganizationAssociation.csv", &about)
        .with("data/StudentAssessment.csv", &sittings)
        .with("data/StudentAssessmentScoreResult.csv", &scores)
        .with(
            "data/Assessment.csv",
            "assessment_identifier,namespace,assessment_title,assessment_category,academic_subject,assessed_grade_level,alternative_reading_test\n\
             state,example,Reading,State summative assessment 3-8 general,English Language Arts,03,\n",
        )
        .with("data/LocalEducationAgency.csv", "local_education_agency_id,name_of_institution\nbrackwater,B\ncorbel_point,C\ntern_island,T\nelsewhere,E\n")
        .with("data/StudentSpecialEducationProgramAssociation.csv", "student_unique_id,education_organization_id,program_name,program_type,begin_date\n")
        .with(
            "data/StudentSection504ProgramAssociation.csv",
            "student_unique_id,education_organization_id,program_name,program_type,begin_date,section_504_eligibility\n",
        )
        .with("data/StudentReadingIntervention.csv", "student_unique_id,begin_date\n")
}

/// By student: the outcome and by what.
fn promotions(project: &Sandbox, policies: &[&str], more: &[&str]) -> BTreeMap<String, (String, String)> {
    let _ = std::fs::remove_dir_all(project.path().join("out"));
    let mut arguments = vec!["run", "florida.grade_3_promotion"];
    arguments.extend(policies);
    arguments.extend([
        "--data",
        "data",
        "--as-of",
        "2024-06-03",
        "--out",
        "out",
        "--format",
        "jsonl",
        "--quiet",
    ]);
    arguments.extend(more);
    let ran = project.run(&arguments);
    assert_eq!(ran.status, Some(0), "{ran}");
    let text = project.read("out/Student.jsonl");
    let row = |line: &str| {
        let row: Value = serde_json::from_str(line).unwrap();
        let word = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        (word("student_unique_id"), (word("promotion"), row["promotion.by"].to_string()))
    };
    text.lines().map(row).collect()
}

#[test]
fn only_the_students_of_a_district_change_and_both_engines_agree() {
    let project = state();
    let before = promotions(&project, &[], &[]);
    assert_eq!(before.len(), 20);
    let after = promotions(&project, &DISTRICTS, &[]);
    assert_eq!(after, promotions(&project, &DISTRICTS, &["--engine", "evaluator"]));
    let changed: BTreeMap<&String, (&str, &str)> = after
        .iter()
        .filter(|(student, result)| before.get(*student) != Some(result))
        .map(|(student, (outcome, by))| (student, (outcome.as_str(), by.as_str())))
        .collect();
    let expected = [
        ("learner-1", "retained", "no_summer_camp"),
        ("portfolio-2", "retained", "portfolio_too_late"),
        ("reader-0", "retained", "default"),
    ];
    assert_eq!(changed.len(), expected.len(), "{changed:?}");
    for (student, outcome, by) in expected {
        let found = changed[&student.to_owned()];
        assert!(found.0 == outcome && found.1.contains(by), "{student}: {found:?}");
    }
    // One district alone changes its own alone.
    let one = promotions(&project, &DISTRICTS[..1], &[]);
    let changed: Vec<&String> = one
        .iter()
        .filter(|(student, result)| before.get(*student) != Some(result))
        .map(|(it, _)| it)
        .collect();
    assert_eq!(changed, ["reader-0"]);
}

#[test]
fn an_explanation_says_whose_rule_decided() {
    let project = state();
    let told = |student: &str, format: &str| {
        let mut arguments = vec!["explain", DISTRICTS[1], student, "--data", "data", "--as-of", "2024-06-03"];
        arguments.extend(["--format", format]);
        let ran = project.run(&arguments);
        assert_eq!(ran.status, Some(0), "{ran}");
        ran.stdout
    };
    let text = told("learner-1", "full");
    assert!(text.contains("rule no_summer_camp: retained: decided"), "{text}");
    assert!(text.contains("by district \"corbel_point\""), "{text}");
    assert!(text.contains("by state \"Florida\""), "{text}");
    // What a district adds is not told of other children, nor by whom it is told where all is the state's.
    let text = told("learner-3", "full");
    assert!(!text.contains("no_summer_camp") && !text.contains("by state"), "{text}");
    let report: Value = serde_json::from_str(&told("learner-1", "json")).unwrap();
    let steps = report["explanations"][0]["steps"].as_array().unwrap();
    let layer = |rule: &str| {
        let step = steps.iter().find(|step| step["text"].as_str().unwrap().starts_with(rule)).unwrap();
        step["layer"].clone()
    };
    assert_eq!(
        layer("rule no_summer_camp"),
        serde_json::json!({ "authority": "district \"corbel_point\"", "policy": DISTRICTS[1] })
    );
    assert_eq!(
        layer("rule portfolio"),
        serde_json::json!({ "authority": "state \"Florida\"", "policy": "florida.grade_3_promotion" })
    );
}
