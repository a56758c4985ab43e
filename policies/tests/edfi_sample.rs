//! The shipped preset and vocabulary on a whole Ed-Fi sample district, where a copy of it lies beside the project.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests fail by panicking"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rubric_engine::data::{Cell, DataSet, DataSource, Dataset, Format, PresetText, Severity, read};
use rubric_engine::db::Database;
use rubric_engine::evaluate::{Evaluator, Options};
use rubric_engine::plan::{Plan, RequirementId};
use rubric_engine::value::{Date, Value};
use rubric_policies::{FILES, text};

fn sample() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/edfi-data-standard");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: there is no {}", folder.display());
    None
}

/// Read once for all tests.
fn read_sample() -> Option<&'static (Arc<Plan>, Dataset)> {
    static SAMPLE: OnceLock<Option<(Arc<Plan>, Dataset)>> = OnceLock::new();
    SAMPLE.get_or_init(|| sample().map(read_folder)).as_ref()
}

fn read_folder(path: PathBuf) -> (Arc<Plan>, Dataset) {
    let mut database = Database::default();
    for (path, text) in FILES {
        database.set_text(path, Some(text));
    }
    let plan = database.plan();
    let source = DataSource {
        path,
        shown: "sample".to_owned(),
        set: DataSet { format: Format::EdfiXml, ..DataSet::default() },
        preset: Some(PresetText {
            name: "edfi-xml.toml".to_owned(),
            text: text("presets/edfi-xml.toml").unwrap().to_owned(),
        }),
    };
    let dataset = read(&plan.symbols, &source).unwrap();
    (plan, dataset)
}

/// Counted in the files by another program.
const ROWS: &[(&str, u32)] = &[
    ("AccountabilityRating", 4),
    ("Assessment", 5),
    ("AssessmentItem", 25),
    ("AssessmentItemLearningStandard", 25),
    ("AssessmentPerformanceLevel", 16),
    ("AssessmentScore", 11),
    ("BellSchedule", 3),
    ("BellScheduleClassPeriod", 21),
    ("Calendar", 1),
    ("CalendarDate", 2),
    ("CalendarDateEvent", 2),
    ("ClassPeriod", 21),
    ("ClassPeriodMeetingTime", 22),
    ("Course", 84),
    ("CourseLearningStandard", 38),
    ("CourseLevelCharacteristic", 84),
    ("CourseOffering", 169),
    ("Credential", 56),
    ("CredentialAcademicSubject", 1),
    ("CredentialGradeLevel", 54),
    ("EducationOrganization", 9),
    ("EducationOrganizationAddress", 10),
    ("EducationOrganizationIndicator", 3),
    ("EducationServiceCenter", 1),
    ("GeneralStudentProgramAssociation", 706),
    ("GradebookEntry", 10),
    ("GradingPeriod", 18),
    ("LocalEducationAgency", 1),
    ("Location", 56),
    ("ObjectiveAssessment", 32),
    ("ObjectiveAssessmentLearningStandard", 20),
    ("ObjectiveAssessmentPerformanceLevel", 60),
    ("Program", 25),
    ("ProgramProgramSponsor", 25),
    ("School", 3),
    ("SchoolGradeLevel", 12),
    ("Section", 532),
    ("SectionClassPeriod", 533),
    ("Session", 6),
    ("SessionGradingPeriod", 18),
    ("Staff", 68),
    ("StaffCredential", 56),
    ("StaffEducationOrganizationAssignmentAssociation", 69),
    ("StaffEducationOrganizationEmploymentAssociation", 68),
    ("StaffLeave", 37),
    ("StaffRace", 68),
    ("StaffSchoolAcademicSubject", 116),
    ("StaffSchoolAssociation", 56),
    ("StaffSchoolGradeLevel", 159),
    ("StaffSectionAssociation", 528),
    ("Student", 960),
    ("StudentAssessment", 93),
    ("StudentAssessmentItem", 500),
    ("StudentAssessmentPerformanceLevel", 70),
    ("StudentAssessmentScoreResult", 217),
    ("StudentCTEProgramAssociation", 64),
    ("StudentCTEProgramService", 4),
    ("StudentGradebookEntry", 250),
    ("StudentHomelessProgramAssociation", 11),
    ("StudentLanguageInstructionProgramAssociation", 38),
    ("StudentMigrantEducationProgramAssociation", 275),
    ("StudentNeglectedOrDelinquentProgramAssociation", 8),
    ("StudentNeglectedOrDelinquentProgramService", 9),
    ("StudentObjectiveAssessment", 400),
    ("StudentObjectiveAssessmentPerformanceLevel", 160),
    ("StudentObjectiveAssessmentScoreResult", 400),
    ("StudentProgramAssociation", 126),
    ("StudentSchoolAttendanceEvent", 1917),
    ("StudentSchoolFoodServiceProgramAssociation", 82),
    ("StudentSchoolFoodServiceProgramService", 82),
    ("StudentSection504ProgramAssociation", 3),
    ("StudentSpecialEducationDisability", 21),
    ("StudentSpecialEducationProgramAssociation", 97),
    ("StudentSpecialEducationService", 2),
    ("StudentSpecialEducationServiceProvider", 2),
    ("StudentTitleIPartAProgramAssociation", 2),
];

