//! The commands that the server runs and the lenses it shows name: the one list of them.
//!
//! | command | arguments | result |
//! |---|---|---|
//! | `rubric.runTest` | `uri`, title of the test | `{ passed, failed, tests: [{ title, passed, failures: [{ line, message, notes }] }] }` |
//! | `rubric.runAllTests` | `uri`, or nothing for every file | the same |
//! | `rubric.explain` | `uri`, title of the test | `{ title, markdown }`: a virtual document to be shown |
//! | `rubric.showCheck` | code of a check | `{ title, markdown }`: its page of the manual |
//! | `rubric.showSample` | `uri`, name of a result | `{ title, markdown }`: what the sample records come to |
//! | `rubric.showFlips` | `uri`, name of a result | `{ title, markdown }`: the records that come out otherwise than by the policies on disk |
//! | `rubric.showLocations` | `uri`, position, locations | runs in the *client*: shows the locations, as for references |
//!
//! Lines are counted from 0. A test that passes or fails is also told by `window/showMessage`.

/// Runs one test of a file.
pub const RUN_TEST: &str = "rubric.runTest";
/// Runs every test of a file, or of the workspace.
pub const RUN_ALL_TESTS: &str = "rubric.runAllTests";
/// Explains what a test's expectations come to, as Markdown.
pub const EXPLAIN: &str = "rubric.explain";
/// Shows the manual page of a check, as Markdown.
pub const SHOW_CHECK: &str = "rubric.showCheck";
/// Shows what the sample records come to, as Markdown.
pub const SHOW_SAMPLE: &str = "rubric.showSample";
/// Shows the sample records that come out otherwise than by the policies on disk, as Markdown.
pub const SHOW_FLIPS: &str = "rubric.showFlips";
/// Shows places; runs in the client.
pub const SHOW_LOCATIONS: &str = "rubric.showLocations";

/// The commands that the server runs.
pub const SERVER: [&str; 6] = [RUN_TEST, RUN_ALL_TESTS, EXPLAIN, SHOW_CHECK, SHOW_SAMPLE, SHOW_FLIPS];
