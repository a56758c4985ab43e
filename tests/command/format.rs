//! `rubric fmt`.

use crate::sandbox;

const UGLY: &str = "policy a.b{title   \"T\"}\n";

#[test]
fn what_is_formatted_stays_as_it_is() {
    let sandbox = sandbox().with("a/b.rubric", UGLY);
    assert_eq!(sandbox.run(&["fmt", "--check"]).status, Some(1));
    assert_eq!(sandbox.read("a/b.rubric"), UGLY, "--check writes nothing");
    let ran = sandbox.run(&["fmt"]);
    assert_eq!(ran.status, Some(0), "{ran}");
    assert_ne!(sandbox.read("a/b.rubric"), UGLY);
    assert_eq!(sandbox.run(&["fmt", "--check"]).status, Some(0));
    assert_eq!(sandbox.files(""), ["a/b.rubric"], "nothing is left beside it");
}

#[test]
fn a_check_shows_the_difference() {
    let ran = sandbox().with("a/b.rubric", UGLY).run(&["fmt", "--check"]);
    for line in ["--- a/b.rubric\n", "+++ a/b.rubric (formatted)\n", "-policy a.b{title   \"T\"}\n"] {
        assert!(ran.stdout.contains(line), "{ran}");
    }
}

#[test]
fn standard_input_goes_to_standard_output() {
    let ran = sandbox().run_with_input(&["fmt", "-"], UGLY);
    assert_eq!(ran.status, Some(0), "{ran}");
    assert!(ran.stdout.starts_with("policy a.b {"), "{ran}");
    assert_eq!(sandbox().run_with_input(&["fmt", "-", "--check"], UGLY).status, Some(1));
    assert_eq!(sandbox().run_with_input(&["fmt", "-", "--check"], &ran.stdout).status, Some(0));
}

#[test]
fn a_file_that_is_not_there_exits_with_two() {
    let ran = sandbox().run(&["fmt", "nothing.rubric"]);
    assert_eq!(ran.status, Some(2), "{ran}");
    assert!(ran.stderr.contains("cannot read `nothing.rubric`: there is no such file or folder"), "{ran}");
}
