//! Amounts in the results of a run: columns, totals, and why.

use insta::assert_snapshot;
use rubric_tests::{Sandbox, assert_fits};
use serde_json::Value;

use crate::sandbox;

const POLICY: &str = r#"policy aid {
  title "Aid"
  cite  "§ 1"
}

record District {
  key district_id: text
  pupils: count
  rate: money
  share: percent
  open: flag
  offices: many Office
}

record Office {
  key office_id: text
  district: District
  weight: number
}

amount aid of District where open {
  rounded down to dollars
  line base = rate * pupils
    cite "(a)"
  line extra = share * rate
    when pupils >= 10
    cite "(b)"
}

amount part of Office =
  apportion district.rate over district.offices by weight to cents
  cite "(c)"
"#;

const DISTRICTS: &str = "district_id,pupils,rate,share,open\n\
                         d1,10,100.50,0.125,yes\n\
                         d2,3,7,0.5,yes\n\
                         d3,,20,0.5,yes\n\
                         d4,4,20,0.5,no\n";

const OFFICES: &str = "office_id,district,weight\no1,d1,1\no2,d1,1\no3,d1,1\no4,d2,0\n";

fn project() -> Sandbox {
    let project = sandbox();
    project.write("aid.rubric", POLICY);
    project.write(
        "rubric.toml",
        "[data.sample]\npath = \"records\"\n\n[data.sample.District]\npercent = { share = \"fraction\" }\n",
    );
    project.write("records/District.csv", DISTRICTS);
    project.write("records/Office.csv", OFFICES);
    project
}

const RUN: [&str; 7] = ["run", "--data", "sample", "--out", "results", "--as-of", "2024-09-01"];

#[test]
fn a_run_writes_lines_and_totals() {
    let project = project();
    assert_snapshot!("run_with_amounts", project.run(&RUN));
    assert_snapshot!("district_amounts", project.read("results/District.csv"));
    assert_snapshot!("office_amounts", project.read("results/Office.csv"));
    let report: Value = serde_json::from_str(&project.read("results/run.json")).unwrap();
    assert_fits(&report, include_str!("../../docs/schemas/run.schema.json"));
    assert_snapshot!("totals", serde_json::to_string_pretty(report.get("results").unwrap()).unwrap());
}

#[test]
fn private_lines_are_not_reckoned_back_from_the_total() {
    let project = project();
    project.write("aid.rubric", &POLICY.replace("rate: money", "rate: money private"));
    let explain = |more: &[&str]| {
        let asked = ["explain", "aid", "d2", "aid", "--data", "sample", "--as-of", "2024-09-01"];
        project.run(&[&asked[..], more].concat()).stdout
    };
    let masked = explain(&[]);
    assert!(masked.contains("aid of District d2: •••") && !masked.contains("$21"), "{masked}");
    assert!(explain(&["--reveal"]).contains("aid of District d2: $21"));
}

#[test]
fn an_explanation_says_what_each_line_comes_to() {
    let project = project();
    let explain =
        |key: &str| project.run(&["explain", "aid", key, "--data", "sample", "--as-of", "2024-09-01"]);
    assert_snapshot!("explained_amount", explain("d1"));
    assert_snapshot!("explained_amount_that_is_open", explain("d3"));
    assert_snapshot!("explained_share", explain("o1"));
}

#[test]
fn every_format_holds_the_same_amounts() {
    let project = project();
    let run = |format: &str| {
        let ran = project.run(&[&RUN[..], &["--format", format, "--quiet"]].concat());
        assert_eq!(ran.status, Some(0), "{ran}");
    };
    run("jsonl");
    for line in project.read("results/District.jsonl").lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_fits(&line, include_str!("../../docs/schemas/result-line.schema.json"));
    }
    run("parquet");
    assert_eq!(
        project.files("results"),
        ["District.parquet", "Office.parquet", "data-errors.csv", "run.json"]
    );
    // What was written is read again by another policy, and written as text.
    project.write(
        "again/again.rubric",
        "policy again { title \"Again\" cite \"§ 1\" }\n\
         record Paid { key district_id: text aid: money? state: text base: text? base_state: text extra: text? needs: text? }\n\
         amount all of Paid { line paid = aid }\n\
         define base_again of Paid: text? = base\ndefine extra_again of Paid: text? = extra\n\
         define status of Paid: text = state\ndefine base_status of Paid: text = base_state\n\
         define needed of Paid: text? = needs\n",
    );
    project.write(
        "again/rubric.toml",
        "[data.back]\npath = \"../results\"\nformat = \"parquet\"\n[data.back.Paid]\nfile = \"District.parquet\"\n\
         columns = { state = \"aid.status\", base = \"aid.base\", base_state = \"aid.base.status\", \
         extra = \"aid.extra\", needs = \"aid.needs\" }\n",
    );
    let ran = project.run(&[
        "run",
        "--project",
        "again",
        "--data",
        "back",
        "--out",
        "back",
        "--as-of",
        "2024-09-01",
        "--facts",
    ]);
    assert_eq!(ran.status, Some(0), "{ran}");
    assert_snapshot!("amounts_read_again", project.read("back/Paid.csv"));
}
