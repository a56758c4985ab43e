fn main() {
    for p in std::env::args().skip(1) {
        let t = std::fs::read_to_string(&p).unwrap();
        let r = rubric_grammar::parse(&t);
        println!("{p}: {} items, {} comments", r.file.items.len(), r.comments.len());
        for e in &r.errors {
            let line = t[..e.span.start as usize].lines().count();
            println!(
                "  {}:{} [{}] {} @{:?} help={:?} fix={:?}",
                line,
                e.span.start,
                e.code,
                e.message,
                t.get(e.span.start as usize..(e.span.end as usize).min(e.span.start as usize + 30)),
                e.help,
                e.fix
            );
            for r in &e.related {
                println!("     related {:?}", r);
            }
        }
        if std::env::var("TREE").is_ok() {
            println!("{:#?}", r.file);
        }
    }
}
