//! Help, completions, manual pages, wrong usage.

use crate::sandbox;

#[test]
fn wrong_usage_exits_with_two() {
    for arguments in
        [vec!["chek"], vec![], vec!["check", "--format", "xml"], vec!["run", "--out", "x"], vec!["explain"]]
    {
        let ran = sandbox().run(&arguments);
        assert_eq!(ran.status, Some(2), "{arguments:?}: {ran}");
        assert!(!ran.stderr.is_empty() && ran.stdout.is_empty(), "{arguments:?}: {ran}");
    }
    assert!(sandbox().run(&["chek"]).stderr.contains("'check'"), "it is said what was meant");
}

#[test]
fn every_subcommand_has_help_with_an_example() {
    let help = sandbox().run(&["--help"]);
    assert_eq!(help.status, Some(0));
    for subcommand in
        ["check", "test", "run", "explain", "diff", "data", "fmt", "new", "lsp", "completions", "man"]
    {
        assert!(help.stdout.contains(&format!("  {subcommand} ")), "{subcommand} is not in the help");
        let help = sandbox().run(&[subcommand, "--help"]);
        assert_eq!(help.status, Some(0));
        assert!(help.stdout.contains(&format!("rubric {subcommand}")), "{help}");
    }
}

#[test]
fn completions_name_every_subcommand() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = sandbox().run(&["completions", shell]);
        assert_eq!(ran.status, Some(0), "{ran}");
        for word in ["check", "explain", "fmt"] {
            assert!(ran.stdout.contains(word), "{shell} lacks {word}");
        }
    }
}

#[test]
fn manual_pages_are_written() {
    let sandbox = sandbox();
    let ran = sandbox.run(&["man", "pages"]);
    assert_eq!(ran.status, Some(0), "{ran}");
    let pages = sandbox.files("pages");
    for page in ["rubric.1", "rubric-check.1", "rubric-run.1"] {
        assert!(pages.iter().any(|found| found == page), "{page} is not among {pages:?}");
    }
    assert!(sandbox.read("pages/rubric-check.1").contains("Find what is wrong in policies"));
}
