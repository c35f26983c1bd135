//! The border that cannot write holds at compile time: each file of `tests/compile-fail` must not compile, for the
//! reason beside it. With `TRYBUILD=overwrite` the reasons are written anew.

#[test]
fn what_plans_cannot_write() {
    trybuild::TestCases::new().compile_fail("tests/compile-fail/*.rs");
}
