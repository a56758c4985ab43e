//! A project from `rubric new` to its results: `test`, `run` and `explain`.

use std::process::Stdio;
use std::thread;
use std::time::Duration;

use insta::assert_snapshot;
use rubric_tests::{Ran, Sandbox, assert_fits};
use serde_json::Value;

use crate::sandbox;

const POLICY: &str = "policies/town/promotion.rubric";

/// A new project, to stand in.
fn project() -> Sandbox {
    let new = sandbox();
    assert_eq!(new.run(&["new", "town", "--quiet"]).status, Some(0));
    sandbox().with_folder(&new.path().join("town"))
}

fn replace(sandbox: &Sandbox, path: &str, right: &str, wrong: &str) {
    let text = sandbox.read(path);
    assert_eq!(text.matches(right).count(), 1, "{right}");
    sandbox.write(path, &text.replace(right, wrong));
}

fn run(sandbox: &Sandbox, more: &[&str]) -> Ran {
    let mut arguments = vec!["run", "--data", "sample", "--out", "results"];
    arguments.extend(more);
    sandbox.run(&arguments)
}

#[test]
fn a_new_project_checks_tests_runs_and_is_formatted() {
    let sandbox = sandbox();
    assert_snapshot!("new", sandbox.run(&["new", "town"]));
    assert_eq!(
        sandbox.files("town"),
        ["README.md", POLICY, "records/Result.csv", "records/Student.csv", "rubric.toml"]
    );
    let project = sandbox.path().join("town");
    for arguments in [&["check"][..], &["fmt", "--check"], &["test"]] {
        let mut command = sandbox.command();
        let status = command
            .args(arguments)
            .current_dir(&project)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert_eq!(status.unwrap().code(), Some(0), "{arguments:?}");
    }
    let again = sandbox.run(&["new", "town"]);
    assert_eq!(again.status, Some(2), "{again}");
    assert_snapshot!("new_with_a_bad_name", sandbox.run(&["new", "My Policies"]));
}

#[test]
fn tests_pass_and_what_none_exercises_is_said() {
    let project = project();
    assert_snapshot!("test", project.run(&["test", "--coverage"]));
    let text = project.read(POLICY);
    let without = text.split("test \"at the passing level").next().unwrap();
    project.write(POLICY, without);
    assert_snapshot!("coverage", project.run(&["test", "--coverage", "--quiet"]));
}

#[test]
fn a_failed_test_says_what_came_out() {
    let project = project();
    replace(
        &project,
        POLICY,
        "expect maria.promotion = promoted by reads_at_level",
        "expect maria.promotion = retained",
    );
    let ran = project.run(&["test", "--filter", "at the passing level"]);
    assert_snapshot!("failed_test", ran);
    let json = project.run(&["test", "--format", "json", "--coverage"]);
    assert_eq!(json.status, Some(1), "{json}");
    let report: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_fits(&report, include_str!("../../docs/schemas/test.schema.json"));
    assert_eq!((&report["passed"], &report["failed"]), (&Value::from(3), &Value::from(1)));
}

#[test]
fn a_run_writes_results_errors_and_a_report() {
    let project = project();
    assert_snapshot!("run", run(&project, &[]));
    assert_eq!(project.files("results"), ["Student.csv", "data-errors.csv", "run.json"]);
    assert_snapshot!("results", project.read("results/Student.csv"));
    assert_eq!(
        project.read("results/data-errors.csv"),
        "file,line,column,record,key,code,message,severity\n"
    );
    let report: Value = serde_json::from_str(&project.read("results/run.json")).unwrap();
    assert_fits(&report, include_str!("../../docs/schemas/run.schema.json"));
    assert_eq!(report["as_of"], "2024-06-01");
    assert_eq!(report["results"][0]["counts"]["retained"], 1, "{report:#}");
}

#[test]
fn facts_are_written_when_asked_for() {
    let project = project();
    assert_eq!(run(&project, &["--facts", "--format", "jsonl"]).status, Some(0));
    assert_snapshot!("results_with_facts", project.read("results/Student.jsonl"));
}