#[test]
fn every_row_of_the_sample_is_read() {
    let Some((plan, dataset)) = read_sample() else { return };
    let mut found: BTreeMap<&str, u32> = BTreeMap::new();
    for (record, table) in plan.symbols.records.iter().zip(&dataset.tables) {
        if let Some(table) = table {
            found.insert(&record.name, table.len());
        }
    }
    let found: Vec<(&str, u32)> = found.into_iter().collect();
    assert_eq!(found, ROWS);
}

/// One course offering is in the file twice, and the assessments named SAT are not in it at all. Ed-Fi does not say who
/// is in the room, which a shipped policy asks.
#[test]
fn only_what_is_wrong_with_the_sample_is_reported() {
    let Some((plan, dataset)) = read_sample() else { return };
    let mut said: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for error in dataset.errors.iter().filter(|error| error.severity != Severity::Information) {
        let record =
            error.record.and_then(|record| plan.symbols.record(record)).map_or("", |record| &record.name);
        *said.entry((error.code, record)).or_default() += 1;
    }
    let said: Vec<((&str, &str), u32)> = said.into_iter().collect();
    assert_eq!(
        said,
        [
            (("dangling-key", "StudentAssessment"), 39),
            (("duplicate-key", "CourseOffering"), 1),
            (("missing-path", "StaffSectionAssociation"), 1)
        ]
    );
}

#[test]
fn no_cell_of_the_sample_is_unreadable() {
    let Some((plan, dataset)) = read_sample() else { return };
    for (record, table) in plan.symbols.records.iter().zip(&dataset.tables) {
        let Some(table) = table else { continue };
        for row in 0..table.len() {
            for field in 0..u32::try_from(record.fields.len()).unwrap() {
                assert_ne!(*table.cell(row, field), Cell::Unreadable, "{} {row} {field}", record.name);
            }
        }
    }
}

fn verdicts(plan: &Plan, dataset: &Dataset, requirement: &str) -> BTreeMap<String, u32> {
    let position = plan.symbols.requirements.iter().position(|found| found.name == requirement).unwrap();
    let record = plan.symbols.requirements[position].of;
    let id = RequirementId(u32::try_from(position).unwrap());
    let evaluator = Evaluator::new(plan, dataset, Date::new(2022, 6, 1).unwrap(), Options::default());
    let mut found = BTreeMap::new();
    for row in 0..dataset.table(record).unwrap().len() {
        let status = evaluator.requirement(id, row).status;
        *found.entry(format!("{status:?}")).or_default() += 1;
    }
    found
}

#[test]
fn the_requirements_find_what_another_program_found() {
    let Some((plan, dataset)) = read_sample() else { return };
    for (requirement, expected) in [
        ("credential_dates", [("Met", 54), ("Violated", 2)].as_slice()),
        ("credential_in_force", &[("Met", 354), ("Violated", 174)]),
        ("session_dates", &[("Met", 6)]),
        ("section_staff_dates", &[("Met", 528)]),
        ("program_dates", &[("Met", 706)]),
        ("attendance_inside_session", &[("Met", 1917)]),
    ] {
        let expected: BTreeMap<String, u32> =
            expected.iter().map(|(status, count)| ((*status).to_owned(), *count)).collect();
        assert_eq!(verdicts(plan, dataset, requirement), expected, "{requirement}");
    }
}

#[test]
fn references_of_the_sample_lead_to_their_rows() {
    let Some((plan, dataset)) = read_sample() else { return };
    let symbols = &plan.symbols;
    let row = |record: &str, field: &str, row: u32| {
        let id = symbols.record_named(record).unwrap();
        let position =
            symbols.record(id).unwrap().fields.iter().position(|found| found.name == field).unwrap();
        dataset.table(id).unwrap().cell(row, u32::try_from(position).unwrap()).clone()
    };
    let target = |cell: Cell| match cell {
        Cell::Known(Value::Reference(reference)) => reference.row.unwrap(),
        other => panic!("{other:?}"),
    };
    // Of the first row: staff 207244 teaches a section at the high school of the district.
    let section = target(row("StaffSectionAssociation", "section", 0));
    let school = target(row("Section", "school", section));
    let district = target(row("School", "local_education_agency", school));
    assert_eq!(
        row("LocalEducationAgency", "name_of_institution", district),
        Cell::Known(Value::Text("Grand Bend ISD".into()))
    );
    let center = target(row("LocalEducationAgency", "education_service_center", district));
    assert_eq!(
        row("EducationServiceCenter", "education_service_center_id", center),
        Cell::Known(Value::Text("255950".into()))
    );
    let period = target(row("SessionGradingPeriod", "grading_period", 0));
    assert_eq!(row("GradingPeriod", "school_year", period), Cell::Known(Value::SchoolYear(2021)));
}
