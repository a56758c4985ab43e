//! Parameters.

use rubric_grammar::ast::{ItemKind, ParameterValue};

use super::support::{Workspace, bodies, report};
use crate::diagnostic::FileId;
use crate::lower::{self, Context};
use crate::plan::{ParameterId, PolicyId};

#[test]
fn parameters_hold_constants_by_key_and_date() {
    let text = "
        category Tier { paid, reduced }
        parameter level: count { from 2014-07-01: 2  from 2016-07-01 through 2017-06-30: 3 }
        parameter rate by Mode, Tier: money {
          from 2024-07-01 {
                         paid    reduced
            online_lab:  $0.42   $4.03
            classroom:   $0.68   $6.69
          }
          from 2024-07-01 until 2025-07-01 { otherwise: $4.43 }
        }
        parameter share by Grade: percent { from 2020-01-01 { G1: 25%  G2: 0  otherwise: 12.5% } }
        parameter pair by Mode, Tier: number { from 2020-01-01 { online_lab, paid: -1  classroom, reduced: 2.5 } }
        parameter pilots: set of Mode { from 2023-07-01: online_lab, classroom  from 2025-07-01: online_lab }
        parameter one: set of Mode { from 2023-07-01: classroom }
        parameter span: months { from 2020-01-01: 2 years }
        parameter floor: Grade { from 2020-01-01: G1 }
        parameter day: date { from 2020-01-01: 2020-02-29 }
    ";
    insta::assert_snapshot!(bodies(text));
}

#[test]
fn mistakes_in_parameters() {
    let cases = [
        "parameter p: count { from 2020-01-01: 2.5 }",
        "parameter p: count { from 2020-01-01: $3 }",
        "parameter p: money { from 2020-01-01: 3 }",
        "parameter p: percent { from 2020-01-01: 25 }",
        "parameter p: days { from 2020-01-01: 30 }",
        "parameter p: days { from 2020-01-01: 2 months }",
        "parameter p: Grade { from 2020-01-01: G9 }",
        "parameter p: count { from 2020-02-30: 1 }",
        "parameter p: count { from 2020-01-01 until 2019-01-01: 1 }",
        "parameter p by Grade: count { from 2020-01-01: 1 }",
        "parameter p: count { from 2020-01-01 { G1: 1 } }",
        "parameter p by Grade: count { from 2020-01-01 { G1: 1 G11: 2 } }",
        "parameter p by Grade: count { from 2020-01-01 { G1: 1 G1: 2 } }",
        "parameter p by Grade: count { from 2020-01-01 { G1: 1 2 } }",
        "parameter p by Mode, Grade: count { from 2020-01-01 { KG G1  online_lab: 1 2  classroom: 1 } }",
        "parameter p by Mode, Grade: count { from 2020-01-01 { KG KG  online_lab: 1 2 } }",
        "parameter p by Mode, Grade: count { from 2020-01-01 { KG G7  online_lab: 1 2 } }",
        "parameter p by Mode, Grade: count { from 2020-01-01 { online_lab: 1 } }",
        "parameter p by Grade: count { from 2020-01-01 { otherwise: 1 otherwise: 2 } }",
        "parameter p: set of Mode { from 2020-01-01: online_lab, clasroom }",
        "parameter p by Grade: money { from 2020-01-01 { G1: $1 G2: 2 } }",
    ];
    let mut all = String::new();
    for text in cases {
        let report = report(text);
        assert_ne!(report, "", "{text}");
        all.push_str(&format!("{text}\n{report}\n"));
    }
    insta::assert_snapshot!(all);
}

/// The label of the one row of a parameter by school year, as written, and what it is as a key.
fn key_of_year(label: &str) -> Result<i64, String> {
    let workspace = Workspace::new(&[(
        "test.rubric".to_owned(),
        "policy test { title \"T\" }\nparameter p by school_year: money { from 2020-01-01 { year: $1 } }\n"
            .to_owned(),
    )]);
    let mut item = workspace.files[0][1].clone();
    let ItemKind::Parameter(parameter) = &mut item.kind else { panic!("no parameter") };
    let ParameterValue::Table(table) = &mut parameter.entries[0].value else { panic!("no table") };
    table.rows[0].labels[0].text = label.to_owned();
    let cx = Context { symbols: &workspace.symbols, policy: PolicyId(0), file: FileId(0), item: 1 };
    let lowered = lower::parameter(&cx, ParameterId(0), parameter);
    match lowered.body {
        Some(body) => Ok(body.rows[0].cells.keys().next().unwrap()[0]),
        None => Err(lowered.diagnostics[0].message.clone()),
    }
}

#[test]
fn the_key_of_a_school_year_is_the_year_in_which_it_starts() {
    assert_eq!(key_of_year("SY2024-25"), Ok(2024));
    assert_eq!(key_of_year("SY1999-00"), Ok(1999));
    assert_eq!(key_of_year("SY2024-26"), Err("`SY2024-26` is not a school year".to_owned()));
    assert_eq!(key_of_year("fall"), Err("`fall` is not a school year".to_owned()));
}
