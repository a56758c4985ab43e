//! Compiles the generated parser and its scanner.

fn main() {
    for file in ["src/parser.c", "src/scanner.c", "src/tree_sitter/parser.h"] {
        println!("cargo:rerun-if-changed={file}");
    }
    cc::Build::new()
        .include("src")
        .std("c11")
        .warnings(false)
        .file("src/parser.c")
        .file("src/scanner.c")
        .compile("tree-sitter-rubric");
}