#[test]
fn results_do_not_depend_on_threads_and_nothing_old_stays() {
    let project = project().with("records/Student.csv", &students(5000));
    for format in ["csv", "jsonl", "parquet"] {
        let file = format!("results/Student.{format}");
        let bytes = |threads: &str| {
            assert_eq!(run(&project, &["--format", format, "--facts", "--threads", threads]).status, Some(0));
            std::fs::read(project.path().join(&file)).unwrap()
        };
        let one = bytes("1");
        for threads in ["2", "8"] {
            assert!(one == bytes(threads), "{format}: with {threads} threads, other results");
        }
        let lines = one.iter().filter(|byte| **byte == b'\n').count();
        assert!(format == "parquet" || lines >= 5000, "{format}: {lines}");
    }
    assert_eq!(run(&project, &[]).status, Some(0));
    assert_eq!(
        project.files("results"),
        ["Student.csv", "data-errors.csv", "run.json"],
        "the earlier results are gone"
    );
}

/// More rows than a row group has.
#[test]
fn row_groups_do_not_depend_on_threads() {
    let project = project().with("records/Student.csv", &students(70_000));
    let bytes = |threads: &str| {
        assert_eq!(run(&project, &["--format", "parquet", "--threads", threads]).status, Some(0));
        std::fs::read(project.path().join("results/Student.parquet")).unwrap()
    };
    assert!(bytes("1") == bytes("2"));
    let ran = project.run(&["data", "check", "--data", "results/Student.parquet"]);
    assert!(ran.stdout.contains("70000  results/Student.parquet"), "{ran}");
}

fn students(count: usize) -> String {
    let rows = (0..count)
        .map(|number| format!("S-{number:06},SY2023-24,03,{},2023-01-15\n", ["yes", "no"][number % 2]));
    "student_id,year,grade,english_learner,us_entry\n".to_owned() + &rows.collect::<String>()
}

#[test]
fn the_exit_status_says_what_fail_on_names() {
    let project = project();
    assert_eq!(run(&project, &[]).status, Some(0));
    assert_eq!(run(&project, &["--fail-on", "violated,conflict,data"]).status, Some(0));
    assert_eq!(run(&project, &["--fail-on", "undetermined"]).status, Some(1));
    replace(&project, "records/Student.csv", "S-1001,SY2023-24,03", "S-1001,SY2023-24,third");
    assert_eq!(run(&project, &["--fail-on", "data"]).status, Some(1));
}

#[test]
fn mistakes_in_records_are_reported_where_they_are() {
    let project = project();
    replace(&project, "records/Student.csv", "S-1001,SY2023-24,03,no,", "S-1001,SY2023-24,3rd,no,");
    replace(
        &project,
        "records/Student.csv",
        "S-1003,SY2023-24,03,yes,2023-01-15",
        "S-1003,SY2023-24,03,yes,2023-15-01",
    );
    replace(&project, "records/Result.csv", "R-3,S-1002", "R-3,S-9999");
    assert_snapshot!("run_with_data_errors", run(&project, &[]));
    let errors = project.read("results/data-errors.csv");
    assert_snapshot!("data_errors", errors);
    let messages: Vec<&str> =
        errors.lines().map(|line| line.rsplit_once(",SY2023-24").map_or("", |(_, rest)| rest)).collect();
    assert!(
        messages.iter().all(|message| !message.contains("S-1")),
        "private values stay out of messages: {messages:?}"
    );
    replace(&project, "records/Student.csv", "english_learner", "ell");
    assert_snapshot!("unknown_column", run(&project, &[]));
    assert_snapshot!("unknown_column_in_the_errors", project.read("results/data-errors.csv"));
}

