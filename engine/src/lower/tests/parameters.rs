//! Parameters.

use super::support::{bodies, report};

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
