//! What the documents list is what there is.

const ARCHITECTURE: &str = include_str!("../../docs/architecture.md");

#[test]
fn every_module_is_explained() {
    let modules = include_str!("../../src/lib.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    assert_listed(modules);
}

#[test]
fn every_table_of_the_run_file_is_explained() {
    let tables = include_str!("../../src/runfile/schema.sql")
        .lines()
        .filter_map(|line| line.strip_prefix("CREATE TABLE ")?.split_once(' '))
        .map(|(name, _)| name);
    assert_listed(tables);
}

/// The names begin rows of a table, in this order.
fn assert_listed<'a>(names: impl Iterator<Item = &'a str>) {
    let mut behind = 0;
    for name in names {
        let row = format!("\n| `{name}` |");
        match ARCHITECTURE[behind..].find(&row) {
            Some(at) => behind += at + row.len(),
            None => panic!("docs/architecture.md has no row for `{name}`, or not in its place"),
        }
    }
    assert!(behind > 0, "there is nothing to list");
}