#[test]
fn a_run_is_refused_with_one_reason() {
    let project = project();
    assert_snapshot!("no_such_data", project.run(&["run", "--data", "smaple", "--out", "results"]));
    assert_snapshot!("no_day", project.run(&["run", "--data", "records", "--out", "results"]));
    assert_snapshot!("bad_day", run(&project, &["--as-of", "06/01/2024"]));
    assert_snapshot!(
        "no_such_policy",
        project.run(&["run", "town.promotoin", "--data", "sample", "--out", "results"])
    );
    replace(&project, POLICY, "effective   from 2020-07-01", "effective   from 2010-07-01");
    assert_snapshot!("parameter_without_a_value", run(&project, &["--as-of", "2019-06-01"]));
    replace(&project, POLICY, "reading_level >=", "reading_lvel >=");
    assert_snapshot!("run_with_an_error_in_the_policy", run(&project, &[]));
    assert_eq!(project.files("results"), Vec::<String>::new());
}

#[test]
fn results_take_the_place_of_results_only() {
    let project = project().with("mine/Student.csv", "not a result\n");
    let to = |out: &str| project.run(&["run", "--data", "sample", "--out", out, "--quiet"]);
    let records = project.read("records/Student.csv");
    assert_snapshot!("out_is_the_records", to("records"));
    assert_eq!(to("policies/../records").status, Some(2));
    assert_eq!(project.read("records/Student.csv"), records);
    assert_snapshot!("out_holds_a_file_of_somebody", to("mine"));
    assert_eq!(project.read("mine/Student.csv"), "not a result\n");
    assert_eq!(
        (to("results").status, to("results").status),
        (Some(0), Some(0)),
        "its own results it replaces"
    );
}

