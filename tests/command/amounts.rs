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