#[test]
fn a_killed_run_leaves_no_partial_file_and_the_next_one_clears_up() {
    let project = project().with("records/Student.csv", &students(40_000));
    let mut child = project
        .command()
        .args(["run", "--data", "sample", "--out", "results", "--threads", "1"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // As soon as it has begun to write: the folder of results is there.
    while project.files("results").is_empty() && child.try_wait().unwrap().is_none() {
        thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let visible: Vec<String> =
        project.files("results").into_iter().filter(|file| !file.starts_with('.')).collect();
    assert!(
        visible.is_empty() || visible.iter().any(|file| file == "run.json"),
        "a partial result: {visible:?}"
    );
    assert_eq!(run(&project, &[]).status, Some(0));
    assert_eq!(project.files("results"), ["Student.csv", "data-errors.csv", "run.json"]);
}

#[test]
fn an_explanation_shows_the_way_to_the_result() {
    let project = project();
    let explain = |more: &[&str]| {
        let mut arguments = vec!["explain", "town.promotion"];
        arguments.extend(more);
        arguments.extend(["--data", "sample"]);
        project.run(&arguments)
    };
    let whole = explain(&["S-1003/SY2023-24"]);
    assert!(!whole.stdout.contains("S-1003"), "a private key is masked: {whole}");
    assert_snapshot!("explain", whole);
    assert_eq!(explain(&["S-1003/2023-24"]), whole, "`SY` need not be written");
    assert_snapshot!("explain_one_rule", explain(&["S-1003/SY2023-24", "reads_at_level", "--reveal"]));
    assert_snapshot!("explain_an_undetermined_result", explain(&["S-1004/SY2023-24"]));
    assert_snapshot!("explain_no_such_key", explain(&["S-1003/SY2022-23"]));
    assert_snapshot!("explain_nothing_private", explain(&["S-1008/SY2023-24"]));
    assert_snapshot!("explain_no_such_rule", explain(&["S-1003/SY2023-24", "reads_at_levl"]));
    let json = explain(&["S-1003/SY2023-24", "--format", "json"]);
    assert_eq!(json.status, Some(0), "{json}");
    let report: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_fits(&report, include_str!("../../docs/schemas/explain.schema.json"));
    assert_eq!(report["explanations"][0]["result"], "promoted_for_good_cause");
}

#[test]
fn two_policies_with_a_result_of_one_name_are_told_apart() {
    let project = project().with(
        "policies/town/second.rubric",
        "policy town.second { title \"Second\" cite \"x\" effective from 2020-07-01 school_year starts july 1 }\n\
         use town.promotion\n\
         decision promotion of Student { outcomes held in any order default held cite \"y\" }\n",
    );
    assert_eq!(project.run(&["check", "--quiet"]).to_string(), "status: 0\n");
    assert_eq!(run(&project, &[]).status, Some(0));
    let results = project.read("results/Student.csv");
    let header = results.lines().next().unwrap();
    assert_eq!(
        header,
        "student_id,year,town.promotion.promotion,town.promotion.promotion.by,town.promotion.promotion.needs,\
         town.second.promotion,town.second.promotion.by,town.second.promotion.needs"
    );
    assert_eq!(run(&project, &["--quiet"]).to_string(), "status: 0\n");
    let one = project.run(&["run", "town.second", "--data", "sample", "--out", "one"]);
    assert_eq!(one.status, Some(0), "{one}");
    assert!(
        project
            .read("one/Student.csv")
            .starts_with("student_id,year,promotion,promotion.by,promotion.needs\n")
    );
}

#[test]
fn inputs_are_set_for_the_whole_run() {
    let project = project().with(
        "policies/town/window.rubric",
        "policy town.window { title \"Window\" cite \"x\" }\n\
         use town.promotion\n\
         category Window { fall \"F\", spring \"S\" }\n\
         input window: Window\n\
         decision may_apply of Student { outcomes open, closed cite \"y\" default closed rule fall: open when window = fall }\n",
    );
    assert_eq!(project.run(&["check", "--quiet"]).to_string(), "status: 0\n");
    let outcome = |set: &[&str]| {
        let mut arguments = vec!["run", "town.window", "--data", "sample", "--out", "out", "--quiet"];
        arguments.extend(set);
        let ran = project.run(&arguments);
        assert_eq!(ran.status, Some(0), "{ran}");
        project
            .read("out/Student.csv")
            .lines()
            .nth(1)
            .unwrap()
            .rsplit("SY2023-24,")
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!(outcome(&["--set", "window=fall"]), "open,fall,");
    assert_eq!(outcome(&["--set", "window=S"]), "closed,default,");
    assert_snapshot!("input_with_a_bad_value", run(&project, &["--set", "window=summer"]));
    assert_snapshot!("input_that_is_not_there", run(&project, &["--set", "windw=fall"]));
    assert_snapshot!(
        "input_not_set",
        project.run(&["explain", "town.window", "S-1001/SY2023-24", "--data", "sample"])
    );
}

#[test]
fn of_a_record_that_was_not_supplied_nothing_is_written() {
    let project = project().with(
        "policies/town/staff.rubric",
        "policy town.staff { title \"Staff\" cite \"x\" }\n\
         record Teacher { key teacher_id: text certified: flag }\n\
         requirement certified of Teacher { cite \"y\" must certified }\n",
    );
    assert_snapshot!("record_not_supplied", run(&project, &[]));
    assert_eq!(project.files("results"), ["Student.csv", "data-errors.csv", "run.json"]);
    project.write("records/teachers.csv", "teacher_id,certified\nT-1,yes\nT-2,no\n");
    assert_eq!(run(&project, &["--fail-on", "violated"]).status, Some(1));
    assert_eq!(
        project.read("results/Teacher.csv"),
        "teacher_id,certified,certified.by,certified.needs\nT-1,met,,\nT-2,violated,must,\n"
    );
}

#[test]
fn a_shipped_policy_runs_by_name_without_a_project() {
    let folder = sandbox().with(
        "Credential.csv",
        "credential_identifier,state_of_issue,issuance_date,expiration_date\nC-1,TX,2020-01-01,2019-01-01\n",
    );
    let ran = folder.run(&[
        "run",
        "k12.data_quality",
        "--data",
        ".",
        "--as-of",
        "2024-06-01",
        "--out",
        "out",
        "--fail-on",
        "violated",
        "--quiet",
    ]);
    assert_eq!(ran.status, Some(1), "{ran}");
    assert!(
        folder.read("out/Credential.csv").contains("\nC-1,TX,violated,"),
        "{}",
        folder.read("out/Credential.csv")
    );
}

/// A project whose one decision reads an input.
fn with_input(set: &str) -> Sandbox {
    sandbox()
        .with(
            "policies/town/counts.rubric",
            "policy town.counts { title \"Counts\" cite \"c\" }\n\
             category Submission { fall_1, fall_2 }\n\
             input submission: Submission\n\
             record Student { key student_id: text }\n\
             decision counted of Student { outcomes yes_1, no_1\n\
               default no_1 cite \"c\"\n\
               rule first: yes_1 when submission = fall_1 cite \"c\" }\n",
        )
        .with("records/Student.csv", "student_id\ns1\n")
        .with(
            "rubric.toml",
            &format!(
                "[project]\nname = \"town\"\npolicies = [\"policies\"]\n[data.sample]\npath = \"records\"\nas_of = 2024-06-01\n{set}"
            ),
        )
}

#[test]
fn inputs_are_given_by_the_command_or_the_data_set() {
    let project = with_input("set = { submission = \"fall_2\" }\n");
    assert_eq!(run(&project, &["--quiet"]).status, Some(0));
    assert_eq!(project.read("results/Student.csv").lines().nth(1), Some("s1,no_1,default,"));
    assert_eq!(run(&project, &["--set", "submission=fall_1", "--quiet"]).status, Some(0));
    assert_eq!(project.read("results/Student.csv").lines().nth(1), Some("s1,yes_1,first,"));
    let report: Value = serde_json::from_str(&project.read("results/run.json")).unwrap();
    assert_fits(&report, include_str!("../../docs/schemas/run.schema.json"));
    assert_eq!(report["set"]["submission"], "fall_1");
}

#[test]
fn a_run_without_an_input_that_it_reads_is_refused() {
    // The records could not be read either: that they are not looked at shows in the message.
    let project = with_input("").with("records/Student.csv", "no such column\n");
    assert_snapshot!("input_not_given", run(&project, &[]));
    assert!(!project.path().join("results").exists(), "a refused run writes nothing");
}

#[test]
fn private_values_are_in_no_message() {
    let project = project();
    replace(&project, POLICY, "us_entry: date?", "us_entry: date? private");
    replace(
        &project,
        "records/Student.csv",
        "S-1004,SY2023-24,03,yes,",
        "S-1004,SY2023-24,03,yes,2022-31-12",
    );
    let ran = run(&project, &["--verbose"]);
    assert_eq!(ran.status, Some(0), "{ran}");
    let errors = project.read("results/data-errors.csv");
    assert!(errors.contains("••• / 2023-24,bad-date,"), "{errors}");
    let explained = project.run(&["explain", "town.promotion", "S-1003/SY2023-24", "--data", "sample"]);
    assert!(explained.stdout.contains("us_entry: •••"), "{explained}");
    for text in [&ran.stdout, &ran.stderr, &errors, &explained.stdout, &project.read("results/run.json")] {
        assert!(!text.contains("2022-31-12") && !text.contains("2023-01-15"), "{text}");
    }
    for text in [&ran.stdout, &ran.stderr, &errors, &explained.stdout] {
        assert!(!text.contains("S-100"), "{text}");
    }
    let revealed =
        project.run(&["explain", "town.promotion", "S-1003/SY2023-24", "--data", "sample", "--reveal"]);
    assert!(revealed.stdout.contains("us_entry: 2023-01-15"), "{revealed}");
}

#[test]
fn a_requirement_for_each_value_has_a_column_for_each() {
    let project = sandbox()
        .with(
            "policies/town/credits.rubric",
            "policy town.credits { title \"Credits\" cite \"c\" }\n\
             category Area { math, art }\n\
             record Student { key student_id: text math: count art: count }\n\
             requirement area_credits of Student for each Area as a {\n\
               cite \"c\" because \"too few in {a}\"\n\
               must enough: (if a = math then math else art) >= 2 }\n",
        )
        .with("records/Student.csv", "student_id,math,art\ns1,3,1\n")
        .with(
            "rubric.toml",
            "[project]\nname = \"town\"\n[data.sample]\npath = \"records\"\nas_of = 2024-06-01\n",
        );
    assert_eq!(run(&project, &["--quiet"]).status, Some(0));
    assert_snapshot!("results_for_each", project.read("results/Student.csv"));
    let report: Value = serde_json::from_str(&project.read("results/run.json")).unwrap();
    assert_fits(&report, include_str!("../../docs/schemas/run.schema.json"));
    let columns: Vec<&str> =
        report["results"].as_array().unwrap().iter().filter_map(|one| one["column"].as_str()).collect();
    assert_eq!(columns, ["area_credits(math)", "area_credits(art)"]);
    let explain = |rule: &[&str]| {
        let mut arguments = vec!["explain", "town.credits", "s1"];
        arguments.extend(rule);
        arguments.extend(["--data", "sample"]);
        project.run(&arguments)
    };
    assert_snapshot!("explain_one_of_each", explain(&["area_credits(art)"]));
    assert_eq!(explain(&["area_credits"]).stdout.matches("area_credits(").count(), 2);
}

#[test]
fn waivers_are_read_with_the_records() {
    let project = sandbox()
        .with(
            "policies/town/sections.rubric",
            "policy town.sections { title \"Sections\" cite \"c\" school_year starts july 1 }\n\
             record Section { key (section_id: text private, year: school_year) certified: flag students: count }\n\
             requirement teacher of Section { cite \"c\" waivable by \"commissioner\" must certified }\n\
             requirement strict of Section { cite \"c\" must students > 0 }\n\
             decision size of Section { outcomes small, large default small cite \"c\"\n\
               rule many: large when students > 30 cite \"c\" waivable by \"board\" }\n\
             waiver stated { target: size.many  key: \"D/SY2023-24\"  authority: \"board\"  from: 2024-01-01  reason: \"two rooms\" }\n",
        )
        .with(
            "records/Section.csv",
            "section_id,year,certified,students\nA,SY2023-24,no,40\nB,SY2023-24,no,10\nC,SY2023-24,yes,10\nD,SY2023-24,no,40\n",
        )
        .with(
            "records/waivers.csv",
            "target,key,authority,from,until,reason\n\
             teacher,A/2023-24,Commissioner,2024-01-01,,shortage\n\
             teacher,B/SY2023-24,commissioner,2023-01-01,2024-01-01,shortage\n\
             teacher,C/SY2023-24,commissioner,2024-01-01,2025-01-01,shortage\n\
             teacher,D/SY2023-24,principal,2024-01-01,,shortage\n\
             strict,D/SY2023-24,commissioner,2024-01-01,,shortage\n\
             taecher,D/SY2023-24,commissioner,2024-01-01,,shortage\n\
             teacher,X/SY2023-24,commissioner,2024-01-01,,shortage\n\
             teacher,D/SY2023-24,commissioner,2025-01-01,,shortage\n\
             town.sections.size.many,A/SY2023-24,board,2024-01-01,,halved\n",
        )
        .with("rubric.toml", "[project]\nname = \"town\"\n[data.sample]\npath = \"records\"\nas_of = 2024-06-01\n");
    assert_snapshot!("run_with_waivers", run(&project, &[]));
    assert_snapshot!("results_with_waivers", project.read("results/Section.csv"));
    assert_snapshot!("errors_of_waivers", project.read("results/data-errors.csv"));
    let report: Value = serde_json::from_str(&project.read("results/run.json")).unwrap();
    assert_fits(&report, include_str!("../../docs/schemas/run.schema.json"));
    assert_snapshot!(
        "explain_a_waiver",
        project.run(&["explain", "town.sections", "A/SY2023-24", "--data", "sample", "--reveal"])
    );
}
